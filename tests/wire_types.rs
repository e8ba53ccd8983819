//! The types of the client are those of the wire: `client/src/protocol.ts` and `client/src/company.ts` are as
//! `roomcast types` prints them.
//!
//! What the types say is not tested here: `src/protocol/typescript/tests.rs` holds the encoders to them, and
//! `client/tests/wire.test.ts` the vectors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod current;

use current::is_current;
use roomcast::protocol::typescript::{company, protocol};

#[test]
fn the_types_of_frames_codes_and_answers_are_current() {
    is_current("client/src/protocol.ts", &protocol().unwrap(), "types protocol");
}

#[test]
fn the_types_of_presence_and_signals_are_current() {
    is_current("client/src/company.ts", &company().unwrap(), "types company");
}
