//! Every crate, also those of tests and tools, has a licence that `deny.toml` allows. So a new dependency with another one is noticed at once, and not only
//! when `scripts/audit` runs cargo-deny, which says much more and takes minutes to install.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What `deny.toml` allows: everywhere, and for single crates.
#[derive(Default)]
struct Allowed {
    everywhere: BTreeSet<String>,
    exceptions: BTreeMap<String, BTreeSet<String>>,
}

fn quoted(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split('"').skip(1).step_by(2).map(str::to_owned)
}

/// The lines of the list that begins in this way.
fn list<'a>(text: &'a str, start: &str) -> impl Iterator<Item = &'a str> {
    let found = text.split(start).nth(1).unwrap_or_else(|| panic!("deny.toml has no {start}"));
    found.lines().take_while(|line| *line != "]").filter(|line| !line.trim_start().starts_with('#'))
}

fn allowed() -> Allowed {
    let text = fs::read_to_string(format!("{ROOT}/deny.toml")).unwrap();
    let everywhere = list(&text, "\nallow = [\n").flat_map(quoted).collect();
    let exceptions = list(&text, "\nexceptions = [\n").map(|line| {
        let mut names = quoted(line);
        (names.next().unwrap(), names.collect())
    });
    Allowed { everywhere, exceptions: exceptions.collect() }
}

impl Allowed {
    fn has(&self, name: &str, license: &LicenseReq) -> bool {
        let license = license.to_string();
        self.everywhere.contains(&license)
            || self.exceptions.get(name).is_some_and(|more| more.contains(&license))
    }
}

fn crates() -> Vec<Value> {
    let arguments = ["metadata", "--locked", "--all-features", "--format-version", "1"];
    let run = Command::new(env!("CARGO")).args(arguments).current_dir(ROOT).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut metadata: Value = serde_json::from_slice(&run.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

#[test]
fn every_crate_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    assert!(allowed.everywhere.contains("MIT"), "the list was not found in deny.toml");
    let crates = crates();
    assert!(crates.len() > 100, "cargo lists {} crates", crates.len());
    for one in crates {
        let (name, license) = (one["name"].as_str().unwrap(), one["license"].as_str());
        let license = license.unwrap_or_else(|| panic!("{name} does not say its licence"));
        // Old manifests write `/` for OR.
        let expression = Expression::parse_mode(license, ParseMode::LAX).unwrap();
        assert!(
            expression.evaluate(|required| allowed.has(name, required)),
            "{name}: {license} is not allowed. Read the licence, then add it to deny.toml, or do without the crate"
        );
    }
}
