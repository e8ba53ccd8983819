//! The form of what is joined from encoded updates, and so not written by serde: frames, and pages of the log.
//!
//! Nothing is encoded with these types. The tests read what the encoders write back into them, field by field.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::time::Rfc3339;

/// The frames that are joined, except that of a single update.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields, rename_all_fields = "camelCase")]
pub(in crate::protocol) enum Joined {
    /// Updates, of which `prev` is the number before and `seq` the last. A client that does not see all updates gets fewer than
    /// there are numbers in between. A client whose position is before `prev` has a gap.
    #[serde(rename = "dashboard.updates")]
    #[schemars(title = "UpdatesFrame")]
    Updates {
        prev: Seq,
        seq: Seq,
        /// When the server sent the frame.
        sent_at: Rfc3339,
        updates: Vec<Update>,
    },
    /// The state at exactly `seq`: start from nothing and apply the updates with the same reducer as those of the tail.
    #[serde(rename = "dashboard.state")]
    #[schemars(title = "StateFrame")]
    State { epoch: Epoch, seq: Seq, updates: Vec<Update> },
    /// The answer to a subscription. Its updates are the state of what the client did not see before: add them.
    #[serde(rename = "subscribed")]
    #[schemars(title = "SubscribedFrame")]
    Subscribed {
        /// The `ref` of the frame that it answers, if it had one.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// All topics of the client.
        topics: Vec<String>,
        epoch: Epoch,
        seq: Seq,
        updates: Vec<Update>,
    },
    /// The answer to a ping.
    #[serde(rename = "pong")]
    #[schemars(title = "PongFrame")]
    Pong {},
}

/// An update of one type.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::protocol) struct Update {
    #[serde(rename = "type")]
    kind: Kind,
    /// Its number in its room.
    seq: Seq,
    /// What it is about, for clients that subscribe to some topics only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// The trace in which its event was made or posted (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(rename = "updateType")]
    shown_as: String,
    /// When its event occurred: RFC 3339, as its producer wrote it.
    timestamp: String,
    /// What its producer calls what it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    data: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
enum Kind {
    #[serde(rename = "dashboard.update")]
    Update,
}

/// A single update, in a frame of its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol) struct UpdateFrame {
    #[serde(flatten)]
    #[schemars(with = "super::ByName<Update>")]
    update: Update,
    /// When the server sent the frame.
    sent_at: Rfc3339,
}

/// A page of the log: `GET /api/sessions/:id/log`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogPage {
    epoch: Epoch,
    /// The oldest number that the log still has.
    first: Seq,
    /// The number of the last update that the reader sees.
    head: Seq,
    updates: Vec<Update>,
    /// Where the next page begins. Absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Seq>,
}
