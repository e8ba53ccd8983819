//! The files of the repository that people have written, for tests that look at all of them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are skipped wherever they are: what programs made, and the suites of another project, which stay unmodified.
const NOT_OURS: [&str; 10] = [
    "node_modules",
    "target",
    "build",
    "dist",
    "results",
    ".git",
    ".venv",
    ".wrangler",
    ".roomcast",
    "socketio/suites",
];

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file, or all files below a folder that end in this way, with their texts. A script has no extension, which counts as "".
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<(PathBuf, String)> {
    if folder.is_file() {
        return vec![(folder.to_owned(), fs::read_to_string(folder).unwrap())];
    }
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let written = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        extensions.iter().any(|one| extension == *one)
    };
    let wanted = |path: &PathBuf| {
        if path.is_dir() {
            !NOT_OURS.iter().any(|folder| path.ends_with(folder))
        } else {
            written(path)
        }
    };
    entries.filter(wanted).flat_map(|path| files(&path, extensions)).collect()
}
