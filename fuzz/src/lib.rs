//! Fuzz targets: a function per decoder, with what has to hold for any input. A finding is a panic.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`targets`] | the decoders, and what has to hold for each |
//! | [`seeds`] | inputs to begin with: the vectors, documents and examples of the repository |
//! | [`mutate`] | changes inputs in a way that keeps most of their form |
//! | [`parts`] | inputs of several texts |
//! | [`stage`] | a room in memory, for targets that need one |
//! | [`jwt`] | signs tokens |
//!
//! `src/main.rs` runs one target under libFuzzer, which knows what an input has reached. `tests/corpus.rs` runs all of them
//! for a moment without that. Nothing here is random by itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a finding is a panic"
)]

pub mod jwt;
pub mod mutate;
pub mod parts;
pub mod seeds;
pub mod stage;
pub mod targets;
