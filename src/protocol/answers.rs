//! The bodies of answers that are neither frames nor problems: those of posts of revocations, of the admin API, and of `/healthz`.
//!
//! How a room stands is in `report.rs`, what became of events in `results.rs`.

use serde::{Deserialize, Serialize};

use super::ids::TenantName;
use super::time::Timestamp;

/// The deployment is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Health {
    /// `ok`: what is wrong with a deployment is in a problem document.
    pub status: String,
    /// The version of Roomcast.
    pub version: String,
}

impl Health {
    /// Of this version.
    pub fn ok() -> Self {
        Self { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// What a revocation has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Revoked {
    /// Connections that were closed.
    pub closed: usize,
    /// Rooms that were told: those in which the user may have connections.
    pub rooms: usize,
    /// Those of them that did not answer. They are told again.
    pub silent: usize,
    /// False if the user was in more rooms than are remembered: in the others, connections stay until their tokens end.
    pub complete: bool,
}

/// A page of the names of all tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TenantsPage {
    /// Their names, in order.
    pub tenants: Vec<TenantName>,
    /// The name after which the next page begins, if there is one.
    pub next: Option<TenantName>,
}

/// A page of the names of a tenant's rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RoomsPage {
    /// Their names, in order: `session`, or `preset/session`.
    pub rooms: Vec<String>,
    /// The name after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// Until when a tenant is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Watched {
    /// The rooms report until then.
    pub until: Timestamp,
}
