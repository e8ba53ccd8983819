//! What is wrong with a document, and where: `events[3].key: …`.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path from the top of the document.
    pub place: String,
    /// What, and how to mend it.
    pub reason: String,
}

impl Fault {
    /// The same, in a list at this index.
    #[must_use]
    pub fn below(self, index: usize) -> Self {
        let dot = if self.place.is_empty() { "" } else { "." };
        Self { place: format!("[{index}]{dot}{}", self.place), ..self }
    }
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

/// Reads a large document. In the Worker it only says what is wrong: saying where takes as much code again as reading does,
/// which for a preset would be 45 KB of the bundle. The command line says it.
///
/// # Errors
/// The first thing that is wrong with its form, as [`read`] says it.
#[cfg(target_arch = "wasm32")]
pub fn read_large<T: DeserializeOwned>(document: Value) -> Result<T, Fault> {
    serde_json::from_value(document).map_err(|error| {
        let reason = format!("{} (`roomcast preset check` says where)", wanted(&error.to_string()));
        Fault { place: String::new(), reason }
    })
}

/// Reads a large document.
///
/// # Errors
/// The first thing that is wrong with its form, as [`read`] says it.
#[cfg(not(target_arch = "wasm32"))]
pub fn read_large<T: DeserializeOwned>(document: Value) -> Result<T, Fault> {
    read(document)
}

/// Reads a document.
///
/// # Errors
/// The first thing that is wrong with its form. Says what is wanted, and never what is there: that may be a secret.
pub fn read<T: DeserializeOwned>(document: Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let place = error.path().to_string();
        let place = if place == "." { String::new() } else { place };
        Fault { place, reason: wanted(&error.into_inner().to_string()) }
    })
}

/// The message of serde without the value that was found. Names of fields stay, and so do our own messages, which show no
/// value.
fn wanted(message: &str) -> String {
    let shows = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    if !shows.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None => "is malformed".to_owned(),
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading it is tested")]
    struct Form {
        list: Vec<u32>,
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Other,
    }

    fn fault(document: Value) -> String {
        read::<Form>(document).unwrap_err().to_string()
    }

    #[test]
    fn a_fault_names_the_place_and_never_the_value() {
        assert_eq!(fault(json!({"list": [1, "hunter2"]})), "list[1]: must be u32");
        assert_eq!(fault(json!({"list": "hunter2"})), "list: must be a sequence");
        let kind = fault(json!({"list": [], "kind": "hunter2"}));
        assert_eq!(kind, "kind: must be `one` or `other`");
        assert_eq!(fault(json!({})), "missing field `list`");
        assert!(fault(json!({"list": [], "lost": 1})).contains("unknown field `lost`"));
    }
}
