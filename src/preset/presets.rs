//! The documents of a tenant.

use serde_json::Value;

use super::faults::Fault;
use super::path::Path;
use super::Preset;
use crate::protocol::ids::{PresetName, RoomName, SessionId, TenantName};

/// The documents of a tenant; at least one. The rooms of the first are named `tenant/session`, as they were when there was
/// only one; those of the others `tenant/preset/session`. So a deployment must not change which one is the first.
#[derive(Debug, Clone)]
pub struct Presets(Vec<Preset>);

/// A path of a document that a request is for.
#[derive(Debug, Clone)]
pub struct Place<'p> {
    /// The number of the document.
    pub preset: usize,
    /// The path.
    pub path: &'p Path,
    /// The session, as written in the request.
    pub session: String,
}

impl Presets {
    /// Reads a setting: names of built-in documents separated by blanks or commas, a document, or a list of both.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(setting: &str) -> Result<Self, String> {
        let text = setting.trim();
        let malformed = |error: serde_json::Error| error.to_string();
        let entries = if text.starts_with('[') {
            serde_json::from_str(text).map_err(malformed)?
        } else if text.starts_with('{') {
            vec![serde_json::from_str(text).map_err(malformed)?]
        } else {
            let names = text.split([' ', ',', '\n']).filter(|name| !name.is_empty());
            names.map(Value::from).collect()
        };
        Self::read(entries).map_err(|faults| listed(&faults))
    }

    /// Reads a list of names of built-in documents, and documents.
    ///
    /// # Errors
    /// Everything that is wrong with them, and where.
    pub fn read(entries: Vec<Value>) -> Result<Self, Vec<Fault>> {
        let (mut presets, mut found) = (Vec::new(), Vec::new());
        for (index, entry) in entries.into_iter().enumerate() {
            let preset = match entry.as_str() {
                Some(name) => Preset::built_in(name),
                None => Preset::read(entry),
            };
            match preset {
                Ok(preset) => presets.push(preset),
                Err(faults) => found.extend(faults.into_iter().map(|fault| fault.below(index))),
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let whole = |reason| vec![Fault { place: String::new(), reason }];
        Self::checked(presets).map_err(whole)
    }

    fn checked(presets: Vec<Preset>) -> Result<Self, String> {
        if presets.is_empty() {
            return Err("must name at least one document".to_owned());
        }
        let mut paths: Vec<(&PresetName, &str)> = Vec::new();
        for (number, preset) in presets.iter().enumerate() {
            if presets.iter().take(number).any(|other| other.name == preset.name) {
                return Err(format!("two documents are called `{}`", preset.name));
            }
            for path in &preset.paths {
                let example = path.path.replace("{session}", "x");
                let same = |(_, other): &&(&PresetName, &str)| {
                    *other == path.path || other.replace("{session}", "x") == example
                };
                if let Some((owner, _)) = paths.iter().find(same) {
                    return Err(format!(
                        "`{}` and `{owner}` both have the path {}",
                        preset.name, path.path
                    ));
                }
                paths.push((&preset.name, &path.path));
            }
        }
        Ok(Self(presets))
    }

    /// The documents, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Preset)> {
        self.0.iter().enumerate()
    }

    /// The document with a number.
    pub fn get(&self, number: usize) -> Option<&Preset> {
        self.0.get(number)
    }

    /// The name of a document in results and names of rooms. The first has none.
    pub fn name(&self, number: usize) -> Option<&PresetName> {
        self.get(number).map(|preset| &preset.name).filter(|_| number > 0)
    }

    /// The room of a session of a document.
    pub fn room(&self, tenant: &TenantName, number: usize, session: &SessionId) -> RoomName {
        let (tenant, session) = (tenant.clone(), session.clone());
        RoomName { tenant, preset: self.name(number).cloned(), session, relay: None }
    }

    /// The path of a document that a request's path is for.
    pub fn place(&self, path: &str) -> Option<Place<'_>> {
        let paths = self
            .iter()
            .flat_map(|(number, preset)| preset.paths.iter().map(move |path| (number, path)));
        let mut places = paths.filter_map(|(preset, own)| {
            let session = own.session(path)?;
            Some(Place { preset, path: own, session })
        });
        places.next()
    }
}

impl From<Preset> for Presets {
    fn from(preset: Preset) -> Self {
        Self(vec![preset])
    }
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = r#"{"name": "board", "session": {"aggregate": "B", "field": "b"},
        "events": [{"on": "a", "emit": "a", "key": "k", "data": {}}],
        "paths": [{"path": "/b/{session}", "serves": "live"}]}"#;

    fn names(setting: &str) -> Vec<String> {
        let presets = Presets::parse(setting).unwrap();
        presets.iter().map(|(_, preset)| preset.name.to_string()).collect()
    }

    #[test]
    fn a_setting_names_documents_or_holds_them() {
        assert_eq!(names("sessions"), ["sessions"]);
        assert_eq!(names("sessions admin, projects"), ["sessions", "admin", "projects"]);
        assert_eq!(names(BOARD), ["board"]);
        assert_eq!(names(&format!(r#"["stats", {BOARD}]"#)), ["stats", "board"]);
    }

    #[test]
    fn documents_that_cannot_be_together_are_refused() {
        let fault = |setting: &str| Presets::parse(setting).unwrap_err();
        assert!(fault("nope").contains("one of: sessions, admin"));
        assert!(fault("").contains("at least one"));
        assert!(fault("stats stats").contains("`stats`"));
        let other = BOARD.replace(r#""name": "board""#, r#""name": "other""#);
        assert!(fault(&format!("[{BOARD},{other}]")).contains("/b/{session}"));
    }

    #[test]
    fn the_rooms_of_the_first_document_have_no_prefix() {
        let presets = Presets::parse(&format!(r#"["stats", {BOARD}]"#)).unwrap();
        let (tenant, session) = ("demo".parse().unwrap(), "s-1".parse().unwrap());
        let room = |number| presets.room(&tenant, number, &session).to_string();
        assert_eq!((room(0).as_str(), room(1).as_str()), ("demo/s-1", "demo/board/s-1"));
        let place = presets.place("/b/s-7").unwrap();
        assert_eq!((place.preset, place.session.as_str()), (1, "s-7"));
        assert!(presets.place("/nowhere").is_none());
    }
}
