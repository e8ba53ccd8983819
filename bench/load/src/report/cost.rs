//! What traffic cost a deployment: in total, and per million events.
//!
//! These are amounts and not money: prices change, and `scripts/bench` has them.

use std::fmt;

use roomcast::protocol::cost::Cost as Counted;
use serde::Serialize;

use super::figures::{each, per};
use crate::bill::Bill;

/// Microseconds per second.
const MILLION: f64 = 1e6;

/// What the posts cost that were answered during the measured time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    /// Events that were accepted.
    events: u64,
    /// Posts that were answered: requests to the Worker.
    posts: u64,
    /// The time during which a post to a room was under way, summed over the rooms. This is an upper bound of the time
    /// that the rooms were awake for the posts, as measured from outside.
    awake_seconds: f64,
    /// Absent if no answer reported it.
    #[serde(flatten)]
    counted: Option<Counted>,
    /// Absent if there were no events.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_million_events: Option<PerMillion>,
}

/// The same for a million events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PerMillion {
    posts: f64,
    awake_seconds: f64,
    #[serde(flatten)]
    counted: Option<CountedPerMillion>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CountedPerMillion {
    object_requests: f64,
    bursts: f64,
    rows_written: f64,
    rows_read: f64,
}

impl Cost {
    /// The cost of `events` events whose rooms were awake for `awake_us` in all.
    pub(crate) fn new(events: u64, bill: Bill, awake_us: u64) -> Self {
        let counted = (bill.told > 0).then_some(bill.counted);
        Self {
            events,
            posts: bill.posts,
            awake_seconds: per(awake_us, MILLION).unwrap_or_default(),
            counted,
            per_million_events: per_million(events, bill.posts, awake_us, counted),
        }
    }
}

fn per_million(
    events: u64,
    posts: u64,
    awake_us: u64,
    counted: Option<Counted>,
) -> Option<PerMillion> {
    // Microseconds per event are seconds per million.
    let awake_seconds = each(awake_us, events)?;
    let scaled = |amount: u64| each(amount.saturating_mul(1_000_000), events).unwrap_or_default();
    let counted = counted.map(|counted| CountedPerMillion {
        object_requests: scaled(counted.requests),
        bursts: scaled(counted.bursts),
        rows_written: scaled(counted.rows_written),
        rows_read: scaled(counted.rows_read),
    });
    Some(PerMillion { posts: scaled(posts), awake_seconds, counted })
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cost        {} posts, awake at most {:.2} s", self.posts, self.awake_seconds)?;
        if let Some(Counted { requests, bursts, rows_written, rows_read }) = self.counted {
            write!(f, ", {requests} requests to objects, {bursts} bursts, ")?;
            write!(f, "{rows_written} rows written, {rows_read} read")?;
        }
        writeln!(f)?;
        let Some(PerMillion { posts, awake_seconds, counted }) = &self.per_million_events else {
            return Ok(());
        };
        write!(f, "  million   {posts:.0} posts, awake at most {awake_seconds:.1} s")?;
        if let Some(CountedPerMillion { object_requests, bursts, rows_written, rows_read }) =
            counted
        {
            write!(f, ", {object_requests:.0} requests to objects, {bursts:.0} bursts, ")?;
            write!(f, "{rows_written:.0} rows written, {rows_read:.0} read")?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn amounts_are_reported_in_total_and_per_million_events() {
        let counted = Counted { requests: 20, bursts: 5, rows_written: 6, rows_read: 0 };
        let cost = Cost::new(2_000, Bill { posts: 20, told: 20, counted }, 1_500_000);
        let want = json!({"events": 2_000, "posts": 20, "awakeSeconds": 1.5, "requests": 20,
            "bursts": 5, "rowsWritten": 6, "rowsRead": 0, "perMillionEvents": {"posts": 10_000.0,
            "awakeSeconds": 750.0, "objectRequests": 10_000.0, "bursts": 2_500.0,
            "rowsWritten": 3_000.0, "rowsRead": 0.0}});
        assert_eq!(to_value(cost).unwrap(), want);
    }

    #[test]
    fn amounts_that_no_answer_reported_are_absent() {
        let bill = Bill { posts: 1, ..Bill::default() };
        let want = json!({"events": 0, "posts": 1, "awakeSeconds": 0.0});
        assert_eq!(to_value(Cost::new(0, bill, 0)).unwrap(), want);
    }
}
