//! Who may do what: tokens of dashboards, signatures of backends, origins of pages.
//!
//! Plain functions from bytes and a point in time to a verdict. No IO, no configuration parsing, and
//! nothing here says to a client more than which check failed.

pub mod admission;
pub mod origin;
pub mod secret;
pub mod token;
pub mod webhook;
