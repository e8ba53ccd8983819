//! The cost of a request, in the units that Cloudflare bills: the header `roomcast-cost`.
//!
//! Amounts only; `roomcast cost` knows the prices. Units that cannot be counted from inside, such as CPU and time
//! awake, are not here.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// The name of the header.
pub const HEADER: &str = "roomcast-cost";

/// The cost of one or several requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Requests to Durable Objects: rooms and pointers.
    pub requests: u64,
    /// Bursts that were stored.
    pub bursts: u64,
    /// Rows that were written.
    pub rows_written: u64,
    /// Rows that were read.
    pub rows_read: u64,
}

impl Sub for Cost {
    type Output = Self;

    /// The cost since `earlier`.
    fn sub(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            bursts: self.bursts.saturating_sub(earlier.bursts),
            rows_written: self.rows_written.saturating_sub(earlier.rows_written),
            rows_read: self.rows_read.saturating_sub(earlier.rows_read),
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.bursts += other.bursts;
        self.rows_written += other.rows_written;
        self.rows_read += other.rows_read;
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Self::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, bursts, rows_written, rows_read } = self;
        write!(f, "requests={requests}, bursts={bursts}, ")?;
        write!(f, "rows-written={rows_written}, rows-read={rows_read}")
    }
}

impl Cost {
    /// Reads a header, leniently. Amounts that are absent or malformed count as 0, as does a missing header, because
    /// no answer is worth refusing for its bill. Unknown names are ignored, because a later version may count more.
    pub fn from_header(value: Option<&str>) -> Self {
        let mut cost = Self::default();
        let parts = value.unwrap_or_default().split(',');
        for (name, amount) in parts.filter_map(|part| part.trim().split_once('=')) {
            let amount = amount.parse().unwrap_or_default();
            match name {
                "requests" => cost.requests = amount,
                "bursts" => cost.bursts = amount,
                "rows-written" => cost.rows_written = amount,
                "rows-read" => cost.rows_read = amount,
                _ => {}
            }
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Cost = Cost { requests: 1, bursts: 2, rows_written: 3, rows_read: 4 };

    #[test]
    fn a_cost_reads_back_what_it_writes() {
        let text = "requests=1, bursts=2, rows-written=3, rows-read=4";
        assert_eq!((COST.to_string().as_str(), Cost::from_header(Some(text))), (text, COST));
    }

    #[test]
    fn unknown_names_and_missing_amounts_count_as_nothing() {
        let read = Cost::from_header(Some("later=9, rows-read=4,bursts=2, requests=?"));
        assert_eq!(read, Cost { requests: 0, rows_written: 0, ..COST });
        assert_eq!(Cost::from_header(None), Cost::default());
    }

    #[test]
    fn costs_can_be_added_and_subtracted() {
        let twice = Cost { requests: 2, bursts: 4, rows_written: 6, rows_read: 8 };
        assert_eq!((COST + COST, [COST, COST].into_iter().sum()), (twice, twice));
        assert_eq!((twice - COST, COST - twice), (COST, Cost::default()));
    }
}
