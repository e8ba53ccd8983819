//! Points in time, as milliseconds since 1970 and as RFC 3339 text.
//!
//! There is no `now` here: the shell and the programs read the clock and pass the time on.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(
    not(target_arch = "wasm32"),
    derive(schemars::JsonSchema),
    schemars(rename = "Milliseconds")
)]
pub struct Timestamp(pub u64);

/// A date and time as RFC 3339 writes it, with an offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(
    not(target_arch = "wasm32"),
    derive(schemars::JsonSchema),
    schemars(rename = "Timestamp")
)]
pub struct Rfc3339(String);

impl From<Timestamp> for Rfc3339 {
    fn from(time: Timestamp) -> Self {
        Self(time.rfc3339())
    }
}

impl Timestamp {
    /// Later than all others. A whole number that JavaScript can count.
    pub const NEVER: Self = Self((1 << 53) - 1);

    /// The last time that RFC 3339 can write: the end of the year 9999.
    pub const LAST_WRITTEN: Self = Self(253_402_300_799_999);

    /// This point in time plus `ms` milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; 0 if `earlier` is later than this.
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX)
    }

    /// Reads an RFC 3339 date and time with an offset. Times before 1970 count as 1970.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let date = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(u64::try_from(date.timestamp_millis()).unwrap_or_default()))
    }

    /// So many whole seconds since 1970. `None` before 1970, and after the year 9999, which RFC 3339 cannot write.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds < 253_402_300_800)?;
        Some(Self(seconds * 1_000))
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

/// How long to wait after so many attempts: `first` after the first, each time twice as long, and at most `longest`, in the same unit.
pub fn backoff(first: u64, attempts: u32, longest: u64) -> u64 {
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
    first.saturating_mul(doubled).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_in_utc_with_milliseconds() {
        assert_eq!(Timestamp(1_767_780_000_123).rfc3339(), "2026-01-07T10:00:00.123Z");
        assert_eq!(Timestamp::LAST_WRITTEN.rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp(u64::MAX).rfc3339(), "1970-01-01T00:00:00.000Z");
        let last = Timestamp::from_seconds(253_402_300_799).unwrap();
        assert_eq!(last.rfc3339(), "9999-12-31T23:59:59.000Z");
        assert_eq!(Timestamp::from_seconds(253_402_300_800), None);
        assert_eq!(Timestamp::from_seconds(-1), None);
    }

    #[test]
    fn only_full_dates_with_an_offset_are_rfc3339() {
        let read = |text| Timestamp::from_rfc3339(text).map(|time| time.0);
        assert_eq!(read("2026-01-07T10:00:00Z"), Some(1_767_780_000_000));
        assert_eq!(read("2026-01-07T12:00:00.5+02:00"), Some(1_767_780_000_500));
        assert_eq!(read("1969-12-31T23:59:59Z"), Some(0));
        for text in ["2026-01-07", "2026-01-07T10:00:00", "yesterday", ""] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
