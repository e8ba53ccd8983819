//! How many members a room may have, and what happens to the next.

use serde::{Deserialize, Serialize};

/// How many members a room may have, and what happens to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Capacity {
    /// The members, at most [`crate::limits::TREE_CLIENTS`]. By default as many as the room and its relays take. A room that does not
    /// spread takes [`crate::limits::ROOM_CLIENTS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<usize>,
    /// What happens to the next.
    #[serde(default)]
    pub when_full: WhenFull,
}

/// What happens to a client that wants to join a full room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum WhenFull {
    /// It is refused with 503 `room_full`.
    #[default]
    Refuse,
    /// The member that was heard of longest ago is closed with 4409 `replaced`.
    CloseOldestIdle,
}
