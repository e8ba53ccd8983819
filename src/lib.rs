//! Roomcast: real-time rooms for dashboards, at the edge.
//!
//! A backend posts domain events; the dashboards that look at them see them live. This crate is
//! both the Worker (wasm32, through `shell`) and the library that the command line and the tests
//! use on the host. In reading order:
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`protocol`] | what crosses the wire: ids, frames, codes |
//! | [`limits`] | every number, with its unit and its consequence |
//! | [`room`] | the state machine of one room: no IO, no clock, no async |
//! | [`dialect`] | how each kind of client speaks |
//! | [`runner`] | a room with its dialects, one turn at a time; still no IO |
//! | [`preset`] | the event maps: which events become which updates |
//! | [`ingest`] | a posted body becomes events, events become updates |
//! | [`auth`] | tokens, signatures, origins: who may do what |
//! | [`quota`] | who may have how much, and whose tokens were revoked |
//! | [`hop`] | what the front Worker and the objects say to each other |
//! | [`config`] | the settings of a tenant |
//! | [`record`] | log lines, which show what is in them |
//! | `metering` | what tenants use and what that costs; metrics |
//! | `deployment` | host only: a deployment as programs outside use it |
//! | `spec` | host only: the wire as documents that other tools read |
//! | `shell` | wasm only: the one place that knows the platform |
//!
//! Direction: `shell → runner → dialect → room; shell → hop → metering, room; shell → ingest → preset; shell → auth, quota, config, record`,
//! `config → auth, preset`, `deployment → config, auth`, `spec → tenant, ingest`, and all of them name `protocol` and `limits`. `tests/tidy.rs` checks it.

pub mod auth;
pub mod config;
#[cfg(not(target_arch = "wasm32"))]
pub mod deployment;
pub mod dialect;
pub mod hop;
pub mod ingest;
pub mod limits;
pub mod metering;
pub mod preset;
pub mod protocol;
pub mod quota;
pub mod record;
pub mod room;
pub mod runner;
#[cfg(not(target_arch = "wasm32"))]
pub mod spec;
pub mod tenant;

#[cfg(target_arch = "wasm32")]
mod shell;
