//! A page of the log, as readers over HTTP ask for it and get it.
//!
//! Which updates are on it is decided in the room.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{Epoch, Seq};
use crate::limits::{PAGE_UPDATES, PAGE_UPDATES_MAX};

/// Which updates are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first.
    pub from: Seq,
    /// The last.
    pub to: Seq,
    /// How many at most.
    pub limit: usize,
}

/// A query that names no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRange;

impl fmt::Display for BadRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`from` and `to` are numbers of updates, `from` not after `to`, and `limit` is 1 to {PAGE_UPDATES_MAX}"
        )
    }
}

impl Range {
    /// The range of a query: by default from the first update to the last.
    ///
    /// # Errors
    /// [`BadRange`] if a number is malformed or too large, or if the first comes after the last.
    pub fn of(query: &[(&str, Option<&str>)]) -> Result<Self, BadRange> {
        let number = |name: &str, usual: Seq| {
            let value = query.iter().find(|(key, _)| *key == name).and_then(|(_, value)| *value);
            value.map_or(Ok(usual), |text| text.parse().map_err(|_| BadRange))
        };
        let (from, to) = (number("from", 1)?, number("to", Seq::MAX)?);
        let limit = number("limit", PAGE_UPDATES as Seq)?;
        let limit = usize::try_from(limit).map_err(|_| BadRange)?;
        let right = from <= to && (1..=PAGE_UPDATES_MAX).contains(&limit);
        right.then_some(Self { from, to, limit }).ok_or(BadRange)
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<'p> {
    /// The epoch.
    pub epoch: &'p Epoch,
    /// The oldest number that the log still has.
    pub first: Seq,
    /// The number of the last update that the reader sees.
    pub head: Seq,
    /// Where the next page begins, if there is one.
    pub next: Option<Seq>,
}

impl Page<'_> {
    /// The page as text. `joined` is the encodings of its updates, separated by commas.
    pub fn encode(&self, joined: &str) -> String {
        let Self { epoch, first, head, next } = self;
        let next = next.map(|next| format!(r#","next":{next}"#)).unwrap_or_default();
        format!(r#"{{"epoch":"{epoch}","first":{first},"head":{head},"updates":[{joined}]{next}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: Option<&str>, to: Option<&str>, limit: Option<&str>) -> Result<Range, BadRange> {
        Range::of(&[("from", from), ("to", to), ("limit", limit)])
    }

    #[test]
    fn a_range_is_everything_unless_the_query_says_less() {
        let all = Range { from: 1, to: Seq::MAX, limit: PAGE_UPDATES };
        assert_eq!(of(None, None, None), Ok(all));
        let some = Range { from: 3, to: 7, limit: 2 };
        assert_eq!(of(Some("3"), Some("7"), Some("2")), Ok(some));
        assert_eq!(of(Some("0"), Some("0"), None), Ok(Range { from: 0, to: 0, ..all }));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in ["", "x", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(of(Some(bad), None, None), Err(BadRange), "{bad}");
            assert_eq!(of(None, Some(bad), None), Err(BadRange), "{bad}");
            assert_eq!(of(None, None, Some(bad)), Err(BadRange), "{bad}");
        }
        assert_eq!(of(Some("8"), Some("7"), None), Err(BadRange));
        assert_eq!(of(None, None, Some("0")), Err(BadRange));
        assert_eq!(of(None, None, Some("1001")), Err(BadRange));
    }
}
