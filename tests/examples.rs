//! The sample feeds in `examples/`: each is realistic enough to be worth watching, and its document takes all of it.
//!
//! The document `github` is fed by GitHub: see `github.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use roomcast::ingest::dispatch::{Batch, Pointers};
use roomcast::ingest::envelope::decode;
use roomcast::preset::presets::Presets;
use roomcast::preset::BUILT_IN;
use roomcast::protocol::results::Outcome;

/// The built-in documents that have a feed.
fn fed() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILT_IN.into_iter().filter(|(name, _)| *name != "github")
}

/// The fewest events of a feed.
const EVENTS: usize = 60;

fn lines(preset: &str) -> Vec<String> {
    let name = if preset == "sessions" { "decision-session" } else { preset };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

#[test]
fn each_built_in_document_takes_every_event_of_its_feed() {
    let mut ids = BTreeSet::new();
    for (name, _) in fed() {
        let presets = Presets::parse(name).unwrap();
        let (mut pointers, lines) = (Pointers::new(), lines(name));
        assert!(lines.len() >= EVENTS, "{name} has {} events", lines.len());
        for line in lines {
            let events = decode(line.as_bytes()).unwrap();
            assert!(ids.insert(events.first().unwrap().id.clone()), "twice: {line}");
            let batch = Batch::new(&presets, events).unwrap();
            let dispatch = batch.dispatch(&pointers).unwrap();
            for one in &dispatch.results {
                let ignored = matches!(one.outcome(), Outcome::Ignored { .. });
                assert!(!ignored, "{name}: {line}");
            }
            let learned = dispatch.learn.into_iter();
            pointers.extend(learned.map(|one| (one.aggregate, one.session)));
        }
    }
}

#[test]
fn each_feed_has_every_event_type_of_its_document() {
    for (name, text) in fed() {
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let rows = document["events"].as_array().unwrap().iter();
        let rows = rows.map(|row| row["on"].as_str().unwrap().to_owned());
        let tallies = document["tallies"].as_array().into_iter().flatten();
        let counted = tallies.flat_map(|one| one["events"].as_object().unwrap().keys().cloned());
        let declared: BTreeSet<_> = rows.chain(counted).collect();
        let kind = |line: String| decode(line.as_bytes()).unwrap().remove(0).kind;
        let fed: BTreeSet<_> = lines(name).into_iter().map(kind).collect();
        let missing: Vec<_> = declared.difference(&fed).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}
