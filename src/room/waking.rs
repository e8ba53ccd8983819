//! Waking: what a room does when its alarm goes off, which reasons it has to wake again, and how long it is kept.

use super::effect::Effect;
use super::occupancy::Occupancy;
use super::row::{Corrupt, Stored};
use super::timers::Reason;
use super::Room;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::{ClientId, Epoch};
use crate::protocol::rule::Rule;
use crate::protocol::time::Timestamp;

impl Room {
    /// The alarm went off in a room that had members, or had none.
    pub(super) fn wake<E: From<Corrupt>>(
        &mut self,
        was_empty: bool,
        pinged: &[(ClientId, Timestamp)],
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), E> {
        let due = self.timers.ring(now);
        if was_empty {
            return self.wake_empty(&due, now, load, effects);
        }
        let mut doubts = false;
        if due.contains(&Reason::Sweep) {
            self.members.sweep(pinged, now, effects);
            self.pacing.report(now, effects);
            effects.extend(self.tree.sweep(now));
            self.leave_lost(now, effects);
            doubts = self.tree.doubt(now);
        }
        let refreshes = due.contains(&Reason::Refresh) && self.members.refreshes();
        if doubts || refreshes || self.members.lives.next().is_some_and(|at| at <= now) {
            let mut turn = self.turn(load)?;
            turn.end_topics(now, effects);
            if refreshes {
                turn.refresh(now, effects);
            }
        }
        Ok(())
    }

    /// The alarm went off in a room that had no members.
    fn wake_empty<E: From<Corrupt>>(
        &mut self,
        due: &[Reason],
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), E> {
        if self.timers.has(Reason::End) {
            // It woke for something else, or for a member that has just left.
            return Ok(());
        }
        if due.contains(&Reason::Occupancy) {
            // That is all it woke for. When it ends is looked up when it wakes for that.
            self.end_later(now);
            return Ok(());
        }
        let end = self.retire(now, load)?;
        if end.is_some() {
            effects.extend(self.members.part(&self.tree, now));
        }
        effects.extend(end);
        Ok(())
    }

    /// A room with members sweeps them, refreshes those that want it, and minds the ends of their grants and topics. A room that the
    /// last member has left will end.
    pub(super) fn set_timers(&mut self, was_empty: bool, now: Timestamp) {
        self.timers.put(Reason::Ends, self.members.next_end());
        match self.members.refresh_ms() {
            None => self.timers.clear(Reason::Refresh),
            Some(_) if self.timers.has(Reason::Refresh) => {}
            Some(ms) => self.timers.set(Reason::Refresh, self.timers.next(ms, now)),
        }
        match (was_empty, self.is_empty()) {
            (false, true) => {
                self.timers.clear(Reason::Sweep);
                self.end_later(now);
            }
            (_, false) if !self.timers.has(Reason::Sweep) => {
                self.timers.clear(Reason::End);
                self.timers.set(Reason::Sweep, self.timers.next_sweep(now));
            }
            _ => {}
        }
    }

    /// The room ends when it has been kept for as long as it is kept without a member, unless something happens.
    pub(super) fn end_later(&mut self, now: Timestamp) {
        self.timers.set(Reason::End, now.plus_ms(self.limits.retention_ms));
    }

    /// The tenant's rule. If it changes how long the room is kept, a room without members is kept that long from now on:
    /// when its last member left is not known any more.
    pub(super) fn obey(
        &mut self,
        rule: Rule,
        was_empty: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Rule { suspended, retention_ms, hooks } = rule;
        let is_relay = self.tree.is_relay();
        // That somebody is there is told by the root, which knows its relays.
        self.occupancy.obey(hooks && !is_relay);
        if self.limits.retention_ms != retention_ms && !is_relay {
            self.limits.retention_ms = retention_ms;
            effects.push(Effect::Retain { ms: retention_ms });
            if was_empty {
                self.end_later(now);
            }
        }
        if suspended {
            self.members.close_all(Refusal::TenantSuspended.into(), effects);
        }
    }

    /// Ends a room that has had no member for as long as it is kept, if it has had no event for as long either.
    fn retire<E: From<Corrupt>>(
        &mut self,
        now: Timestamp,
        load: impl FnOnce() -> Result<(Stored, Epoch), E>,
    ) -> Result<Option<Effect>, E> {
        let retention_ms = self.limits.retention_ms;
        if !self.occupancy.is_settled() {
            // What the tenant has not been told yet would be lost.
            self.end_later(now);
            return Ok(None);
        }
        // A relay that nobody needs ends although it is still fed.
        if !self.tree.is_relay() {
            let due = self.turn(load)?.log.last_stored().plus_ms(retention_ms);
            if due > now {
                self.timers.set(Reason::End, due);
                return Ok(None);
            }
        }
        self.timers.clear(Reason::End);
        self.log = None;
        // A room that begins anew is told the rule anew.
        if !self.tree.is_relay() {
            self.limits.retention_ms = Rule::default().retention_ms;
        }
        self.occupancy = Occupancy::default();
        self.tree.end();
        Ok(Some(Effect::End))
    }
}
