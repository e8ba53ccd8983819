//! Tokens as others make them: accepted if they are honest, refused if they are not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod attacks;
mod forms;
mod issuer;
mod properties;
mod rotation;
mod signers;
