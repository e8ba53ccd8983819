//! What is wrong with a document, and where: `events[3].key: …`.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path from the top of the document.
    pub place: String,
    /// What, and how to mend it.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, reason } = self;
        if place.is_empty() {
            f.write_str(reason)
        } else {
            write!(f, "{place}: {reason}")
        }
    }
}

/// Collects what is wrong at one place and below it.
#[derive(Debug)]
pub struct Faults<'f> {
    found: &'f mut Vec<Fault>,
    place: String,
}

impl<'f> Faults<'f> {
    /// For the whole document.
    pub fn new(found: &'f mut Vec<Fault>) -> Self {
        Self { found, place: String::new() }
    }

    /// The same, below this place: a field, or an index such as `[3]`.
    pub fn at(&mut self, step: &str) -> Faults<'_> {
        let dot = if self.place.is_empty() || step.starts_with('[') || step.is_empty() {
            ""
        } else {
            "."
        };
        Faults { place: format!("{}{dot}{step}", self.place), found: self.found }
    }

    /// Something is wrong here.
    pub fn add(&mut self, reason: impl Into<String>) {
        self.found.push(Fault { place: self.place.clone(), reason: reason.into() });
    }

    /// Something is wrong below this place, unless it is `right`.
    pub fn check(&mut self, step: &str, right: bool, reason: &str) {
        if !right {
            self.at(step).add(reason);
        }
    }
}
