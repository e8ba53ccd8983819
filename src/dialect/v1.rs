//! The dialect `roomcast.v1`: positions, one frame per burst or several bursts, the state at a position.
//!
//! The forms of the frames are in `protocol/server_frame.rs`.

use std::rc::Rc;

use super::{plain, Frames};
use crate::limits::REPLAY_FRAME_BYTES;
use crate::protocol::ids::Seq;
use crate::protocol::server_frame::{self, Joined};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;
use crate::room::outgoing::{Greeting, Message, Slice, Snapshot, Updates};
use crate::room::recovery::Missed;

/// The frames of a message.
pub(super) fn message(message: &Message, now: Timestamp) -> Frames {
    match message {
        Message::Connected(greeting) => vec![connected(greeting)],
        Message::State(snapshot) => vec![state(snapshot)],
        Message::Updates(own) => vec![updates(own, now)],
        Message::Subscribed { reference, topics, added } => {
            vec![subscribed(reference.as_deref(), topics, added)]
        }
        Message::Expiring { expires } => vec![server_frame::expiring(*expires).into()],
        Message::Returning { within_ms } => vec![server_frame::returning(*within_ms).into()],
        other => plain::message(other),
    }
}

fn connected(greeting: &Greeting) -> Rc<str> {
    let Greeting { session, client, at, head, recovery, expires, returns, .. } = greeting;
    let (recovery, expires, returns) = (*recovery, *expires, *returns);
    let joined = Joined { head, recovery, expires, returns };
    server_frame::connected(session, client, *at, Some(joined)).into()
}

/// One frame for all updates.
pub(super) fn updates(updates: &Updates, now: Timestamp) -> Rc<str> {
    let Updates { prev, seq, joined, .. } = updates;
    server_frame::updates(*prev, *seq, joined, now).into()
}

/// The frame of a snapshot.
fn state(snapshot: &Snapshot) -> Rc<str> {
    server_frame::state(&snapshot.head, &joined(&snapshot.each)).into()
}

/// The answer to a subscription.
fn subscribed(reference: Option<&str>, topics: &Topics, added: &Snapshot) -> Rc<str> {
    let place = (&added.head, &*joined(&added.each));
    server_frame::subscribed(reference, topics, Some(place)).into()
}

/// The frames of a replay: each has whole bursts, of at most [`REPLAY_FRAME_BYTES`] unless one burst is larger.
pub(super) fn replay(after: Seq, missed: &[Missed<'_>], now: Timestamp) -> Frames {
    let mut frames = Vec::new();
    let mut body = String::new();
    let (mut prev, mut end) = (after, after);
    for Missed { last, joined } in missed {
        if !body.is_empty() && body.len() + joined.len() > REPLAY_FRAME_BYTES {
            frames.push(server_frame::updates(prev, end, &body, now).into());
            body.clear();
            prev = end;
        }
        if !body.is_empty() {
            body.push(',');
        }
        body.push_str(joined);
        end = *last;
    }
    if !body.is_empty() {
        frames.push(server_frame::updates(prev, end, &body, now).into());
    }
    frames
}

fn joined(slices: &[Slice]) -> String {
    let texts: Vec<&str> = slices.iter().map(|slice| &*slice.text).collect();
    texts.join(",")
}
