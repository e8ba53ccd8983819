//! Why a room wakes: one alarm, many reasons. The alarm is at the earliest of their times.
//!
//! Knows times only; what is done when a reason is due is the business of others. When a room comes back into
//! memory, the times are derived again from what is durable. So a reason that recurs goes by a clock that
//! depends on nothing but the room's name, and not by when it was last acted on.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::limits::{ROOM_RETENTION_MS, SWEEP_EVERY_MS};
use crate::protocol::ids::SessionId;
use crate::protocol::time::Timestamp;

/// Why a room wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// To look after its members, once a minute.
    Sweep,
    /// To end, if nobody has used it for long.
    End,
}

/// When a room wakes, and why.
#[derive(Debug, Default)]
pub struct Timers {
    /// Milliseconds after a full minute at which this room sweeps, so that not all rooms do at the same time.
    phase: u64,
    /// Each reason at most once.
    due: Vec<(Reason, Timestamp)>,
    /// The time of the platform's alarm, as far as it is known: that of an end is not.
    armed: Option<Timestamp>,
    changed: bool,
}

impl Timers {
    /// The timers of a room that comes into memory. If it has members, its alarm is at the next sweep.
    pub fn restore(session: &SessionId, has_members: bool, now: Timestamp) -> Self {
        let mut hasher = SipHasher13::new_with_keys(0, 0);
        hasher.write(session.as_str().as_bytes());
        let phase = hasher.finish() % SWEEP_EVERY_MS;
        let mut timers = Self { phase, ..Self::default() };
        if has_members {
            let next = timers.next_sweep(now);
            timers.due.push((Reason::Sweep, next));
            timers.armed = Some(next);
        }
        timers
    }

    /// The turn failed that was to set the alarm: it is set anew, to no later than what it was for.
    pub fn distrust(&mut self, now: Timestamp) {
        self.armed = None;
        if !self.has(Reason::Sweep) {
            self.set(Reason::End, now.plus_ms(ROOM_RETENTION_MS));
        }
    }

    /// The first time after `now` at which the room sweeps.
    pub fn next_sweep(&self, now: Timestamp) -> Timestamp {
        let since = (now.0 + SWEEP_EVERY_MS - self.phase) % SWEEP_EVERY_MS;
        now.plus_ms(SWEEP_EVERY_MS - since)
    }

    /// Whether there is such a reason to wake.
    pub fn has(&self, reason: Reason) -> bool {
        self.due.iter().any(|(other, _)| *other == reason)
    }

    /// The room is to wake then for this reason, and not for it at any other time.
    pub fn set(&mut self, reason: Reason, at: Timestamp) {
        self.clear(reason);
        self.due.push((reason, at));
        self.changed |= self.next() == Some(at);
    }

    /// This is no reason to wake any more.
    pub fn clear(&mut self, reason: Reason) {
        self.due.retain(|(other, _)| *other != reason);
    }

    /// The alarm has come: the reasons for it, which are no longer set.
    pub fn ring(&mut self, now: Timestamp) -> Vec<Reason> {
        // The platform's clock may be behind the one that the alarm went by.
        let reached = self.armed.take().map_or(now, |armed| armed.max(now));
        let due = self.due.iter().filter(|(_, at)| *at <= reached);
        let due = due.map(|(reason, _)| *reason).collect();
        self.due.retain(|(_, at)| *at > reached);
        due
    }

    /// When the alarm has to be set, if it has to be set anew.
    pub fn rearm(&mut self) -> Option<Timestamp> {
        let next = self.next();
        let anew = std::mem::take(&mut self.changed) || next != self.armed;
        self.armed = next.or(self.armed);
        next.filter(|_| anew)
    }

    fn next(&self) -> Option<Timestamp> {
        self.due.iter().map(|(_, at)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_123);

    fn timers(has_members: bool) -> Timers {
        Timers::restore(&"s-1".parse().unwrap(), has_members, NOW)
    }

    fn after(ms: u64) -> Timestamp {
        NOW.plus_ms(ms)
    }

    #[test]
    fn sweeps_are_a_minute_apart_whenever_one_asks() {
        let timers = timers(true);
        let next = timers.next_sweep(NOW);
        assert!(next > NOW && next <= after(SWEEP_EVERY_MS));
        for now in [next.0 - 1, next.0 - SWEEP_EVERY_MS, next.0 - 30_000] {
            assert_eq!(timers.next_sweep(Timestamp(now)), next);
        }
        assert_eq!(timers.next_sweep(next), next.plus_ms(SWEEP_EVERY_MS));
    }

    #[test]
    fn rooms_do_not_all_sweep_at_the_same_time() {
        let phase = |name: &str| Timers::restore(&name.parse().unwrap(), false, NOW).phase;
        assert_ne!(phase("s-1"), phase("s-2"));
    }

    #[test]
    fn the_alarm_is_at_the_earliest_reason() {
        let mut timers = timers(false);
        timers.set(Reason::End, after(500));
        assert_eq!(timers.rearm(), Some(after(500)));
        timers.set(Reason::Sweep, after(100));
        assert_eq!(timers.rearm(), Some(after(100)));
        timers.set(Reason::End, after(600));
        assert_eq!(timers.rearm(), None, "that is later than the alarm");
        assert_eq!(timers.ring(after(100)), [Reason::Sweep]);
        assert_eq!(timers.rearm(), Some(after(600)), "the other reason is not forgotten");
    }

    #[test]
    fn a_reason_that_is_gone_does_not_wake() {
        let mut timers = timers(true);
        timers.clear(Reason::Sweep);
        timers.set(Reason::End, after(9_000_000));
        assert_eq!(timers.rearm(), Some(after(9_000_000)));
    }

    #[test]
    fn a_room_that_is_restored_takes_its_alarm_for_set() {
        let mut timers = timers(true);
        assert_eq!((timers.has(Reason::Sweep), timers.rearm()), (true, None));
        let mut empty = Timers::restore(&"s-1".parse().unwrap(), false, NOW);
        assert_eq!(empty.rearm(), None, "the alarm of its end is not known");
    }

    #[test]
    fn an_alarm_that_comes_early_or_restores_the_room_is_for_what_it_was_set_for() {
        assert_eq!(timers(true).ring(NOW), [Reason::Sweep]);
        let late = timers(true).ring(after(10 * SWEEP_EVERY_MS));
        assert_eq!(late, [Reason::Sweep]);
    }

    #[test]
    fn an_alarm_that_may_not_be_set_is_set() {
        for has_members in [true, false] {
            let mut timers = timers(has_members);
            timers.distrust(NOW);
            assert!(timers.rearm().is_some());
        }
    }

    #[test]
    fn an_alarm_that_is_set_to_the_same_time_again_is_set() {
        let mut timers = timers(false);
        timers.set(Reason::End, after(500));
        timers.rearm();
        timers.set(Reason::End, after(500));
        assert_eq!(timers.rearm(), Some(after(500)), "one that was restored would not know it");
    }
}
