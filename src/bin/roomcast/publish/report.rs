//! Shows the user the progress and a summary on stderr, and the results on stdout.
//!
//! Nothing here influences what is sent: sending goes on even if the reader of stdout has left.

use std::io::{stdout, Write as _};

use roomcast::protocol::results::EventResult;

use super::options::PublishOptions;
use crate::posting::counts::Counts;
use crate::posting::terminal::Terminal;

/// The counts so far, and how they are shown.
pub(crate) struct Report {
    total: Option<usize>,
    counts: Counts,
    json: bool,
    terminal: Terminal,
}

impl Report {
    /// A report in which nothing has been sent yet.
    pub(crate) fn new(options: &PublishOptions, total: Option<usize>) -> Self {
        let (json, terminal) = (options.json, Terminal::new(options.quiet));
        Self { total, counts: Counts::default(), json, terminal }
    }

    /// Counts and prints the results of some events.
    pub(crate) fn add(&mut self, results: &[EventResult]) {
        for result in results {
            self.counts.add(result.outcome());
            self.print(result);
        }
        self.terminal.rewrite(self.progress());
    }

    /// Shows the user a message on a line of its own.
    pub(crate) fn note(&self, text: &str) {
        self.terminal.note(text);
    }

    /// Shows the last line.
    pub(crate) fn finish(&self) {
        self.terminal.line(self.progress());
    }

    /// The counts so far, with the total if it is known.
    fn progress(&self) -> String {
        let sent = self.counts.sent();
        match self.total {
            Some(total) => format!("sent {sent} of {total}: {}", self.counts.text()),
            None => format!("sent {sent}: {}", self.counts.text()),
        }
    }

    fn print(&mut self, result: &EventResult) {
        if self.json {
            let text = serde_json::to_string(result).unwrap_or_default();
            // If the reader has left, printing stops, but the events are still sent.
            self.json = writeln!(stdout(), "{text}").is_ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(total: Option<usize>) -> Report {
        Report { total, counts: Counts::default(), json: false, terminal: Terminal::new(true) }
    }

    fn result(outcome: &str) -> EventResult {
        serde_json::from_str(&format!(r#"{{"eventId":"e","status":{outcome}}}"#)).unwrap()
    }

    #[test]
    fn every_event_is_counted_under_its_result() {
        let mut report = report(Some(9));
        report.add(&[
            result(r#""accepted","session":"s","seq":1"#),
            result(r#""duplicate","session":"s","seq":1"#),
            result(r#""superseded","session":"s","seq":1"#),
            result(r#""ignored","reason":"no_session""#),
            result(r#""ignored","reason":"unknown_event_type""#),
            result(r#""ignored","reason":"unknown_event_type""#),
        ]);
        assert_eq!(
            report.progress(),
            "sent 6 of 9: 1 accepted, 1 duplicate, 3 ignored (2 of unknown type, 1 without a session), 1 superseded"
        );
    }

    #[test]
    fn a_pipe_has_no_total() {
        assert_eq!(report(None).progress(), "sent 0: 0 accepted, 0 duplicate, 0 ignored");
    }
}
