//! The values of arguments that several programs have: durations and batches.
//!
//! Each function is a clap value parser, and its error is shown next to the argument.

use std::time::Duration;

use crate::limits::POST_EVENTS;

/// A duration: a number and `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// What a duration looks like.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(DURATION.to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| DURATION)?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| DURATION.to_owned())
}

const DURATION: &str = "must be a number with a unit, such as 700ms, 1.5s, 15m, 8h or 7d";

/// Events per request.
///
/// # Errors
/// How many there may be.
pub fn batch(text: &str) -> Result<usize, String> {
    let events = text.parse().ok().filter(|events| (1..=POST_EVENTS).contains(events));
    events.ok_or_else(|| format!("must be 1 to {POST_EVENTS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(duration("700ms"), Ok(Duration::from_millis(700)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("8h"), Ok(Duration::from_hours(8)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for bad in ["", "1", "s", "-1s", "1.2.3s", "1 week", "ein h", "99999999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_request_never_holds_more_events_than_the_server_takes() {
        assert_eq!((batch("1"), batch("500")), (Ok(1), Ok(POST_EVENTS)));
        for bad in ["0", "501", "many"] {
            assert!(batch(bad).is_err(), "{bad:?}");
        }
    }
}
