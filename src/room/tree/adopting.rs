//! Adopting: what a relay does with what its parent sends.
//!
//! Bursts that follow what it has are stored as they are and shown at once: whoever wanted to gather them has done so. Those
//! that it has already are left out. If some are missing in between, it takes none and says what it has. The state replaces all
//! that it has. Its members, if there are any, may have missed something then, so they are closed and come back.

use crate::protocol::codes::Refusal;
use crate::protocol::ids::Epoch;
use crate::protocol::time::Timestamp;
use crate::room::log::Log;
use crate::room::row::{Corrupt, Stored};
use crate::room::{Effect, Room, Turn};

use super::feeding::Served;

impl Room {
    /// The parent has sent something, as an answer or unasked. A relay that begins with it ends soon, unless somebody joins.
    pub(in crate::room) fn take<E: From<Corrupt>>(
        &mut self,
        (served, asked): (Served, bool),
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), E> {
        let mut turn = self.turn(load)?;
        if asked {
            turn.tree.answered();
        }
        let had_begun = turn.log.has_begun();
        turn.adopt(served, now, effects)?;
        if turn.log.has_begun() && !had_begun {
            self.end_later(now);
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Adopts what the parent has sent.
    ///
    /// # Errors
    /// [`Corrupt`] when it cannot be read.
    fn adopt(
        &mut self,
        served: Served,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Corrupt> {
        if served.checkpoint.is_some() {
            return self.take_state(served, now, effects);
        }
        if !self.log.has_begun() || served.epoch != self.log.has().epoch {
            return Ok(());
        }
        for burst in served.bursts {
            let last = self.log.last_burst();
            if burst.number <= last {
                continue;
            }
            if burst.number > last + 1 || burst.first != self.log.head_seq() + 1 {
                break;
            }
            let (checkpoint, updates) = self.log.adopt(&burst, now)?;
            self.burst.stored(burst.first, burst.body.clone(), updates);
            effects.extend(checkpoint.map(Effect::Checkpoint));
            let (signed, ids) = (Timestamp::default(), String::new());
            effects.push(Effect::Append { row: burst, at: now, signed, ids });
        }
        effects.extend(self.tree.feed(self.log));
        self.flush(now, effects);
        Ok(())
    }

    /// Puts the state at the parent's head in the place of all that the relay has, unless it has more.
    fn take_state(
        &mut self,
        served: Served,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Corrupt> {
        let Some(checkpoint) = &served.checkpoint else { return Ok(()) };
        let same = self.log.has_begun() && served.epoch == self.log.has().epoch;
        if same && checkpoint.number <= self.log.last_burst() {
            return Ok(());
        }
        self.members.close_all(Refusal::RoomFailed.into(), effects);
        *self.log = Log::adopted(self.limits, &served, now)?;
        effects.push(Effect::Adopt(Box::new(served)));
        Ok(())
    }
}
