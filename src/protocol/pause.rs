//! Pauses between messages or rows about the same thing: none for what comes alone, longer ones while there is always more.
//!
//! Waiting is not free: a second in which an object is kept awake costs as much as 1.6 rows. So what comes after a quiet
//! [`QUIET_MS`] goes out at once, and only what comes sooner waits, for a pause that doubles as long as there is something at its end.

use super::time::Timestamp;
use crate::limits::QUIET_MS;

/// When something was last sent, and how long the pause after it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    last: Option<Timestamp>,
    ms: u64,
    longest_ms: u64,
}

impl Pause {
    /// Nothing was sent yet. No pause will be longer than this.
    pub const fn new(longest_ms: u64) -> Self {
        Self { last: None, ms: QUIET_MS, longest_ms }
    }

    /// Milliseconds until the pause is over, if it is not.
    pub fn left(&self, now: Timestamp) -> Option<u64> {
        let due = self.last?.plus_ms(self.ms);
        (due > now).then(|| due.ms_since(now))
    }

    /// The same, if pauses were this long.
    pub fn left_of(&self, ms: u64, now: Timestamp) -> Option<u64> {
        Self { ms, ..*self }.left(now)
    }

    /// Something is sent: at the end of a wait for the pause, or because it was over.
    pub fn begin(&mut self, after_wait: bool, now: Timestamp) {
        self.last = Some(now);
        self.ms = if after_wait { (self.ms * 2).min(self.longest_ms) } else { QUIET_MS };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    #[test]
    fn what_comes_alone_goes_out_at_once() {
        let mut pause = Pause::new(5_000);
        assert_eq!(pause.left(NOW), None);
        pause.begin(false, NOW);
        assert_eq!(pause.left(NOW.plus_ms(100)), Some(QUIET_MS - 100));
        assert_eq!(pause.left(NOW.plus_ms(QUIET_MS)), None);
    }

    #[test]
    fn pauses_double_up_to_the_longest_while_there_is_always_more() {
        let (mut pause, mut now, mut lasted) = (Pause::new(5_000), NOW, Vec::new());
        pause.begin(false, now);
        while let (Some(ms), true) = (pause.left(now), lasted.len() < 6) {
            lasted.push(ms);
            now = now.plus_ms(ms);
            pause.begin(true, now);
        }
        assert_eq!(lasted, [600, 1_200, 2_400, 4_800, 5_000, 5_000]);
        pause.begin(false, now);
        assert_eq!(pause.left(now), Some(QUIET_MS));
    }
}
