//! The rule of a tenant for its rooms: what a room has to know of the tenant's document.
//!
//! The tenant's object tells it. A room that was told none follows [`Rule::default`].

use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use crate::limits::ROOM_RETENTION_MS;

/// The rule of a tenant for its rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Whether nobody may be connected now. A room closes whoever is, and keeps no note of it: front Workers let nobody in.
    pub suspended: bool,
    /// Milliseconds that a room is kept without an event or a member.
    pub retention_ms: u64,
    /// Whether the tenant wants to be told that somebody is connected, or nobody any more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hooks: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self { suspended: false, retention_ms: ROOM_RETENTION_MS, hooks: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_rule_is_unchanged() {
        let text = r#"{"suspended":true,"retention_ms":604800000}"#;
        let read: Rule = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let hooks = r#"{"suspended":true,"retention_ms":604800000,"hooks":true}"#;
        assert_eq!(serde_json::to_string(&Rule { hooks: true, ..read }).unwrap(), hooks);
    }
}
