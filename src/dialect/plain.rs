//! The plain dialect: a greeting without positions, and one update per frame.
//!
//! The forms of the frames are in `protocol/server_frame.rs`.

use std::rc::Rc;

use super::Frames;
use crate::protocol::server_frame::{self, PONG};
use crate::protocol::topics::Topics;
use crate::room::outgoing::{Greeting, Message, Slice};

/// The frames of a message.
pub(super) fn message(message: &Message) -> Frames {
    let frame = match message {
        Message::Connected(greeting) => connected(greeting),
        Message::State(snapshot) => return each(&snapshot.each),
        Message::Updates(updates) => return each(&updates.each),
        Message::Subscribed { reference, topics, added } => {
            return subscribed(reference.as_deref(), topics, &added.each);
        }
        Message::Unsubscribed { reference, topics, .. } => {
            server_frame::unsubscribed(reference.as_deref(), topics).into()
        }
        Message::Paced { reference, ms } => server_frame::paced(reference.as_deref(), *ms).into(),
        Message::Refreshed { reference, expires, topics, recovery } => {
            server_frame::refreshed(reference.as_deref(), *expires, topics, *recovery).into()
        }
        Message::Company(note) => note.frame().into(),
        Message::Pong => PONG.into(),
        Message::Error { bad, at } => server_frame::error(bad, *at).into(),
        // Only dialects that say so hear of them.
        Message::Expiring { .. } | Message::Returning { .. } | Message::Done { .. } => {
            return Frames::new();
        }
    };
    vec![frame]
}

fn connected(greeting: &Greeting) -> Rc<str> {
    let Greeting { session, client, at, .. } = greeting;
    server_frame::connected(session, client, *at, None).into()
}

/// The answer to a subscription, and one frame per update.
pub(super) fn subscribed(reference: Option<&str>, topics: &Topics, added: &[Slice]) -> Frames {
    let answer = server_frame::subscribed(reference, topics, None).into();
    [vec![answer], each(added)].concat()
}

/// One frame per update: its encoding.
pub(super) fn each(slices: &[Slice]) -> Frames {
    slices.iter().map(|slice| slice.text.clone()).collect()
}
