//! What the bridge has counted so far, for the terminal and for Prometheus.
//!
//! The loop writes it and others read it. Nothing is decided by it.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use roomcast::protocol::results::EventResult;

use crate::posting::counts::Counts;

/// The counts of a bridge. Copies count the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<Mutex<Tally>>);

/// What there is to count.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Messages that were read, those that were read again included.
    pub(super) read: u64,
    /// Events that were posted, by their results.
    pub(super) posted: Counts,
    /// Messages that the map does not want.
    pub(super) skipped: u64,
    /// Messages that were put aside.
    pub(super) dead: u64,
    /// Requests that were sent again.
    pub(super) retries: u64,
    /// How often the bus did not answer.
    pub(super) troubles: u64,
    /// Messages that are not settled yet, as far as the bus knows.
    pub(super) lag: Option<u64>,
}

impl Meter {
    /// The counts, to change them.
    pub(super) fn lock(&self) -> MutexGuard<'_, Tally> {
        // A count is never half written, so whoever panicked with it left nothing broken.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts events that were posted.
    pub(super) fn posted(&self, results: &[EventResult]) {
        let mut tally = self.lock();
        for result in results {
            tally.posted.add(result.outcome());
        }
    }
}

impl Tally {
    /// As shown to the user.
    pub(super) fn text(&self) -> String {
        let Self { read, posted, skipped, dead, lag, .. } = self;
        let lag = lag.map_or_else(|| "unknown".to_owned(), |lag| lag.to_string());
        format!("read {read}: {}, {skipped} skipped, {dead} dead; lag {lag}", posted.text())
    }

    /// As Prometheus reads it.
    pub(super) fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
            let name = format!("roomcast_bridge_{name}");
            // Writing into a text cannot fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (labels, value) in samples {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let one = |value| [(String::new(), value)];
        metric("read_total", "counter", "Messages that were read from the bus.", &one(self.read));
        let outcome = |(name, count): (&str, u64)| (format!("{{outcome=\"{name}\"}}"), count);
        let posted = self
            .posted
            .each()
            .map(|(name, count)| (name, u64::try_from(count).unwrap_or(u64::MAX)));
        let outcomes: Vec<_> = posted
            .into_iter()
            .chain([("skipped", self.skipped), ("dead", self.dead)])
            .map(outcome)
            .collect();
        metric("messages_total", "counter", "Messages by what became of them.", &outcomes);
        metric("retries_total", "counter", "Requests that were sent again.", &one(self.retries));
        metric(
            "bus_failures_total",
            "counter",
            "Times that the bus did not answer.",
            &one(self.troubles),
        );
        let lag: Vec<_> = self.lag.into_iter().map(|lag| (String::new(), lag)).collect();
        metric("lag", "gauge", "Messages on the bus that are not settled yet.", &lag);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_that_nobody_knows_is_not_said() {
        let unknown = Tally::default();
        assert!(unknown.text().ends_with("lag unknown"));
        assert!(!unknown.prometheus().contains("\nroomcast_bridge_lag "));
        let known = Tally { lag: Some(0), ..Tally::default() };
        assert!(known.prometheus().contains("\nroomcast_bridge_lag 0\n"));
    }

    #[test]
    fn every_message_is_counted_under_what_became_of_it() {
        let meter = Meter::default();
        let result = |status: &str| {
            serde_json::from_str(&format!(
                r#"{{"eventId":"e","session":"s","seq":1,"status":"{status}"}}"#
            ))
            .unwrap()
        };
        meter.posted(&[result("accepted"), result("accepted"), result("duplicate")]);
        meter.lock().read = 4;
        meter.lock().dead = 1;
        let shown = "read 4: 2 accepted, 1 duplicate, 0 ignored, 0 skipped, 1 dead; lag unknown";
        assert_eq!(meter.lock().text(), shown);
        let text = meter.lock().prometheus();
        for line in ["accepted\"} 2", "duplicate\"} 1", "ignored\"} 0", "dead\"} 1", "skipped\"} 0"]
        {
            assert!(
                text.contains(&format!("roomcast_bridge_messages_total{{outcome=\"{line}\n")),
                "{text}"
            );
        }
    }
}
