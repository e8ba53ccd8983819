//! The literal messages of a plain dashboard: a greeting without positions, and one update per frame.

use std::rc::Rc;

use super::Frames;
use crate::protocol::server_frame;
use crate::room::outgoing::{Greeting, Slice};

pub(super) fn connected(greeting: &Greeting) -> Rc<str> {
    let Greeting { session, client, at, .. } = greeting;
    server_frame::connected(session, client, *at, None).into()
}

/// Updates as they are.
pub(super) fn each(slices: &[Slice]) -> Frames {
    slices.iter().map(|slice| slice.text.clone()).collect()
}
