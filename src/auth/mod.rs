//! Who may do what: tokens of dashboards, signatures of backends, origins of pages.
//!
//! Plain functions that turn bytes and a point in time into a verdict. They do no IO and look up no settings, and
//! a client is told no more than which check failed.

pub mod admin;
pub mod admission;
pub mod algorithm;
pub mod ed25519;
pub mod jwks;
pub mod key;
pub mod operator;
pub mod origin;
pub mod secret;
pub mod token;
pub mod webhook;
