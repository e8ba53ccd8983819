//! `roomcast preset types`: the data of a document's updates as types of TypeScript, so that `data` is known by `updateType`.
//!
//! A document knows which fields there are and not always what is in them. Sample events show that.

use std::path::{Path, PathBuf};

use clap::Args;
use roomcast::deployment::failure::Failure;
use roomcast::ingest::envelope::{self, Rejected};
use roomcast::preset::data_type::DataType;
use roomcast::preset::Preset;
use roomcast::protocol::ids::SessionId;
use roomcast::protocol::typescript;
use serde_json::Value;

use super::document;
use super::trial::worded;

/// Which document, and sample events of it.
#[derive(Debug, Args)]
pub(crate) struct TypesOptions {
    /// The document: a file, or the name of one that is built in
    #[arg(value_name = "FILE")]
    preset: PathBuf,
    /// Sample events, one per line: they show what is in fields of which the document only says where they come from
    #[arg(value_name = "EVENTS")]
    events: Option<PathBuf>,
}

impl TypesOptions {
    /// The options for a document and its samples.
    #[cfg(test)]
    pub(super) fn of(preset: PathBuf, events: PathBuf) -> Self {
        Self { preset, events: Some(events) }
    }
}

/// The types of data, by the type of the update, in the order of the document.
#[derive(Debug, Default)]
struct Types(Vec<(String, DataType)>);

impl Types {
    fn add(&mut self, name: &str, data_type: DataType) {
        match self.0.iter_mut().find(|(of, _)| of == name) {
            Some((_, known)) => *known = std::mem::replace(known, DataType::Unknown).or(data_type),
            None => self.0.push((name.to_owned(), data_type)),
        }
    }

    fn get(&self, name: &str) -> Option<&DataType> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, data_type)| data_type)
    }

    /// Adds those of the updates that the events of a line become.
    fn sample(&mut self, preset: &Preset, session: &SessionId, line: &str) -> Result<(), String> {
        let events = envelope::decode(line.as_bytes()).map_err(worded)?;
        for event in events.iter().filter(|event| preset.takes(event)) {
            let updates = preset
                .map(event, session)
                .map_err(|fault| worded(Rejected::Malformed(vec![fault.at(0)])))?;
            for update in updates {
                let content = format!("{{{}}}", update.content);
                let update: Value = serde_json::from_str(&content).map_err(|e| e.to_string())?;
                let name = update.get("updateType").and_then(Value::as_str).unwrap_or_default();
                self.add(name, update.get("data").map_or(DataType::Unknown, DataType::of));
            }
        }
        Ok(())
    }
}

/// The module.
///
/// # Errors
/// A file cannot be read, or an event is malformed.
pub(super) fn module(options: &TypesOptions) -> Result<String, Failure> {
    let preset = document::load(&options.preset)?;
    let samples = match &options.events {
        Some(file) => samples(&preset, file)?,
        None => Types::default(),
    };
    let mut types = Types::default();
    for (name, data_type) in preset.data_types() {
        let data_type = match samples.get(&name) {
            Some(shown) => data_type.refined(shown),
            None => data_type,
        };
        types.add(&name, data_type);
    }
    print(&preset, &types)
}

/// What is in the updates that the events of a file become.
fn samples(preset: &Preset, file: &Path) -> Result<Types, Failure> {
    let session = "sample".parse().map_err(|_| Failure::Input("no session".to_owned()))?;
    let mut types = Types::default();
    for (number, line) in document::text(file)?.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        types.sample(preset, &session, line).map_err(|why| {
            Failure::Input(format!("{}, line {}: {why}", file.display(), number + 1))
        })?;
    }
    Ok(types)
}

/// The union of all updates. It is the same for all documents.
const UPDATE: &str = "\
/** Any update: `updateType` tells which, and so what `data` is. */
export type Update = { [Type in UpdateType]: UpdateOf<Type> }[UpdateType];
";

fn print(preset: &Preset, Types(types): &Types) -> Result<String, Failure> {
    let update = typescript::update();
    let update = update.map_err(|unprintable| Failure::Machine(unprintable.to_string()))?;
    let name = preset.name.as_str();
    let line = |(name, data_type): &(String, DataType)| {
        format!("  '{name}': {};\n", data_type.typescript(1))
    };
    let lines: String = types.iter().map(line).collect();
    Ok(format!(
        "/** The updates of the document `{name}`. Made by `roomcast preset types`: do not edit. */\n\n\
         /** What each type of updates has as its data. */\nexport interface UpdateData {{\n{lines}}}\n\n\
         export type UpdateType = keyof UpdateData;\n\n{update}\n{UPDATE}"
    ))
}
