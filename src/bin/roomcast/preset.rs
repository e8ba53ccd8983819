//! `roomcast preset`: checks documents of dashboards, and shows what their clients would see.
//!
//! Asks no server. What it runs is the code that a server runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use roomcast::deployment::failure::Failure;
use roomcast::preset::Preset;

mod document;
mod stage;
mod trial;
mod types;

pub(crate) use trial::TrialOptions;
pub(crate) use types::TypesOptions;

use crate::documents;

/// What to do with documents.
#[derive(Debug, Subcommand)]
pub(crate) enum PresetCommand {
    /// Say what is wrong with documents, and where
    Check(CheckOptions),
    /// Print the frames that a client would see of events
    Try(TrialOptions),
    /// Print the data of updates as types of TypeScript
    Types(TypesOptions),
    /// Print the JSON Schema of documents, for editors
    Schema,
}

/// The documents to check.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs one of the commands.
///
/// # Errors
/// A file cannot be read, or something is wrong with a document or an event.
pub(crate) fn run(command: &PresetCommand) -> Result<(), Failure> {
    match command {
        PresetCommand::Check(options) => check(&options.files),
        PresetCommand::Try(options) => trial::run(options),
        PresetCommand::Types(options) => {
            print!("{}", types::module(options)?);
            Ok(())
        }
        PresetCommand::Schema => {
            print!("{}", documents::schema::<Preset>());
            Ok(())
        }
    }
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    documents::check(files, |file| {
        let preset = Preset::parse(&document::text(file)?);
        Ok(preset.map(|preset| format!("the document `{}` is fine", preset.name)))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::document::load;
    use super::*;

    const PUBLISHED: &str = include_str!("../../../docs/preset.schema.json");

    #[test]
    fn the_published_schema_is_that_of_the_types() {
        assert!(
            PUBLISHED == documents::schema::<Preset>(),
            "docs/preset.schema.json is old: roomcast preset schema > docs/preset.schema.json"
        );
    }

    #[test]
    fn the_types_of_the_client_are_those_of_the_documents() {
        let samples = [
            ("sessions", "decision-session"),
            ("admin", "admin"),
            ("projects", "projects"),
            ("tasks", "tasks"),
            ("stats", "stats"),
            ("console", "console"),
        ];
        for (name, sample) in samples {
            let events = PathBuf::from(format!("examples/{sample}.jsonl"));
            let options = TypesOptions::of(name.into(), events);
            let committed = fs::read_to_string(format!("client/src/presets/{name}.ts")).unwrap();
            assert!(
                types::module(&options).unwrap() == committed,
                "old: roomcast preset types {name} examples/{sample}.jsonl > client/src/presets/{name}.ts"
            );
        }
    }

    #[test]
    fn a_document_is_built_in_or_a_file() {
        assert_eq!(load(Path::new("stats")).unwrap().name.as_str(), "stats");
        assert_eq!(load(Path::new("presets/admin.json")).unwrap().name.as_str(), "admin");
        assert!(load(Path::new("nowhere.json")).unwrap_err().to_string().contains("nowhere.json"));
    }
}
