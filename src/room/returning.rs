//! Over how much time members spread their return if all of them lose the room at once, as in a deploy.
//!
//! The platform does not say when it replaces a Worker, so members are told beforehand: with the greeting, a millisecond for each member that the
//! room has then. That alone spreads them well, because nobody who was told less than `n` milliseconds came when the room had more than `n` members:
//! there are at most `n` of them. Only a very large room tells once more those who came early. A room that grows sends nothing else, so a storm of
//! clients costs greetings only. What members do with it is theirs (docs/clients.md).

use super::members::Members;
use super::outgoing::Message;
use super::Effect;
use crate::limits::{RETOLD_MEMBERS, RETURNS_PER_SECOND, RETURN_MS};
use crate::protocol::dialect::Dialect;

/// Bytes of the frame, roughly: it counts as unread until the member shows that it reads.
const FRAME_BYTES: u64 = 64;

/// Whether all members were told since the room became very large.
#[derive(Debug, Default)]
pub(super) struct Returning {
    told: bool,
}

impl Returning {
    /// That of a room that was out of memory: if it is very large, it has told its members before.
    pub(super) fn of(members: usize) -> Self {
        Self { told: members as u64 >= RETOLD_MEMBERS }
    }
}

/// Milliseconds within which so many should come back; `None` if they do so by themselves.
pub(super) fn within_ms(members: usize) -> Option<u64> {
    let ms = (members as u64).saturating_mul(1_000) / RETURNS_PER_SECOND;
    (ms > RETURN_MS).then_some(ms)
}

impl Members {
    /// Tells all members of a room that has become very large. Those of other dialects have no word for it.
    pub(super) fn announce_return(&mut self, effects: &mut Vec<Effect>) {
        let members = self.len() as u64;
        // Far below, so that a room that is about that large does not tell it again and again.
        self.returning.told &= members > RETURNS_PER_SECOND;
        if self.returning.told || members < RETOLD_MEMBERS {
            return;
        }
        let Some(within_ms) = within_ms(self.len()) else { return };
        self.returning.told = true;
        let to = self.those(|_, member| member.view.dialect == Dialect::V1);
        self.send_to_each(&to, (&Message::Returning { within_ms }, FRAME_BYTES), effects);
    }
}
