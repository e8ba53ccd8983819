//! What the room of a [`World`] reports to the console of its operator, and how tests let it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::protocol::report::Report;
use roomcast::protocol::time::Timestamp;
use roomcast::runner::Wait;

use crate::world::World;

/// What the room of a world reports.
#[derive(Default)]
pub(crate) struct Reports {
    /// The reports that came to the console.
    pub(crate) came: Vec<Report>,
    /// Whether the deployment has meters.
    pub(crate) metered: bool,
    /// The reports that came to the tenant's meter.
    pub(crate) metered_came: Vec<Report>,
    /// The wait for the next one, and when it ends.
    pub(crate) wait: Option<(Timestamp, Wait)>,
}

impl World {
    /// The room hears that it is watched from now on, for so many milliseconds.
    pub(crate) fn observe(&mut self, ms: u64) {
        let now = self.now;
        self.with_runner(|runner, _| runner.watch(now.plus_ms(ms), now));
    }

    /// Ends the wait for a report, if its time has come.
    pub(crate) fn pass_report_if_due(&mut self) {
        if self.reports.wait.is_some_and(|(at, _)| at <= self.now) {
            self.pass_report();
        }
    }

    /// Lets the time pass until the room reports.
    pub(crate) fn pass_report(&mut self) {
        let (at, wait) = self.reports.wait.take().unwrap();
        self.pass_ms(at.ms_since(self.now));
        self.take_turn(|runner, world| runner.waited(wait, world));
    }

    pub(crate) fn report(&mut self) -> Report {
        assert_eq!(self.reports.came.len(), 1, "one report");
        self.reports.came.remove(0)
    }

    /// Checks that no period is reported twice.
    pub(crate) fn check_reports(&self) {
        for pair in self.reports.came.windows(2) {
            assert!(pair[1].since >= pair[0].at && pair[1].at >= pair[1].since);
        }
    }
}
