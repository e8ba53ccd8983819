//! How many events became what.
//!
//! Counting and words only: whoever shows them decides where.

use std::collections::BTreeMap;

use roomcast::protocol::results::{IgnoredBecause, Outcome};

/// Events by their results.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    accepted: usize,
    duplicate: usize,
    superseded: usize,
    ignored: BTreeMap<&'static str, usize>,
}

impl Counts {
    /// Counts one event.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted { .. } => self.accepted += 1,
            Outcome::Duplicate { .. } => self.duplicate += 1,
            Outcome::Superseded { .. } => self.superseded += 1,
            Outcome::Ignored { reason, .. } => *self.ignored.entry(why(*reason)).or_default() += 1,
            // A request with such a result is sent again, so none is reported.
            Outcome::Failed { .. } => {}
        }
    }

    /// All of them.
    pub(crate) fn sent(&self) -> usize {
        self.accepted + self.duplicate + self.superseded + self.ignored.values().sum::<usize>()
    }

    /// The numbers, by the words of the wire.
    pub(crate) fn each(&self) -> [(&'static str, usize); 4] {
        let Self { accepted, duplicate, superseded, ignored } = self;
        let ignored = ignored.values().sum();
        [
            ("accepted", *accepted),
            ("duplicate", *duplicate),
            ("superseded", *superseded),
            ("ignored", ignored),
        ]
    }

    /// As shown to the user.
    pub(crate) fn text(&self) -> String {
        let Self { accepted, duplicate, superseded, ignored } = self;
        let reasons: Vec<_> = ignored.iter().map(|(why, count)| format!("{count} {why}")).collect();
        let total: usize = ignored.values().sum();
        let text = format!("{accepted} accepted, {duplicate} duplicate, {total} ignored");
        let reasons =
            if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
        // Few presets have an `order`, so the word is shown only if there is something to count.
        let superseded =
            if *superseded == 0 { String::new() } else { format!(", {superseded} superseded") };
        text + &reasons + &superseded
    }
}

fn why(reason: IgnoredBecause) -> &'static str {
    match reason {
        IgnoredBecause::UnknownEventType => "of unknown type",
        IgnoredBecause::NoSession => "without a session",
        IgnoredBecause::Invalid => "that lack what the event map needs",
    }
}
