//! When and why a room wakes. There is one alarm and several reasons; the alarm is set to the earliest of their times.
//!
//! This file only knows times; `waking.rs` acts on a reason that is due. A restored room has to find the same times
//! again. So the times of sweeps and refreshes depend only on the clock and the room's name, not on the last one, and those
//! of grants and topics on the members, which are kept with their connections.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::limits::SWEEP_EVERY_MS;
use crate::protocol::time::Timestamp;

/// How much earlier than its time the alarm may go off by the clock of the room, in milliseconds. An alarm that goes off still
/// earlier was set for a time that no longer counts, and was on its way when it was set anew.
const EARLY_MS: u64 = 60_000;

/// Why a room wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The sweep: the minute's check of its members.
    Sweep,
    /// Members want updates again that they have been sent.
    Refresh,
    /// A grant or a topic of a member ends, or a member has to be told that its grant ends. Each turn minds these, so there is
    /// nothing to do but to wake.
    Ends,
    /// The tenant may have to be told that nobody is there any more, or once more what it has not noted.
    Occupancy,
    /// Its end, if it has had no member and no event for long.
    End,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 5] = [Self::Sweep, Self::Refresh, Self::Ends, Self::Occupancy, Self::End];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The reasons that the members of a restored room give it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Whether there are members to sweep.
    pub sweeps: bool,
    /// Milliseconds between two refreshes, if a member wants them.
    pub refresh_ms: Option<u64>,
    /// When a grant or a topic next ends, or a member has to be told so.
    pub ends: Option<Timestamp>,
}

/// When and why a room wakes.
#[derive(Debug, Default)]
pub struct Timers {
    /// A number that differs between rooms, so that they do not all sweep, or refresh, at once.
    phase: u64,
    /// The reasons that are set, each at most once.
    due: Vec<(Reason, Timestamp)>,
    /// The time of the platform's alarm; `None` if unknown, as in a restored room without members.
    armed: Option<Timestamp>,
    /// Whether the earliest time was set anew since the last [`Timers::rearm`].
    changed: bool,
    /// In a room that was just restored, the last times before that of what comes again and again: its alarm may have been
    /// for them.
    past: Vec<(Reason, Timestamp)>,
    /// The reasons for which the alarm last went off, as bits, for reports.
    rung: u8,
}

impl Timers {
    /// The timers of a restored room. If it has members, its alarm is set to the earliest of what they want.
    pub fn restore(object: &str, wanted: Wanted, now: Timestamp) -> Self {
        let mut hasher = SipHasher13::new_with_keys(0, 0);
        hasher.write(object.as_bytes());
        let phase = hasher.finish() % SWEEP_EVERY_MS;
        let mut timers = Self { phase, ..Self::default() };
        let sweeps = wanted.sweeps.then_some((Reason::Sweep, SWEEP_EVERY_MS));
        let refreshes = wanted.refresh_ms.map(|ms| (Reason::Refresh, ms));
        for (reason, every_ms) in sweeps.into_iter().chain(refreshes) {
            let next = timers.next(every_ms, now);
            timers.due.push((reason, next));
            timers.past.push((reason, Timestamp(next.0.saturating_sub(every_ms))));
        }
        timers.due.extend(wanted.ends.map(|at| (Reason::Ends, at)));
        timers.armed = timers.earliest();
        timers
    }

    /// A reason that a restored room has besides its members, and for which its alarm was set.
    pub fn expect(&mut self, reason: Reason, at: Option<Timestamp>) {
        self.due.extend(at.map(|at| (reason, at)));
        self.armed = self.earliest();
    }

    /// The turn that should have set the alarm may have failed. So the alarm is set again: to the next sweep, or
    /// without members to `end`.
    pub fn distrust(&mut self, end: Timestamp) {
        self.armed = None;
        if !self.has(Reason::Sweep) {
            self.set(Reason::End, end);
        }
    }

    /// The first time after `now` at which the room sweeps.
    pub fn next_sweep(&self, now: Timestamp) -> Timestamp {
        self.next(SWEEP_EVERY_MS, now)
    }

    /// The first time after `now` of something that happens every so many milliseconds.
    pub fn next(&self, every_ms: u64, now: Timestamp) -> Timestamp {
        let every_ms = every_ms.max(1);
        let since = (now.0 + every_ms - self.phase % every_ms) % every_ms;
        now.plus_ms(every_ms - since)
    }

    /// Whether this reason is set.
    pub fn has(&self, reason: Reason) -> bool {
        self.due.iter().any(|(other, _)| *other == reason)
    }

    /// Sets the time of a reason, in place of its previous time.
    pub fn set(&mut self, reason: Reason, at: Timestamp) {
        self.clear(reason);
        self.due.push((reason, at));
        self.changed |= self.earliest() == Some(at);
    }

    /// Sets the time of a reason if it is not set to that, or removes the reason.
    pub fn put(&mut self, reason: Reason, at: Option<Timestamp>) {
        match at {
            None => self.clear(reason),
            Some(at) if self.due.contains(&(reason, at)) => {}
            Some(at) => self.set(reason, at),
        }
    }

    /// Removes a reason.
    pub fn clear(&mut self, reason: Reason) {
        self.due.retain(|(other, _)| *other != reason);
    }

    /// The alarm went off: removes the reasons that are due, and returns them.
    pub fn ring(&mut self, now: Timestamp) -> Vec<Reason> {
        let armed = self.armed.take().filter(|armed| *armed <= now.plus_ms(EARLY_MS));
        let mut reached = armed.map_or(now, |armed| armed.max(now));
        if !self.past.is_empty() {
            self.recall(now);
            reached = now;
        }
        let due = self.due.iter().filter(|(_, at)| *at <= reached);
        let due: Vec<Reason> = due.map(|(reason, _)| *reason).collect();
        self.due.retain(|(_, at)| *at > reached);
        self.rung = due.iter().fold(0, |bits, reason| bits | reason.bit());
        due
    }

    /// Whether the alarm last went off for this reason.
    pub fn rang_for(&self, reason: Reason) -> bool {
        self.rung & reason.bit() != 0
    }

    /// The reason that is due first, and when.
    pub fn first(&self) -> Option<(Reason, Timestamp)> {
        self.due.iter().min_by_key(|(_, at)| *at).copied()
    }

    /// The alarm has brought the room back into memory. It was set to the latest time for which there was a reason, so that
    /// reason is due again, and those that came after it.
    fn recall(&mut self, now: Timestamp) {
        let past = std::mem::take(&mut self.past);
        let ends = self.due.iter().find(|(reason, at)| *reason == Reason::Ends && *at <= now);
        let latest = past.iter().map(|(_, at)| *at).max();
        let rung = ends.map(|(_, at)| *at).or(latest).unwrap_or(now);
        for (reason, at) in past.into_iter().filter(|(_, at)| *at >= rung) {
            self.clear(reason);
            self.due.push((reason, at));
        }
    }

    /// The time to set the alarm to; `None` if the alarm stays as it is.
    pub fn rearm(&mut self) -> Option<Timestamp> {
        self.past.clear();
        let next = self.earliest();
        let anew = std::mem::take(&mut self.changed) || next != self.armed;
        self.armed = next.or(self.armed);
        next.filter(|_| anew)
    }

    fn earliest(&self) -> Option<Timestamp> {
        self.due.iter().map(|(_, at)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_123);
    const MEMBERS: Wanted = Wanted { sweeps: true, refresh_ms: None, ends: None };

    fn restored(wanted: Wanted) -> Timers {
        Timers::restore("s-1", wanted, NOW)
    }

    fn timers(has_members: bool) -> Timers {
        restored(Wanted { sweeps: has_members, ..Wanted::default() })
    }

    fn after(ms: u64) -> Timestamp {
        NOW.plus_ms(ms)
    }

    #[test]
    fn a_refresh_comes_at_the_same_times_whenever_the_timers_are_restored() {
        let restored = restored(Wanted { refresh_ms: Some(5_000), ..MEMBERS });
        let next = restored.next(5_000, NOW);
        assert!(next > NOW && next <= after(5_000));
        assert_eq!(restored.armed, Some(next.min(restored.next_sweep(NOW))));
        assert_eq!(timers(true).next(5_000, Timestamp(next.0 - 1)), next);
    }

    #[test]
    fn the_next_sweep_is_the_same_whenever_it_is_computed() {
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
        let phase = |name: &str| Timers::restore(name, Wanted::default(), NOW).phase;
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
        assert_eq!(timers.rearm(), None, "the end is later than the alarm");
        assert_eq!(timers.ring(after(100)), [Reason::Sweep]);
        assert_eq!(timers.rearm(), Some(after(600)), "the other reason is still set");
    }

    #[test]
    fn a_removed_reason_does_not_set_the_alarm() {
        let mut timers = timers(true);
        timers.clear(Reason::Sweep);
        timers.set(Reason::End, after(9_000_000));
        assert_eq!(timers.rearm(), Some(after(9_000_000)));
    }

    #[test]
    fn a_restored_room_with_members_assumes_that_its_alarm_is_set() {
        let mut timers = timers(true);
        assert_eq!((timers.has(Reason::Sweep), timers.rearm()), (true, None));
        let mut empty = restored(Wanted::default());
        assert_eq!(empty.rearm(), None, "the alarm of its end is not known");
    }

    #[test]
    fn an_alarm_that_goes_off_early_or_late_is_for_the_sweep_that_it_was_set_for() {
        assert_eq!(timers(true).ring(NOW), [Reason::Sweep]);
        let late = timers(true).ring(after(10 * SWEEP_EVERY_MS));
        assert_eq!(late, [Reason::Sweep]);
    }

    #[test]
    fn an_alarm_that_was_on_its_way_when_it_was_set_anew_is_for_nothing() {
        let mut timers = timers(true);
        timers.clear(Reason::Sweep);
        timers.set(Reason::End, after(EARLY_MS + 1));
        timers.rearm();
        assert_eq!(timers.ring(NOW), []);
        assert_eq!(
            timers.rearm(),
            Some(after(EARLY_MS + 1)),
            "it may have taken the place of that"
        );
    }

    #[test]
    fn an_alarm_that_restores_a_room_is_for_the_latest_reason_and_for_those_after_it() {
        let mut ending = restored(Wanted { ends: Some(NOW), ..MEMBERS });
        assert_eq!(ending.ring(NOW), [Reason::Ends], "the sweep before that is done");
        let mut later = restored(Wanted { ends: Some(after(1)), ..MEMBERS });
        assert_eq!(later.ring(NOW), [Reason::Sweep], "no grant has ended");
        let both = Wanted { refresh_ms: Some(5_000), ..MEMBERS };
        let sweep = Timestamp(timers(true).next_sweep(NOW).0);
        let ring = |now| Timers::restore("s-1", both, now).ring(now);
        assert_eq!(ring(sweep), [Reason::Sweep, Reason::Refresh], "60 s are twelve times 5 s");
        assert_eq!(ring(sweep.plus_ms(5_000)), [Reason::Refresh]);
        let long_ago = Wanted { ends: Some(Timestamp(NOW.0 - SWEEP_EVERY_MS)), ..MEMBERS };
        assert_eq!(restored(long_ago).ring(NOW), [Reason::Ends, Reason::Sweep], "a late alarm");
    }

    #[test]
    fn a_reason_that_is_put_where_it_is_leaves_the_alarm_alone() {
        let mut timers = timers(true);
        timers.put(Reason::Ends, Some(NOW));
        assert_eq!(timers.rearm(), Some(NOW));
        timers.put(Reason::Ends, Some(NOW));
        assert_eq!(timers.rearm(), None);
        timers.put(Reason::Ends, None);
        assert_eq!(timers.rearm(), Some(timers.next_sweep(NOW)), "at the next reason");
    }

    #[test]
    fn an_alarm_that_may_be_missing_is_set() {
        for has_members in [true, false] {
            let mut timers = timers(has_members);
            timers.distrust(NOW);
            assert!(timers.rearm().is_some());
        }
    }

    #[test]
    fn setting_a_reason_to_the_same_time_again_sets_the_alarm_again() {
        let mut timers = timers(false);
        timers.set(Reason::End, after(500));
        timers.rearm();
        timers.set(Reason::End, after(500));
        assert_eq!(timers.rearm(), Some(after(500)), "a restored room would not know its alarm");
    }
}
