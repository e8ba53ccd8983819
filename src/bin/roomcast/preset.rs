//! `roomcast preset`: checks documents of dashboards, and shows what their clients would see.
//!
//! Asks no server. What it runs is the code that a server runs.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use roomcast::deployment::failure::Failure;
use roomcast::preset::{Preset, BUILT_IN};

mod stage;
mod trial;

pub(crate) use trial::TrialOptions;

/// What to do with documents.
#[derive(Debug, Subcommand)]
pub(crate) enum PresetCommand {
    /// Say what is wrong with documents, and where
    Check(CheckOptions),
    /// Print the frames that a client would see of events
    Try(TrialOptions),
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
        PresetCommand::Schema => {
            print!("{}", schema());
            Ok(())
        }
    }
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let mut wrong = 0;
    for file in files {
        let name = file.display();
        match Preset::parse(&text(file)?) {
            Ok(preset) => println!("{name}: the document `{}` is fine", preset.name),
            Err(faults) => {
                wrong += 1;
                for fault in faults {
                    println!("{name}: {fault}");
                }
            }
        }
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::Input("one document needs mending".to_owned())),
        many => Err(Failure::Input(format!("{many} documents need mending"))),
    }
}

/// The document of this name if it is built in, else the one in this file.
fn load(name: &Path) -> Result<Preset, Failure> {
    let built_in = BUILT_IN.iter().find(|(known, _)| name.as_os_str() == *known);
    let text = match built_in {
        Some((_, text)) => (*text).to_owned(),
        None => text(name)?,
    };
    Preset::parse(&text).map_err(|faults| {
        let listed: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Failure::Input(format!("{}: {}", name.display(), listed.join("; ")))
    })
}

fn text(file: &Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::Input(format!("{}: {error}", file.display()));
    fs::read_to_string(file).map_err(unreadable)
}

/// The JSON Schema of documents, with a newline at the end.
fn schema() -> String {
    let schema = schemars::schema_for!(Preset);
    // A schema consists of texts and numbers, so encoding cannot fail.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = include_str!("../../../docs/preset.schema.json");

    #[test]
    fn the_published_schema_is_that_of_the_types() {
        assert!(
            PUBLISHED == schema(),
            "docs/preset.schema.json is old: roomcast preset schema > docs/preset.schema.json"
        );
    }

    #[test]
    fn a_document_is_built_in_or_a_file() {
        assert_eq!(load(Path::new("stats")).unwrap().name.as_str(), "stats");
        assert_eq!(load(Path::new("presets/admin.json")).unwrap().name.as_str(), "admin");
        assert!(load(Path::new("nowhere.json")).unwrap_err().to_string().contains("nowhere.json"));
    }
}
