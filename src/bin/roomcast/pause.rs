//! How long to wait before trying again. The pause grows with each failure, up to 30 s, and is partly random, so
//! that clients that lost the same server do not come back at the same moment.
//!
//! Arithmetic only: the caller decides whether to try again.

use std::time::Duration;

const FIRST_MS: u64 = 1_000;

/// The longest pause between two attempts.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// The pause after `failed` attempts in a row (0: the first one has just failed). It doubles, and
/// `random` takes up to half of it away.
pub(crate) fn after(failed: u32, random: u32) -> Duration {
    let longest = u64::try_from(LONGEST.as_millis()).unwrap_or(u64::MAX);
    let doubled = 1_u64.checked_shl(failed).unwrap_or(u64::MAX);
    let half = FIRST_MS.saturating_mul(doubled).min(longest) / 2;
    Duration::from_millis(half + half * u64::from(random) / u64::from(u32::MAX))
}

/// A pause as shown to the user: `1.2 s`.
pub(crate) fn text(pause: Duration) -> String {
    format!("{:.1} s", pause.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_thirty_seconds() {
        let longest = |failed| after(failed, u32::MAX).as_millis();
        assert_eq!(
            [0, 1, 2, 5, 63, 64, u32::MAX].map(longest),
            [1_000, 2_000, 4_000, 30_000, 30_000, 30_000, 30_000]
        );
    }

    #[test]
    fn chance_takes_at_most_half_of_a_pause() {
        assert_eq!(after(1, 0), Duration::from_secs(1));
        assert_eq!(text(after(1, u32::MAX)), "2.0 s");
    }
}
