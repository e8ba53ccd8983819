//! Shows the user what the bridge does: one line that is rewritten on a terminal, and a line from time to time elsewhere.
//!
//! Nothing here influences what is read or posted.

use std::time::Duration;

use tokio::time::Instant;

use super::meter::Meter;
use crate::posting::terminal::Terminal;

/// How often a log that nobody rewrites gets a line.
const EVERY: Duration = Duration::from_secs(30);

/// How the counts are shown.
#[derive(Debug)]
pub(super) struct Report {
    meter: Meter,
    terminal: Terminal,
    /// What was shown last, and when.
    shown: Option<(String, Instant)>,
}

impl Report {
    /// A report in which nothing has been shown yet.
    pub(super) fn new(meter: Meter, quiet: bool) -> Self {
        Self { meter, terminal: Terminal::new(quiet), shown: None }
    }

    /// Shows how things stand, if it is time to.
    pub(super) fn progress(&mut self) {
        let (text, rewrites) = (self.meter.lock().text(), self.terminal.rewrites());
        let (same, soon) = self.shown.as_ref().map_or((false, false), |(before, when)| {
            (*before == text, !rewrites && when.elapsed() < EVERY)
        });
        if same || soon {
            return;
        }
        if rewrites {
            self.terminal.rewrite(&text);
        } else {
            self.terminal.line(&text);
        }
        self.shown = Some((text, Instant::now()));
    }

    /// Shows a message on a line of its own.
    pub(super) fn note(&self, text: &str) {
        self.terminal.note(text);
    }

    /// Shows the last line.
    pub(super) fn finish(&self) {
        self.terminal.line(self.meter.lock().text());
    }
}
