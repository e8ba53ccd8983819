//! The window after a burst: how long the next updates wait for each other.
//!
//! This file only knows times and counts; `publish` gathers the updates.
//!
//! The rule, in four sentences:
//!
//! 1. A burst is sent at once. What comes soon after it ([`WINDOW_SOON_MS`](crate::limits::WINDOW_SOON_MS)) waits until it is durable, and in a crowd until it is sent, and
//!    forms the next burst.
//! 2. A crowd's window continues, for at most three laps, as long as publishers that were just answered post again: at the
//!    end of each lap the room stores its updates and answers their requests, and at the end of the last it sends all as
//!    one frame.
//! 3. It ends early when nothing comes for a moment or when gathering takes long compared with sending, and nobody waits
//!    for a single publisher unless sending to the crowd takes [`WINDOW_LONE_MS`]; where updates come one by one,
//!    only every fourth waits ([`WINDOW_TRY`](crate::limits::WINDOW_TRY); `publish` decides that from the log).
//! 4. While the tenant wants a pace, because it is over its budget, what comes sooner than that after the last burst waits in a
//!    window without laps, which ends when the pace is over.
//!
//! A crowd's window opens with the burst. One that only waits for durability opens when the first update comes that waits in it: so a lone event
//! opens none, and the room sleeps at once.
//!
//! A window lasts at most [`WINDOW_LONGER_MS`] after its first look, or as long as sending took, if that is longer: a crowd that takes long to
//! reach, because it is large or the machine slow, gets fewer and larger frames, and its publishers are answered meanwhile.
//!
//! A crowd is 40 clients: then sending takes a millisecond. The room looks at a crowd's window every [`WINDOW_LOOK_MS`]. A
//! look that comes late does not count as quiet: the runtime is busy, and requests wait unread.

use crate::limits::{
    SEND_US, WINDOW_LAPS, WINDOW_LATE_MS, WINDOW_LONE_MS, WINDOW_LONGER_MS, WINDOW_LONGEST_MS,
    WINDOW_LOOK_MS, WINDOW_MS, WINDOW_QUIET_MS,
};
use crate::protocol::time::Timestamp;

/// An open window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Milliseconds until the first look; 0 if the window only waits for durability.
    pub ms: u64,
    /// Number of requests that ends a lap: as many as were last answered.
    expected: usize,
    /// Laps that are left, including the current one.
    laps: u64,
    /// When the burst before it was sent.
    opened: Timestamp,
    /// When the next look is due.
    due: Timestamp,
    /// When the window was last busy.
    busy: Timestamp,
    /// What the first look found out.
    bounds: Option<Bounds>,
    /// Requests of this lap at the last look.
    came: usize,
    /// Whether it lets the pace of a tenant over its budget pass, and nothing else.
    paced: bool,
}

/// When a window ends at the latest, known from its first look on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    /// The time after which no lap begins.
    last_lap: Timestamp,
    /// The time at which it ends even if requests still come.
    end: Timestamp,
}

/// The result of a look at a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The lap continues.
    Open,
    /// A lap has ended, but not the last one.
    LapOver,
    /// The window has ended.
    Over,
    /// The window has ended, and with it the pace: nothing waits any longer.
    PaceOver,
}

impl Window {
    /// The window after a burst that is sent `now` to this many clients, if that takes long enough to wait for. `answered` is how many
    /// requests were last answered together.
    pub fn after(clients: usize, answered: usize, now: Timestamp) -> Option<Self> {
        let us = u64::try_from(clients).unwrap_or(u64::MAX).saturating_mul(SEND_US);
        let sending = us / 1_000;
        let gathers = sending > 0 && (answered > 1 || sending >= WINDOW_LONE_MS);
        gathers.then(|| Self::new(sending.min(WINDOW_MS), answered, now))
    }

    /// A window that ends once everything that is stored is durable.
    pub fn until_durable(now: Timestamp) -> Self {
        Self::new(0, 0, now)
    }

    fn new(ms: u64, expected: usize, now: Timestamp) -> Self {
        Self {
            ms,
            expected,
            laps: WINDOW_LAPS,
            opened: now,
            due: now.plus_ms(ms),
            busy: now,
            bounds: None,
            came: 0,
            paced: false,
        }
    }

    /// A window that ends with the pace of a tenant over its budget, in this many milliseconds.
    pub fn paced(ms: u64, now: Timestamp) -> Self {
        Self { paced: true, ..Self::new(ms, 0, now) }
    }

    /// The first look comes once the burst is sent, so it also measures how long sending takes on this machine.
    fn bounds(&mut self, now: Timestamp) -> Bounds {
        *self.bounds.get_or_insert_with(|| {
            let sending = now.ms_since(self.opened);
            let last_lap = self.opened.plus_ms(sending.saturating_mul(WINDOW_LAPS));
            let longer = sending.clamp(WINDOW_LONGER_MS, WINDOW_LONGEST_MS);
            Bounds { last_lap, end: now.plus_ms(longer) }
        })
    }

    /// Looks at the window when `came` requests have come in this lap. If the window continues, the next look is due
    /// in [`WINDOW_LOOK_MS`].
    pub fn look(&mut self, came: usize, now: Timestamp) -> Look {
        if self.paced {
            return Look::PaceOver;
        }
        let bounds = self.bounds(now);
        if came > self.came || now.ms_since(self.due) >= WINDOW_LATE_MS {
            self.busy = now;
        }
        (self.came, self.due) = (came, now.plus_ms(WINDOW_LOOK_MS));
        let quiet = now.ms_since(self.busy) >= WINDOW_QUIET_MS;
        if self.ms == 0 || quiet || now >= bounds.end {
            Look::Over
        } else if came < self.expected {
            Look::Open
        } else {
            self.next_lap(came, now, bounds.last_lap)
        }
    }

    fn next_lap(&mut self, came: usize, now: Timestamp, last_lap: Timestamp) -> Look {
        self.laps = self.laps.saturating_sub(1);
        if self.laps == 0 || now >= last_lap {
            return Look::Over;
        }
        (self.expected, self.came, self.busy) = (came, 0, now);
        Look::LapOver
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000);

    fn after(ms: u64) -> Timestamp {
        START.plus_ms(ms)
    }

    /// A window of 10 ms after a burst that answered this many requests.
    fn window(answered: usize) -> Window {
        Window::after(400, answered, START).unwrap()
    }

    #[test]
    fn a_window_lasts_as_long_as_sending_takes_within_bounds() {
        let lasts = [0, 39, 40, 400, 1_000, 10_000];
        let lasts = lasts.map(|clients| Window::after(clients, 2, START).map(|window| window.ms));
        assert_eq!(lasts, [None, None, Some(1), Some(10), Some(25), Some(25)]);
    }

    #[test]
    fn a_window_waits_for_a_single_publisher_only_where_sending_takes_long() {
        let lasts = [40, 199, 200, 1_000].map(|clients| Window::after(clients, 1, START));
        assert_eq!(
            lasts.map(|window| window.map(|window| window.ms)),
            [None, None, Some(5), Some(25)]
        );
    }

    #[test]
    fn a_window_that_waits_for_durability_ends_with_its_first_look() {
        assert_eq!(Window::until_durable(START).ms, 0);
        assert_eq!(Window::until_durable(START).look(9, after(20)), Look::Over);
    }

    #[test]
    fn a_window_that_lets_a_pace_pass_ends_with_its_first_look_whatever_has_come() {
        for came in [0, 1, 99] {
            let mut window = Window::paced(2_000, START);
            assert_eq!(window.ms, 2_000);
            assert_eq!(window.look(came, after(2_000)), Look::PaceOver, "{came}");
        }
    }

    #[test]
    fn a_lap_ends_at_once_when_as_many_have_come_as_were_answered() {
        assert_eq!(window(3).look(3, after(10)), Look::LapOver);
        let mut window = window(3);
        assert_eq!(window.look(2, after(10)), Look::Open);
        assert_eq!(window.look(4, after(12)), Look::LapOver);
        assert_eq!(window.look(3, after(14)), Look::Open, "the previous lap answered 4");
        assert_eq!(window.look(4, after(16)), Look::LapOver);
    }

    #[test]
    fn a_window_ends_with_its_last_lap() {
        let mut window = window(3);
        let looks = (0..).map_while(|look| {
            let look = window.look(3, after(10 + look * WINDOW_LOOK_MS));
            (look == Look::LapOver).then_some(())
        });
        assert_eq!(looks.count() as u64, WINDOW_LAPS - 1);
    }

    #[test]
    fn a_window_ends_with_a_lap_that_took_long_compared_with_sending() {
        let mut window = window(99);
        for (came, ms) in (1..98).zip((10..30).step_by(2)) {
            assert_eq!(window.look(came, after(ms)), Look::Open, "{ms}");
        }
        assert_eq!(window.look(99, after(30)), Look::Over, "three times 10 ms");
    }

    #[test]
    fn a_window_ends_when_no_request_has_come_for_a_while() {
        assert_eq!(window(3).look(0, after(10)), Look::Over, "no request came before the look");
        let mut window = window(9);
        for (came, ms) in [(1, 10), (1, 12), (2, 14), (2, 16), (2, 18)] {
            assert_eq!(window.look(came, after(ms)), Look::Open, "{ms}");
        }
        assert_eq!(window.look(2, after(20)), Look::Over);
    }

    #[test]
    fn the_end_of_a_lap_is_not_quiet() {
        let mut window = window(3);
        assert_eq!(window.look(2, after(10)), Look::Open);
        for ms in [12, 14] {
            assert_eq!(window.look(2, after(ms)), Look::Open, "{ms}");
        }
        assert_eq!(window.look(3, after(16)), Look::LapOver, "just before it would be quiet");
        for ms in [18, 20] {
            assert_eq!(window.look(0, after(ms)), Look::Open, "{ms}");
        }
        assert_eq!(window.look(0, after(22)), Look::Over);
    }

    #[test]
    fn a_window_is_not_quiet_while_its_looks_come_late() {
        let mut window = window(9);
        for ms in [40, 47, 49, 51] {
            assert_eq!(window.look(0, after(ms)), Look::Open, "{ms}");
        }
        assert_eq!(window.look(0, after(53)), Look::Over);
    }

    #[test]
    fn a_window_ends_however_many_requests_come() {
        let mut window = window(1_000);
        let looks = (0..100).map_while(|look| {
            let came = usize::try_from(look + 1).unwrap();
            (window.look(came, after(10 + look * WINDOW_LOOK_MS)) == Look::Open).then_some(())
        });
        assert_eq!(looks.count() as u64, WINDOW_LONGER_MS / WINDOW_LOOK_MS);
    }

    /// How many milliseconds a window lasts whose first look came so late, while requests come all the time.
    fn lasts_after(first_look: u64) -> u64 {
        let mut window = window(1_000);
        let looks = (0..1_000).map_while(|look| {
            let came = usize::try_from(look + 1).unwrap();
            let now = after(first_look + look * WINDOW_LOOK_MS);
            (window.look(came, now) == Look::Open).then_some(())
        });
        looks.count() as u64 * WINDOW_LOOK_MS
    }

    #[test]
    fn where_sending_takes_long_a_window_may_last_as_long_within_bounds() {
        assert_eq!([10, 50, 80, 150, 9_000].map(lasts_after), [50, 50, 80, 150, 150]);
    }
}
