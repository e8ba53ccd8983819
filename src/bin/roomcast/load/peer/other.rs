//! Servers that Roomcast is compared with: an address to connect to, an address to post to.
//!
//! They exist for `scripts/bench`. Nothing is signed, and the publishers number the updates:
//! `publisher * 10^9 + k`, with `k` counted per room, from 1.

use std::fmt::Write as _;

use roomcast::protocol::ids::SessionId;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use super::super::tally::COUNTERS_PER_PUBLISHER;
use super::{Accepted, Composed, Post};

/// Bytes of an update beside the padding.
const OVERHEAD: usize = 40;

/// Where a server is. Both hold `{room}`, where the room is to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// Of the WebSocket.
    pub(crate) socket: String,
    /// Of the posts.
    pub(crate) posts: String,
}

impl Addresses {
    /// The upgrade that watches `room`.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub(crate) fn upgrade(&self, room: &SessionId) -> Result<Request, String> {
        let address = self.socket.replace("{room}", room.as_str());
        address.into_client_request().map_err(|error| error.to_string())
    }

    /// The request that publishes `post`: one object, or an array of several.
    pub(crate) fn compose(&self, post: &Post<'_>) -> Composed {
        let padding = ".".repeat(post.payload.saturating_sub(OVERHEAD));
        let base = u64::try_from(post.publisher).unwrap_or(0) * COUNTERS_PER_PUBLISHER;
        let mut body = String::new();
        for number in post.first..post.first + post.events {
            let comma = if number == post.first { "" } else { "," };
            let n = base + number;
            // Writing to a string does not fail.
            let _ = write!(body, r#"{comma}{{"n":{n},"text":"t={} {padding}"}}"#, post.sent_us);
        }
        if post.events > 1 {
            body = format!("[{body}]");
        }
        Composed { url: self.posts.replace("{room}", post.room.as_str()), headers: vec![], body }
    }
}

/// Whoever answers that all is well has taken all of it.
pub(crate) fn accepted(post: &Post<'_>) -> Accepted {
    let head = (post.first + post.events).saturating_sub(1);
    Accepted { events: post.events, lane: post.publisher, head }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_number_their_updates() {
        let addresses = Addresses {
            socket: "ws://a.test/{room}".to_owned(),
            posts: "http://a.test/{room}/post".to_owned(),
        };
        let room = "r".parse().unwrap();
        let mut post =
            Post { room: &room, publisher: 2, first: 5, events: 1, sent_us: 77, payload: 43 };
        let one = addresses.compose(&post);
        assert_eq!(one.url, "http://a.test/r/post");
        assert_eq!(one.body, r#"{"n":2000000005,"text":"t=77 ..."}"#);
        post.events = 2;
        let two = addresses.compose(&post).body;
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&two).unwrap().len(), 2);
        assert_eq!(accepted(&post), Accepted { events: 2, lane: 2, head: 6 });
        assert_eq!(addresses.upgrade(&room).unwrap().uri(), "ws://a.test/r");
    }
}
