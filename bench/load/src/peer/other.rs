//! Servers that Roomcast is compared with: each has an address to connect to and an address to post to.
//!
//! They exist for `scripts/bench`. Nothing is signed, and the publishers number the updates:
//! `publisher * 10^9 + k`, with `k` counted per room, from 1.

use std::fmt::Write as _;

use reqwest::header::CONTENT_TYPE;
use reqwest::Url;
use roomcast::deployment::failure::Failure;
use roomcast::protocol::ids::SessionId;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::events::{digits, left};
use super::exchange::{named, Accepted, Composed, Post};
use crate::options::LoadOptions;
use crate::tally::COUNTERS_PER_PUBLISHER;

/// An update without the values that differ.
const UPDATE: &str = r#"{"n":,"text":"t= "}"#;

/// The addresses of a server. Both contain `{room}`, which stands for the name of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The address of the WebSocket.
    pub(crate) socket: String,
    /// The address of the posts.
    pub(crate) posts: String,
    /// The origin that its clients send.
    pub(crate) origin: HeaderValue,
    /// Bytes that the server puts around an update.
    pub(crate) around: usize,
}

impl Addresses {
    /// The addresses in the options, for a server that puts `around` bytes around an update.
    ///
    /// # Errors
    /// The origin cannot stand in a header.
    pub(crate) fn new(options: &LoadOptions, around: usize) -> Result<Self, Failure> {
        let posts = options.post_url.clone().unwrap_or_default();
        let own = || Url::parse(&posts).map(|url| url.origin().ascii_serialization());
        let origin = options.origin.clone().or_else(|| own().ok()).unwrap_or_default();
        let socket = options.ws_url.clone().unwrap_or_default();
        Ok(Self { socket, posts, origin: named(&origin)?, around })
    }

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
        let dots = ".".repeat(post.payload);
        let fixed = UPDATE.len() + self.around + digits(post.sent_us);
        let base = u64::try_from(post.publisher).unwrap_or(0) * COUNTERS_PER_PUBLISHER;
        let mut body = String::new();
        for number in post.first..post.first + post.events {
            let comma = if number == post.first { "" } else { "," };
            let n = base + number;
            let padding = left(&dots, fixed + digits(n));
            // Writing to a string does not fail.
            let _ = write!(body, r#"{comma}{{"n":{n},"text":"t={} {padding}"}}"#, post.sent_us);
        }
        if post.events > 1 {
            body = format!("[{body}]");
        }
        let headers = vec![(CONTENT_TYPE.as_str(), "application/json".to_owned())];
        Composed { url: self.posts.replace("{room}", post.room.as_str()), headers, body }
    }
}

/// A peer that answers with success has accepted all events.
pub(crate) fn accepted(post: &Post<'_>) -> Accepted {
    let head = (post.first + post.events).saturating_sub(1);
    Accepted { events: post.events, lane: post.publisher, head }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(around: usize) -> Addresses {
        Addresses {
            socket: "ws://a.test/{room}".to_owned(),
            posts: "http://a.test/{room}/post".to_owned(),
            origin: HeaderValue::from_static("http://a.test"),
            around,
        }
    }

    fn post(room: &SessionId, events: u64) -> Post<'_> {
        Post { room, publisher: 2, first: 5, events, head: 0, sent_us: 77, payload: 34 }
    }

    #[test]
    fn publishers_number_their_updates() {
        let room = "r".parse().unwrap();
        let one = addresses(0).compose(&post(&room, 1));
        assert_eq!(one.url, "http://a.test/r/post");
        assert_eq!(one.body, r#"{"n":2000000005,"text":"t=77 ..."}"#);
        let two = addresses(0).compose(&post(&room, 2)).body;
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&two).unwrap().len(), 2);
        assert_eq!(accepted(&post(&room, 2)), Accepted { events: 2, lane: 2, head: 6 });
        assert_eq!(addresses(0).upgrade(&room).unwrap().uri(), "ws://a.test/r");
    }

    #[test]
    fn a_message_has_the_wanted_size_with_what_the_server_puts_around_it() {
        let room = "r".parse().unwrap();
        for around in [0, 13] {
            for (publisher, first, sent_us) in [(0, 1, 0), (31, 999_999_999, 9_999_999_999)] {
                let some = Post { publisher, first, sent_us, payload: 200, ..post(&room, 1) };
                assert_eq!(addresses(around).compose(&some).body.len() + around, 200);
            }
        }
    }
}
