//! The size of the deployed bundle, which is downloaded and compiled at every cold start.

use std::fs;
use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::Compression;

use crate::support::checkout;

/// The most bytes that the Worker may have, compressed as in `scripts/build`.
const BUDGET: usize = 1_000_000;

fn gzipped(file: &str) -> usize {
    let bytes = fs::read(checkout(file)).expect("the Worker, which scripts/build makes");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn the_bundle_stays_within_its_budget() {
    let bytes = gzipped("build/index.js") + gzipped("build/index_bg.wasm");
    assert!(bytes < BUDGET, "{bytes} bytes gzipped, of {BUDGET}");
}
