//! The plain dialect: a greeting without positions, and one update per frame.
//!
//! The forms of the frames are in `protocol/server_frame.rs`.

use std::rc::Rc;

use super::Frames;
use crate::protocol::server_frame;
use crate::protocol::topics::Topics;
use crate::room::outgoing::{Greeting, Slice};

pub(super) fn connected(greeting: &Greeting) -> Rc<str> {
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
