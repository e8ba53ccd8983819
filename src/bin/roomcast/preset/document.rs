//! Finds documents: built in, or in a file.

use std::fs;
use std::path::Path;

use roomcast::deployment::failure::Failure;
use roomcast::preset::{Preset, BUILT_IN};

/// The document of this name if it is built in, else the one in this file.
pub(super) fn load(name: &Path) -> Result<Preset, Failure> {
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

/// The text of a file.
pub(super) fn text(file: &Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::Input(format!("{}: {error}", file.display()));
    fs::read_to_string(file).map_err(unreadable)
}
