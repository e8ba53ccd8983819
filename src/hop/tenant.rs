//! What the front Worker, the rooms and the admin API ask a tenant's object, and what it answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::metering::statement::{DayUsage, Statement};
use crate::protocol::ids::Epoch;
pub use crate::protocol::occupancy::Change;
pub use crate::protocol::rule::Rule;
use crate::protocol::time::Timestamp;

/// What a front Worker knows of a tenant when it asks for the document.
#[derive(Debug, Serialize, Deserialize)]
pub struct Known {
    /// The version of the copy that it has.
    pub version: Option<String>,
    /// A key that a token names and that the copy does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// The document of a tenant, for a front Worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copy {
    /// The copy is still right.
    Unchanged,
    /// The copy is not, or there was none.
    Changed {
        /// The version.
        version: String,
        /// The document with its secrets, which never leaves the deployment.
        document: Value,
        /// The sets of keys (JWKS) that the document names, as they were fetched.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keys: Vec<String>,
    },
    /// There is no such tenant.
    Unknown,
}

/// The answer to a front Worker that asks for the document.
#[derive(Debug, Serialize, Deserialize)]
pub struct Copied {
    /// The document.
    pub copy: Copy,
    /// Until when the operator watches the tenant, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Timestamp>,
    /// Milliseconds from one burst of a room to the next, while the tenant is over its budget and wants its rooms to save.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowed: Option<u32>,
}

/// What the admin API asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The document, without its secrets.
    Get,
    /// This is the document from now on.
    Put {
        /// The document as it was posted.
        document: Value,
        /// When it may be put.
        condition: Condition,
    },
    /// There is no such tenant any longer.
    Delete {
        /// When it may be deleted.
        condition: Condition,
    },
    /// The same document, sealed with the newest key.
    Reseal,
    /// The operator watches the tenant from now on.
    Watch,
    /// The names of rooms that have begun.
    Rooms {
        /// The room after which the page begins: its name among those of the tenant, or nothing for the first page.
        after: String,
        /// How many it has at most.
        limit: usize,
    },
    /// What the tenant has used: in all, today, and on so many days before.
    Usage {
        /// How many.
        days: u64,
    },
}

/// The conditions of a request (RFC 9110, sections 13.1.1 and 13.1.2), as its headers have them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Condition {
    /// `If-Match`
    pub matches: Option<String>,
    /// `If-None-Match`
    pub differs: Option<String>,
}

/// What a tenant's object answers to the admin API.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The document, without its secrets, and its version.
    Document {
        /// The version.
        version: String,
        /// The document.
        document: Value,
        /// Whether there was none before.
        created: bool,
    },
    /// It is watched.
    Watched {
        /// Until when.
        until: Timestamp,
    },
    /// Names of rooms in their order. Each is that among the rooms of the tenant.
    Rooms {
        /// The names.
        names: Vec<String>,
        /// Whether there are more.
        more: bool,
    },
    /// What the tenant has used.
    Usage {
        /// In all and today.
        statement: Box<Statement>,
        /// On days before, the latest first.
        days: Vec<DayUsage>,
    },
    /// It is being deleted.
    Deleted,
    /// There is no such tenant.
    Unknown,
    /// It is not as the condition wants it.
    ConditionFailed,
    /// Another change is under way.
    Changing,
    /// It was deleted a moment ago, and its rooms are still being ended.
    Ending,
    /// The document is not right, or holds what another tenant has.
    Faulty {
        /// Whether it is right, but holds what another tenant has.
        conflict: bool,
        /// What is wrong, and where.
        faults: Vec<Fault>,
    },
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where, as a path such as `tokens.keys[0].secret`; empty for the whole document.
    pub place: String,
    /// What, and how to mend it.
    pub reason: String,
}

/// A room that has begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    /// Its name.
    pub room: String,
    /// Its epoch.
    pub epoch: Epoch,
}

/// What a room that has begun is told.
#[derive(Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The rule of the tenant. If there is no such tenant, there is none, and the room ends.
    pub rule: Option<Rule>,
}

/// A room that has ended, because nobody used it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Its name.
    pub room: String,
    /// Its epoch. A room of the same name that has begun since has another.
    pub epoch: Epoch,
}

/// A tenant's answer to a room that somebody looks at, or nobody any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct Noted {
    /// Whether there is nothing more to do for the room. If not, it tells it again later.
    pub noted: bool,
}

/// A room's answer to a rule.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ruled {
    /// Whether the room has begun. If not, it does not begin, and follows no rule.
    pub begun: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::tests::same;

    #[test]
    fn the_form_of_a_copy_is_unchanged() {
        same::<Known>(r#"{"version":"0123"}"#);
        same::<Known>(r#"{"version":null,"kid":"k-1"}"#);
        same::<Copy>(r#"{"changed":{"version":"0123","document":{},"keys":["{}"]}}"#);
        same::<Copy>(r#"{"changed":{"version":"0123","document":{"origins":[]}}}"#);
        same::<Copied>(r#"{"copy":"unchanged"}"#);
        same::<Copied>(r#"{"copy":"unknown","watched":1767780000000}"#);
        same::<Copied>(r#"{"copy":"unchanged","slowed":2000}"#);
        same::<Copied>(r#"{"copy":"unchanged","watched":1767780000000,"slowed":2000}"#);
    }

    #[test]
    fn the_form_of_what_the_console_asks_is_unchanged() {
        same::<Question>(r#""watch""#);
        same::<Question>(r#"{"rooms":{"after":"s-1","limit":100}}"#);
        same::<Answer>(r#"{"watched":{"until":1767780000000}}"#);
        same::<Answer>(r#"{"rooms":{"names":["admin/all","s-1"],"more":true}}"#);
    }

    #[test]
    fn the_form_of_what_rooms_and_their_tenant_tell_each_other_is_unchanged() {
        same::<Begun>(r#"{"room":"acme/s-1","epoch":"0e0e0e0e0e0e0e0e"}"#);
        same::<Welcome>(r#"{"rule":{"suspended":false,"retention_ms":2592000000}}"#);
        same::<Welcome>(r#"{"rule":null}"#);
        same::<Ended>(r#"{"room":"acme/s-1","epoch":"0e0e0e0e0e0e0e0e"}"#);
        same::<Ruled>(r#"{"begun":true}"#);
        same::<Change>(r#"{"room":"acme/s-1","id":"0e-1","occupied":true,"at":1767780000000}"#);
        same::<Noted>(r#"{"noted":true}"#);
    }

    #[test]
    fn the_form_of_what_the_admin_api_asks_is_unchanged() {
        let condition = r#"{"matches":null,"differs":"*"}"#;
        same::<Question>(r#""get""#);
        same::<Question>(r#""reseal""#);
        same::<Question>(&format!(r#"{{"put":{{"document":{{}},"condition":{condition}}}}}"#));
        same::<Question>(&format!(r#"{{"delete":{{"condition":{condition}}}}}"#));
        same::<Answer>(r#"{"document":{"version":"0123","document":{},"created":true}}"#);
        for unit in ["deleted", "unknown", "condition_failed", "changing", "ending"] {
            same::<Answer>(&format!("{unit:?}"));
        }
        let fault = r#"{"place":"tokens","reason":"is missing"}"#;
        same::<Answer>(&format!(r#"{{"faulty":{{"conflict":false,"faults":[{fault}]}}}}"#));
    }
}
