//! The types of the client are those of the wire: `client/src/protocol.ts` and `client/src/company.ts` are as
//! `roomcast types` prints them.
//!
//! What the types say is not tested here: `src/protocol/typescript/tests.rs` holds the encoders to them, and
//! `client/tests/wire.test.ts` the vectors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;

use roomcast::protocol::typescript::{company, protocol, Unprintable};

fn is_current(module: &str, made: Result<String, Unprintable>) {
    let file = format!("client/src/{module}.ts");
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let (made, kept) = (made.unwrap(), fs::read_to_string(path).unwrap());
    let differs = made.lines().zip(kept.lines()).position(|(made, kept)| made != kept);
    let line = differs.unwrap_or_else(|| made.lines().count().min(kept.lines().count())) + 1;
    assert!(
        made == kept,
        "{file} is not what the types of the wire are, from line {line} on. To mend it: \
         cargo run --bin roomcast -- types {module} > {file}"
    );
}

#[test]
fn the_types_of_frames_codes_and_answers_are_current() {
    is_current("protocol", protocol());
}

#[test]
fn the_types_of_presence_and_signals_are_current() {
    is_current("company", company());
}
