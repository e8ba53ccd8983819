//! What a request has cost, in the units that Cloudflare bills: the header `roomcast-cost`.
//!
//! Amounts only. What they are worth is a price list's business (`roomcast cost`), and what nobody
//! can count from inside, such as CPU and time awake, is not here.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// The header that carries it.
pub const HEADER: &str = "roomcast-cost";

/// What a request, or several, have cost.
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

    /// What was spent since `earlier`.
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
    /// What a header says; one that is missing says that nothing was counted. What is absent or
    /// unreadable counts as nothing, and a name that is not known is passed over: a later version may
    /// count more, and no answer is worth refusing over its bill.
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
    fn what_is_written_is_what_is_read() {
        let text = "requests=1, bursts=2, rows-written=3, rows-read=4";
        assert_eq!((COST.to_string().as_str(), Cost::from_header(Some(text))), (text, COST));
    }

    #[test]
    fn what_a_reader_does_not_know_or_find_counts_as_nothing() {
        let read = Cost::from_header(Some("later=9, rows-read=4,bursts=2, requests=?"));
        assert_eq!(read, Cost { requests: 0, rows_written: 0, ..COST });
        assert_eq!(Cost::from_header(None), Cost::default());
    }

    #[test]
    fn costs_add_up_and_can_be_taken_apart() {
        let twice = Cost { requests: 2, bursts: 4, rows_written: 6, rows_read: 8 };
        assert_eq!((COST + COST, [COST, COST].into_iter().sum()), (twice, twice));
        assert_eq!((twice - COST, COST - twice), (COST, Cost::default()));
    }
}
