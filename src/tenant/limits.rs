//! What a tenant's clients and backends may use. Who counts it is decided in `quota`.

use serde::Deserialize;

use crate::limits::SPREAD_ABOVE;

/// The limits of a tenant. A limit that is left out has its default; `null` means no limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Limits {
    /// Connections that a user may have at once, over all rooms. Beyond it: `user_full`.
    pub connections_per_user: Option<u32>,
    /// Connections that there may be at once from one address. Beyond it: `address_full`. A path of a document may have its own.
    pub connections_per_address: Option<u32>,
    /// Attempts to connect that there may be in a minute from one address. Beyond it: `attempts_exceeded`. Where the Worker has a
    /// rate limiting binding, the numbers of that count instead, and this one only says whether attempts are limited at all.
    pub attempts_per_minute: Option<u32>,
    /// Members of a room from which further ones are connected to relays of the room, and how many of them each relay takes: 1 to
    /// 10,000. `null`: rooms do not spread, and have 10,000 members at most.
    pub spread_above: Option<usize>,
    /// Events that the tenant may post in a second. Beyond it: `events_exceeded`, and nothing of the request is applied.
    pub events_per_second: Option<u32>,
    /// Events that one room takes in a second. Beyond it: `events_exceeded`, and nothing of the request is applied.
    pub room_events_per_second: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_user: Some(5),
            connections_per_address: None,
            attempts_per_minute: Some(100),
            spread_above: Some(SPREAD_ABOVE),
            events_per_second: None,
            room_events_per_second: None,
        }
    }
}
