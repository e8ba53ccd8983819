//! The window behind a burst: how long the updates that come next wait for each other.
//!
//! Knows times and counts only; what is gathered meanwhile is the business of `publish`.
//!
//! In a small room a window lasts until the burst before it is durable. In a crowd, where a frame
//! costs as much as many requests, it lasts about as long as sending that burst takes, and then on
//! while there is more to gather: until as many requests have come as were just answered, because
//! who posts one event after the other posts the next now; but not when it has become quiet. A look
//! that comes late is not quiet: the runtime is busy, and requests wait unread.

use crate::limits::{
    SEND_US, WINDOW_LATE_MS, WINDOW_LONGER_MS, WINDOW_LOOK_MS, WINDOW_MS, WINDOW_QUIET_MS,
};
use crate::protocol::time::Timestamp;

/// An open window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Milliseconds that it lasts at least; 0 in a small room.
    pub ms: u64,
    /// Requests that the burst before it answered.
    answered: usize,
    /// When the next look is due.
    due: Timestamp,
    /// When it last was not quiet.
    busy: Timestamp,
    /// When it is over, whatever comes; known from the first look on.
    end: Option<Timestamp>,
    /// Requests that had come at the last look.
    came: usize,
}

impl Window {
    /// The window behind a burst that is sent `now` to so many clients and answers so many requests.
    pub fn new(clients: usize, answered: usize, now: Timestamp) -> Self {
        let us = u64::try_from(clients).unwrap_or(u64::MAX).saturating_mul(SEND_US);
        let ms = (us / 1_000).min(WINDOW_MS);
        Self { ms, answered, due: now.plus_ms(ms), busy: now, end: None, came: 0 }
    }

    /// Milliseconds after which to look again, now that so many requests have come; `None` if the
    /// window is over.
    pub fn look(&mut self, came: usize, now: Timestamp) -> Option<u64> {
        let end = *self.end.get_or_insert(now.plus_ms(WINDOW_LONGER_MS));
        if came > self.came || now.ms_since(self.due) >= WINDOW_LATE_MS {
            self.busy = now;
        }
        (self.came, self.due) = (came, now.plus_ms(WINDOW_LOOK_MS));
        let quiet = now.ms_since(self.busy) >= WINDOW_QUIET_MS;
        let over = self.ms == 0 || came >= self.answered || quiet || now >= end;
        (!over).then_some(WINDOW_LOOK_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000);

    fn after(ms: u64) -> Timestamp {
        START.plus_ms(ms)
    }

    /// A window of 10 ms behind a burst that answered so many requests.
    fn window(answered: usize) -> Window {
        Window::new(400, answered, START)
    }

    #[test]
    fn it_lasts_as_long_as_sending_takes_within_bounds() {
        let lasts = [0, 39, 40, 400, 1_000, 10_000];
        let lasts = lasts.map(|clients| Window::new(clients, 1, START).ms);
        assert_eq!(lasts, [0, 0, 1, 10, 25, 25]);
    }

    #[test]
    fn in_a_small_room_it_ends_when_the_burst_is_durable() {
        assert_eq!(Window::new(39, 9, START).look(5, after(20)), None);
    }

    #[test]
    fn it_ends_at_once_when_as_many_have_come_as_were_answered() {
        assert_eq!(window(3).look(3, after(10)), None);
        let mut window = window(3);
        assert_eq!(window.look(2, after(10)), Some(WINDOW_LOOK_MS));
        assert_eq!(window.look(4, after(12)), None);
    }

    #[test]
    fn it_ends_when_nothing_has_come_for_a_while() {
        assert_eq!(window(3).look(0, after(10)), None, "nothing came while it lasted");
        let mut window = window(9);
        for (came, ms) in [(1, 10), (1, 12), (2, 14), (2, 16), (2, 18)] {
            assert_eq!(window.look(came, after(ms)), Some(WINDOW_LOOK_MS), "{ms}");
        }
        assert_eq!(window.look(2, after(20)), None);
    }

    #[test]
    fn it_is_not_quiet_while_the_runtime_comes_back_late() {
        let mut window = window(9);
        for ms in [40, 47, 49, 51] {
            assert_eq!(window.look(0, after(ms)), Some(WINDOW_LOOK_MS), "{ms}");
        }
        assert_eq!(window.look(0, after(53)), None);
    }

    #[test]
    fn it_ends_however_much_comes() {
        let mut window = window(1_000);
        let looks = (0..100).map_while(|look| {
            let came = usize::try_from(look + 1).unwrap();
            window.look(came, after(10 + look * WINDOW_LOOK_MS))
        });
        assert_eq!(looks.count() as u64, WINDOW_LONGER_MS / WINDOW_LOOK_MS);
    }
}
