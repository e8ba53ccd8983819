//! The figures of a report: finite, with three decimals.

use std::time::Duration;

/// `amount` per `divisor`, with three decimals; `None` if `divisor` is zero.
#[expect(clippy::cast_precision_loss, reason = "a report needs few digits")]
pub(crate) fn per(amount: u64, divisor: f64) -> Option<f64> {
    let quotient = amount as f64 / divisor;
    quotient.is_finite().then(|| rounded(quotient))
}

/// `amount` for each of `count`.
#[expect(clippy::cast_precision_loss, reason = "a report needs few digits")]
pub(crate) fn each(amount: u64, count: u64) -> Option<f64> {
    per(amount, count as f64)
}

/// A duration in seconds.
pub(crate) fn seconds(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64())
}

fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_finite_and_short() {
        assert_eq!(per(10, 3.0), Some(3.333));
        assert_eq!((each(5, 0), each(0, 0), each(5, 2)), (None, None, Some(2.5)));
        assert!((seconds(Duration::from_micros(1_234_567)) - 1.235).abs() < 1e-9);
    }
}
