//! Updates that a client has to acknowledge: they are sent again until it does, or until that was tried often enough.
//!
//! In memory only. A session that waits for acknowledgements keeps its room there; one that is lost comes back with its offset.

use std::rc::Rc;

use super::{Act, Session};
use crate::dialect::socketio::engine::Sent;
use crate::limits::UNACKNOWLEDGED;
use crate::protocol::ids::Seq;
use crate::protocol::socket_io::Repeat;
use crate::protocol::time::Timestamp;

/// An update that was sent and is not acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unacknowledged {
    namespace: String,
    id: Seq,
    text: Rc<str>,
    repeat: Repeat,
    /// How often it was sent.
    sent: u32,
    /// When it is sent again, or given up.
    due: Timestamp,
}

impl Session {
    /// The client was sent an update that it has to acknowledge. Returns what is given up for it.
    pub fn await_ack(
        &mut self,
        (namespace, id): (&str, Seq),
        (text, repeat): (Rc<str>, Repeat),
        now: Timestamp,
    ) -> Option<Act> {
        let (namespace, due) = (namespace.to_owned(), now.plus_ms(repeat.timeout_ms));
        self.unacknowledged.push(Unacknowledged { namespace, id, text, repeat, sent: 1, due });
        if self.unacknowledged.len() <= UNACKNOWLEDGED {
            return None;
        }
        let oldest = self.unacknowledged.remove(0);
        self.given_up(&oldest)
    }

    /// The client has acknowledged an update.
    pub(super) fn acknowledge(&mut self, namespace: &str, id: Seq) {
        self.unacknowledged.retain(|one| one.id != id || one.namespace != namespace);
    }

    /// The client is not in a namespace any more: what it was sent there is not sent again.
    pub(super) fn forget_acks(&mut self, namespace: &str) {
        self.unacknowledged.retain(|one| one.namespace != namespace);
    }

    /// When the next of them is sent again, or given up.
    pub(super) fn next_repeat(&self) -> Option<Timestamp> {
        self.unacknowledged.iter().map(|one| one.due).min()
    }

    /// Sends those again that are due, and gives those up that were sent often enough.
    pub(super) fn repeat(&mut self, now: Timestamp) -> Vec<Act> {
        let mut acts = Vec::new();
        let (due, later): (Vec<_>, Vec<_>) =
            self.unacknowledged.drain(..).partition(|one| one.due <= now);
        self.unacknowledged = later;
        for mut one in due {
            if one.sent >= one.repeat.attempts {
                acts.extend(self.given_up(&one));
                continue;
            }
            acts.extend(self.send(Sent::Text(one.text.to_string())));
            (one.sent, one.due) = (one.sent + 1, now.plus_ms(one.repeat.timeout_ms));
            self.unacknowledged.push(one);
        }
        acts
    }

    fn given_up(&self, one: &Unacknowledged) -> Option<Act> {
        let client = self.members().find(|(namespace, _)| *namespace == one.namespace)?.1.clone();
        Some(Act::GaveUp { client, seq: one.id, attempts: one.sent })
    }
}
