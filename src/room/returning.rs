//! Over how much time members spread their return if all of them lose the room at once, as in a deploy.
//!
//! The platform does not say when it replaces a Worker, so members are told beforehand: with the greeting, and again when the room has
//! become twice as large. Members of small rooms are told nothing. What they do with it is theirs (docs/clients.md).

use super::members::Members;
use super::outgoing::Message;
use super::Effect;
use crate::limits::{RETURNS_PER_SECOND, RETURN_MS};
use crate::protocol::dialect::Dialect;

/// Bytes of the frame, roughly: it counts as unread until the member shows that it reads.
const FRAME_BYTES: u64 = 64;

/// What members were told last.
#[derive(Debug, Default)]
pub(super) struct Returning {
    /// Milliseconds. What the members of a room that was evicted were told is not known any more: about what would be told now.
    told: u64,
}

impl Returning {
    pub(super) fn of(members: usize) -> Self {
        Self { told: within_ms(members).unwrap_or_default() }
    }
}

/// Milliseconds within which so many should come back; `None` if they do so by themselves.
pub(super) fn within_ms(members: usize) -> Option<u64> {
    let ms = (members as u64).saturating_mul(1_000) / RETURNS_PER_SECOND;
    (ms > RETURN_MS).then_some(ms)
}

impl Members {
    /// Tells all members of a room that has become twice as large. Those of other dialects have no word for it.
    pub(super) fn announce_return(&mut self, effects: &mut Vec<Effect>) {
        let Some(within_ms) = within_ms(self.len()) else { return };
        if within_ms < self.returning.told.max(RETURN_MS) * 2 {
            return;
        }
        self.returning.told = within_ms;
        let own = self.by_client.iter().filter(|(_, member)| member.view.dialect == Dialect::V1);
        let to: Vec<_> = own.map(|(client, _)| client.clone()).collect();
        self.send_to_each(&to, (&Message::Returning { within_ms }, FRAME_BYTES), effects);
    }
}
