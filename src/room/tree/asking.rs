//! Asking: what a relay asks its parent, and what it makes of an answer that does not come.
//!
//! A relay asks when it begins, when a client may have seen more than it has, and with each sweep. Its parent takes the question as
//! a sign of life as well, and whoever has sent none for long has no places any more. So a relay that gets no answers closes its members
//! before that: they come back, and are connected where they are counted and see what is new. Nothing is stored of it while questions
//! are answered. Who may be asked, and how, is the shell's.

use super::feeding::{Ate, Has, Hunger};
use super::Tree;
use crate::limits::RELAY_ALONE_MS;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::{Epoch, Position};
use crate::protocol::time::Timestamp;
use crate::room::row::{Corrupt, Stored};
use crate::room::{Effect, Room};

impl Tree {
    /// What this relay asks its parent. The question is under way from now on.
    fn hunger(
        &mut self,
        has: Option<Has>,
        (members, wants): (usize, Option<&Position>),
        now: Timestamp,
    ) -> Option<Hunger> {
        let relay = self.place?;
        self.asking.get_or_insert(now);
        let members = self.counts().into_iter().chain([(relay, members)]).collect();
        Some(Hunger { relay, has, wants: wants.map(ToString::to_string), members })
    }

    /// Its question was answered.
    pub(in crate::room) fn answered(&mut self) {
        (self.asking, self.alone) = (None, None);
    }

    /// Whether its last question was not answered.
    pub(in crate::room) fn is_alone(&self) -> bool {
        self.alone.is_some()
    }

    /// It is about to ask with its sweep. A question that has been under way since the last one is as good as unanswered.
    pub(super) fn look_for_answers(&mut self, now: Timestamp) {
        let long_ago = |since: &Timestamp| now.ms_since(*since) >= RELAY_ALONE_MS;
        if let Some(since) = self.asking.filter(long_ago) {
            self.alone.get_or_insert(since);
        }
    }

    fn is_lost(&self, now: Timestamp) -> bool {
        self.alone.is_some_and(|since| now.ms_since(since) >= RELAY_ALONE_MS)
    }
}

impl Room {
    /// The parent has not answered.
    pub(in crate::room) fn go_unanswered<E: From<Corrupt>>(
        &mut self,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), E> {
        let turn = self.turn(load)?;
        turn.tree.asking = None;
        if turn.log.has_begun() {
            turn.tree.alone.get_or_insert(now);
            self.leave_lost(now, effects);
        }
        Ok(())
    }

    /// Closes the members of a relay whose parent has not answered for long.
    pub(in crate::room) fn leave_lost(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.tree.is_lost(now) {
            self.members.close_all(Refusal::RoomFailed.into(), effects);
        }
    }

    /// What this relay asks its parent, if it is one. A client may have seen more than it has.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn hunger<E: From<Corrupt>>(
        &mut self,
        wants: Option<&Position>,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Option<Hunger>, E> {
        let members = self.members.len();
        let has = self.has(load)?;
        Ok(self.tree.hunger(has, (members, wants), now))
    }

    /// Whether this relay may lack what a client has seen that has this position; without one, whether it has never begun. One whose
    /// parent has not answered may lack anything.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn lacks<E: From<Corrupt>>(
        &mut self,
        position: Option<&Position>,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<bool, E> {
        Ok(self.turn(load)?.is_behind(position))
    }

    /// What this relay answers that is fed, if it does not take that; `None` if it does. Having nothing, it takes nothing unasked.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn declines<E: From<Corrupt>>(
        &mut self,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Option<Ate>, E> {
        let nothing = if self.tree.asking.is_some() { Ate::Asks } else { Ate::Gone };
        Ok(self.has(load)?.is_none().then_some(nothing))
    }

    /// What it has, if it has begun.
    ///
    /// # Errors
    /// As for [`Room::handle`].
    pub fn has<E: From<Corrupt>>(
        &mut self,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Option<Has>, E> {
        let log = self.turn(load)?.log;
        Ok(log.has_begun().then(|| log.has()))
    }
}
