//! Latencies in microseconds: recorded in a histogram, reported as percentiles.
//!
//! They have three significant digits. A latency over ten minutes counts as ten minutes.

use std::fmt;

use hdrhistogram::Histogram;
use roomcast::deployment::failure::Failure;
use serde::Serialize;

const LONGEST_US: u64 = 600_000_000;

/// Recorded latencies.
#[derive(Debug)]
pub(crate) struct Latencies(Histogram<u64>);

/// Their percentiles, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Percentiles {
    /// How many were recorded.
    count: u64,
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

impl Latencies {
    /// No latencies yet.
    ///
    /// # Errors
    /// There is no memory for the histogram.
    pub(crate) fn new() -> Result<Self, Failure> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3);
        histogram
            .map(Self)
            .map_err(|error| Failure::Machine(format!("cannot record latencies: {error}")))
    }

    /// Records one latency.
    pub(crate) fn record(&mut self, us: u64) {
        self.0.saturating_record(us.max(1));
    }

    /// Returns the percentiles, and forgets what was recorded.
    pub(crate) fn take(&mut self) -> Percentiles {
        let told = self.percentiles();
        self.0.reset();
        told
    }

    fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile);
        Percentiles {
            count: self.0.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.0.max(),
        }
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, p50, p90, p99, p999, max } = self;
        if *count == 0 {
            return f.write_str("nothing to measure");
        }
        write!(f, "p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p999}, max {max} µs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_recorded_latencies() {
        let mut latencies = Latencies::new().unwrap();
        (1..=1_000).for_each(|us| latencies.record(us));
        let told = latencies.percentiles();
        assert_eq!(
            (told.count, told.p50, told.p90, told.p99, told.max),
            (1_000, 500, 900, 990, 1_000)
        );
        assert_eq!(told.to_string(), "p50 500, p90 900, p99 990, p99.9 999, max 1000 µs");
    }

    #[test]
    fn a_latency_out_of_range_counts_as_the_nearest_in_range() {
        let mut latencies = Latencies::new().unwrap();
        latencies.record(0);
        latencies.record(u64::MAX);
        assert_eq!(latencies.percentiles().count, 2);
    }

    #[test]
    fn taken_latencies_are_forgotten() {
        let mut latencies = Latencies::new().unwrap();
        assert_eq!(latencies.percentiles().max, 0);
        latencies.record(5);
        assert_eq!((latencies.take().count, latencies.take().count), (1, 0));
    }
}
