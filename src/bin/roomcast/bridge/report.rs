//! Shows the user what the bridge does: one line that is rewritten on a terminal, and a line from time to time elsewhere.
//!
//! Nothing here influences what is read or posted.

use std::io::{stderr, IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::Instant;

use super::meter::Meter;

/// Back to the start of the line, and clear it.
const REWRITE: &str = "\r\x1b[K";

/// How often a log that nobody rewrites gets a line.
const EVERY: Duration = Duration::from_secs(30);

/// How the counts are shown.
#[derive(Debug)]
pub(super) struct Report {
    meter: Meter,
    quiet: bool,
    rewriting: bool,
    /// What was shown last, and when.
    shown: Option<(String, Instant)>,
}

impl Report {
    /// A report in which nothing has been shown yet.
    pub(super) fn new(meter: Meter, quiet: bool) -> Self {
        Self { meter, quiet, rewriting: !quiet && stderr().is_terminal(), shown: None }
    }

    /// Shows how things stand, if it is time to.
    pub(super) fn progress(&mut self) {
        let text = self.meter.lock().text();
        let (same, soon) = self.shown.as_ref().map_or((false, false), |(before, when)| {
            (*before == text, !self.rewriting && when.elapsed() < EVERY)
        });
        if self.quiet || same || soon {
            return;
        }
        let (start, end) = if self.rewriting { (REWRITE, "") } else { ("", "\n") };
        show(format_args!("{start}{text}{end}"));
        self.shown = Some((text, Instant::now()));
    }

    /// Shows a message on a line of its own.
    pub(super) fn note(&self, text: &str) {
        let start = if self.rewriting { REWRITE } else { "" };
        if !self.quiet {
            show(format_args!("{start}roomcast: {text}\n"));
        }
    }

    /// Shows the last line.
    pub(super) fn finish(&self) {
        let start = if self.rewriting { REWRITE } else { "" };
        if !self.quiet {
            show(format_args!("{start}{}\n", self.meter.lock().text()));
        }
    }
}

fn show(text: std::fmt::Arguments<'_>) {
    // There is no other place to report that stderr cannot be written to.
    let _ = stderr().write_fmt(text);
}
