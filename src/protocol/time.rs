//! Points in time, as milliseconds since 1970 and as RFC 3339 text.
//!
//! There is no `now` here: the shell and the command line read the clock and pass it on.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This point in time plus `ms` milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; 0 if it is later.
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX)
    }

    /// RFC 3339 in UTC with milliseconds, as in every frame: `2026-01-07T10:00:00.000Z`.
    pub fn rfc3339(self) -> String {
        i64::try_from(self.0)
            .ok()
            .and_then(DateTime::<Utc>::from_timestamp_millis)
            .unwrap_or(DateTime::UNIX_EPOCH)
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// Whether `text` is an RFC 3339 date and time with an offset.
pub fn is_rfc3339(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_in_utc_with_milliseconds() {
        assert_eq!(Timestamp(1_767_780_000_123).rfc3339(), "2026-01-07T10:00:00.123Z");
        assert_eq!(Timestamp(u64::MAX).rfc3339(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn only_full_dates_with_an_offset_are_rfc3339() {
        assert!(is_rfc3339("2026-01-07T10:00:00Z") && is_rfc3339("2026-01-07T10:00:00.5+02:00"));
        for text in ["2026-01-07", "2026-01-07T10:00:00", "yesterday", ""] {
            assert!(!is_rfc3339(text), "{text:?}");
        }
    }
}
