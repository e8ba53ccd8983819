//! Runs every target for a moment: with its seeds, with everything that was ever found, and with some changes of these.
//!
//! Says whether the targets work, and keeps what was found from coming back. `scripts/fuzz` looks for more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use roomcast_fuzz::mutate::mutate;
use roomcast_fuzz::targets::{Target, ALL};

/// Changed inputs of each target.
const CHANGED: usize = 300;

/// Bytes of a changed input.
const MOST: usize = 64 * 1024;

/// The inputs that once were findings: `findings/<target>/<name>.input`.
fn findings(target: &Target) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("findings").join(target.name);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn what_was_found_is_not_found_again() {
    for target in ALL {
        for input in findings(target) {
            (target.run)(&input);
        }
    }
}

#[test]
fn every_target_takes_its_seeds_and_changes_of_them() {
    for target in ALL {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for input in &seeds {
            (target.run)(input);
        }
        for (seed, input) in (0..).zip(seeds.iter().cycle().take(CHANGED)) {
            (target.run)(&mutate(input, seed, MOST));
        }
    }
}

#[test]
fn a_finding_belongs_to_a_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("findings");
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(ALL.iter().any(|target| target.name == name), "no target {name}");
    }
}
