//! Runs one target under libFuzzer. `scripts/fuzz` builds and calls it.
//!
//! `FUZZ_TARGET` names the target. `FUZZ_SEEDS` is a folder into which its seeds are written first.

#![no_main]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "without a target there is nothing to run, and a fault here is ours"
)]

use std::sync::OnceLock;
use std::{env, fs};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use roomcast_fuzz::mutate::mutate;
use roomcast_fuzz::targets::{named, Target};

static TARGET: OnceLock<Target> = OnceLock::new();

fn prepare() {
    let name = env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let target = named(&name).expect("FUZZ_TARGET names one of the targets");
    if let Ok(folder) = env::var("FUZZ_SEEDS") {
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            fs::write(format!("{folder}/seed-{number}"), seed).expect("FUZZ_SEEDS can be written");
        }
    }
    let _ = TARGET.set(target);
}

fuzz_target!(init: prepare(), |input: &[u8]| {
    if let Some(target) = TARGET.get() {
        (target.run)(input);
    }
});

// libFuzzer's own changes are blind and fast, and learn from comparisons; ours keep the form.
fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    if seed.is_multiple_of(2) {
        return fuzzer_mutate(data, size, most);
    }
    let changed = mutate(&data[..size], seed, most);
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
});
