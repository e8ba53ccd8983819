//! All places that name the version of Roomcast name the same one, and the changelog has an entry for it. What is made from the Rust types, such as the
//! documents of the wire, is compared with them by `tests/spec.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;

use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Each lock file that has one of our npm packages, and under which name.
const LOCKED: [(&str, &str); 4] = [
    ("client/package-lock.json", ""),
    ("dashboard/package-lock.json", ""),
    ("examples/react-query/package-lock.json", "../../client"),
    ("examples/svelte/package-lock.json", "../../client"),
];

fn read(file: &str) -> String {
    fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&read(file)).unwrap()
}

#[test]
fn npm_packages_and_their_lock_files_have_the_version_of_the_crate() {
    for file in ["client/package.json", "dashboard/package.json"] {
        assert_eq!(json(file)["version"], VERSION, "{file}");
    }
    for (file, name) in LOCKED {
        assert_eq!(json(file)["packages"][name]["version"], VERSION, "{file}");
    }
}

#[test]
fn every_crate_of_the_workspace_has_the_version() {
    let lock = read("Cargo.lock");
    for name in ["roomcast", "roomcast-load", "roomcast-fuzz"] {
        let entry = format!("name = \"{name}\"\nversion = \"{VERSION}\"\n");
        assert!(lock.contains(&entry), "{name} has another version in Cargo.lock");
    }
}

#[test]
fn the_documents_of_the_wire_and_the_readme_name_the_version() {
    for file in ["docs/openapi.json", "docs/asyncapi.json"] {
        assert_eq!(json(file)["info"]["version"], VERSION, "{file}");
    }
    assert!(read("README.md").contains(&format!("This is {VERSION}.")), "README.md");
}

#[test]
fn the_newest_entry_of_the_changelog_is_that_of_the_version() {
    let changelog = read("CHANGELOG.md");
    let mut entries = changelog.lines().filter_map(|line| line.strip_prefix("## ["));
    assert_eq!(entries.next(), Some("Unreleased]"));
    let newest = entries.next().unwrap();
    let date = newest.strip_prefix(&format!("{VERSION}] - "));
    assert!(date.is_some_and(|date| date.len() == 10), "CHANGELOG.md: {newest}");
}

/// Which registry a machine uses is its own affair, and a lock file that names one serves no other.
#[test]
fn no_lock_file_names_a_registry_of_npm() {
    for file in LOCKED.map(|(file, _)| file).into_iter().chain(["package-lock.json"]) {
        let named = read(file)
            .lines()
            .find(|line| line.contains("\"resolved\": \"http"))
            .map(str::to_owned);
        assert_eq!(named, None, "{file}");
    }
}
