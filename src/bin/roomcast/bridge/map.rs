//! The map of a bridge: which event a message becomes. It is a small JSON document; without one, a message is an event already.
//!
//! Maps one message at a time and remembers nothing. Whether an event is a good one is the server's to say: here it is only said what
//! cannot be made of a message.

mod document;
mod event;
mod fields;
mod place;
mod value;

pub(super) use document::Map;
pub(super) use event::Mapped;
