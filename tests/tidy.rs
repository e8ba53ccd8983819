//! Checks the form of the code: which modules name which, the size of files, and that every module says what it is
//! for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use written::{files, root};

/// The modules that each module may name. `shell` and the command line may name all.
const EDGES: [(&str, &[&str]); 16] = [
    ("protocol", &["protocol", "limits"]),
    ("limits.rs", &["limits"]),
    ("room", &["room", "protocol", "limits"]),
    ("preset", &["preset", "protocol", "limits"]),
    ("ingest", &["ingest", "preset", "protocol", "limits"]),
    ("auth", &["auth", "protocol", "limits"]),
    ("dialect", &["dialect", "room", "protocol", "limits"]),
    ("runner", &["runner", "dialect", "room", "protocol", "limits"]),
    ("hop", &["hop", "metering", "room", "protocol", "limits"]),
    ("metering", &["metering", "protocol", "limits"]),
    ("quota", &["quota", "protocol", "limits"]),
    ("record.rs", &["record", "protocol", "limits"]),
    ("tenant", &["tenant", "auth", "preset", "protocol", "limits"]),
    ("config.rs", &["config", "auth", "tenant", "protocol", "limits"]),
    ("deployment", &["deployment", "config", "auth", "tenant", "protocol", "limits"]),
    ("spec", &["spec", "metering", "tenant", "ingest", "auth", "protocol", "limits"]),
];

/// The programs. Their files may name each other, but not in a circle.
const PROGRAMS: [&str; 2] = ["src/bin/roomcast", "bench/load/src"];

const LONGEST_FILE: usize = 400;

const WRITTEN_BY_HAND: [&str; 10] = [
    "src",
    "tests",
    "dashboard",
    "scripts",
    "deploy",
    "release",
    "bench",
    "fuzz",
    "selfhost",
    ".ci",
];

#[test]
fn modules_name_only_the_modules_that_they_may() {
    for (module, allowed) in EDGES {
        for (path, text) in files(&root().join("src").join(module), &["rs"]) {
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for named in line.split("crate::").skip(1) {
                    let name: String =
                        named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    assert!(
                        allowed.contains(&name.as_str()),
                        "{}: names {name}: {line}",
                        path.display()
                    );
                }
            }
        }
    }
}

/// The module of a file; that of `main.rs` has no name.
fn module(folder: &Path, file: &Path) -> String {
    let path = file.strip_prefix(folder).unwrap().with_extension("");
    let steps: Vec<_> = path.iter().map(|step| step.to_str().unwrap()).collect();
    steps.join("::").trim_start_matches("main").to_owned()
}

/// The paths in a text. `a::{b, c}` has two. A single word is not a path.
fn paths(text: &str) -> Vec<String> {
    let (mut paths, mut group) = (vec![], "");
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        if word.ends_with("::") {
            group = word;
        } else if !word.is_empty() {
            paths.push(format!("{group}{word}"));
        }
        if piece.ends_with('}') {
            group = "";
        }
    }
    paths.retain(|path| path.contains("::"));
    paths
}

/// The module among `modules` to which a path in the module `from` leads.
fn led_to(from: &str, path: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let (mut place, mut rest) = (from.to_owned(), path);
    if let Some(after) = path.strip_prefix("crate::") {
        (place, rest) = (String::new(), after);
    }
    while let Some(after) = rest.strip_prefix("super::") {
        (place, rest) = (place.rsplit_once("::").map_or("", |(up, _)| up).to_owned(), after);
    }
    for step in rest.split("::") {
        let next = if place.is_empty() { step.to_owned() } else { format!("{place}::{step}") };
        if !modules.contains_key(&next) {
            break;
        }
        place = next;
    }
    (place != from).then_some(place)
}

#[test]
fn the_files_of_a_program_do_not_name_each_other_in_a_circle() {
    for program in PROGRAMS {
        let folder = root().join(program);
        let written = |text: String| {
            let text = text.split("\n#[cfg(test)]").next().unwrap().to_owned();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            code.collect::<Vec<_>>().join("\n")
        };
        let texts: BTreeMap<String, String> = files(&folder, &["rs"])
            .into_iter()
            .filter(|(path, _)| !path.ends_with("tests.rs"))
            .map(|(path, text)| (module(&folder, &path), written(text)))
            .collect();
        let names = |from: &str, text: &str| -> BTreeSet<String> {
            paths(text).iter().filter_map(|path| led_to(from, path, &texts)).collect()
        };
        let mut left: BTreeMap<_, _> =
            texts.iter().map(|(from, text)| (from, names(from, text))).collect();
        assert!(left.values().any(|named| !named.is_empty()), "{program}: nothing was found");
        // A file that names no file that is left is not in a circle.
        while let Some(free) = left.iter().find_map(|(from, named)| {
            named.iter().all(|one| !left.contains_key(one)).then_some(*from)
        }) {
            left.remove(free);
        }
        assert!(left.is_empty(), "{program}: in a circle, or leading to one: {left:#?}");
    }
}

#[test]
fn only_the_shell_knows_the_platform() {
    for (path, text) in files(&root().join("src"), &["rs"]) {
        let here = path.strip_prefix(root().join("src")).unwrap();
        if ["shell", "bin", "deployment"].iter().any(|folder| here.starts_with(folder)) {
            continue;
        }
        for word in ["worker::", "js_sys", "wasm_bindgen", "async fn", "println!", "std::env::"] {
            assert!(!text.contains(word), "{}: {word}", here.display());
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for folder in ["src", "tests", "bench/load/src", "fuzz/src", "fuzz/tests"] {
        for (path, text) in files(&root().join(folder), &["rs"]) {
            let tests = path.file_name().is_some_and(|name| name == "tests.rs");
            assert!(tests || text.starts_with("//!"), "{} opens with no //!", path.display());
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let read_by_people = ["rs", "js", "mjs", "ts", "css", "html", "sh", "capnp", "conf", ""];
    let measured: Vec<PathBuf> = WRITTEN_BY_HAND
        .iter()
        .flat_map(|folder| files(&root().join(folder), &read_by_people))
        .map(|(path, text)| {
            let lines = text.lines().count();
            assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
            path
        })
        .collect();
    for kind in ["src/lib.rs", "scripts/test", "scripts/processes.sh", ".ci/run", "bench/run.js"] {
        assert!(measured.contains(&root().join(kind)), "{kind} was not measured");
    }
}

/// The value that follows the first `name` on a line: `name = value`.
fn setting(text: &str, name: &str) -> String {
    let found = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(" = "));
    found.unwrap_or_else(|| panic!("no {name}")).trim_end_matches(',').to_owned()
}

#[test]
fn the_runtime_behaves_the_same_deployed_self_hosted_and_tested() {
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let deployed = read("wrangler.toml");
    for file in ["selfhost/roomcast.capnp", "tests/e2e/support/worker_config.rs"] {
        let other = read(file);
        for (toml, capnp) in [
            ("compatibility_date", "compatibilityDate"),
            ("compatibility_flags", "compatibilityFlags"),
        ] {
            assert_eq!(setting(&deployed, toml), setting(&other, capnp), "{file}");
        }
    }
}
