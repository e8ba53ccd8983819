//! A member: a connection in the room, as it is kept with the connection.

use serde::{Deserialize, Serialize};

use super::view::{View, Viewer};
use crate::protocol::defaults::is_default;
use crate::protocol::dialect::Dialect;
use crate::protocol::grant::Grant;
use crate::protocol::ids::Seq;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::{Permissions, Topics};

/// A connection in the room. Stored with the connection as JSON. An attachment may have 16 KiB. This takes a few hundred
/// bytes, and as much as [`crate::limits::TOPICS_BYTES`] allows for topics and permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Member {
    /// The user of its token.
    pub user: String,
    /// When its grant ends.
    pub expires: Timestamp,
    /// What it sees.
    pub view: View,
    /// The topics that its token allows.
    pub allowed: Topics,
    /// When it connected.
    pub joined: Timestamp,
    /// When a frame of it last reached the room.
    pub heard: Timestamp,
    /// The highest `seq` that it has acknowledged.
    pub acked: Seq,
    /// The time up to which its frames have used its rate: see [`super::frames`].
    pub paid: Timestamp,
    /// When it was last sent the state.
    pub state: Timestamp,
}

/// A member as it is stored: the parts of its view stand beside the other fields.
#[derive(Serialize, Deserialize)]
struct Form {
    user: String,
    expires: Timestamp,
    dialect: Dialect,
    #[serde(default, skip_serializing_if = "Topics::is_all")]
    topics: Topics,
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    permissions: Permissions,
    #[serde(default, skip_serializing_if = "is_default")]
    pace_ms: u32,
    #[serde(default, skip_serializing_if = "Topics::is_all")]
    allowed: Topics,
    joined: Timestamp,
    heard: Timestamp,
    acked: Seq,
    #[serde(default)]
    paid: Timestamp,
    #[serde(default)]
    state: Timestamp,
}

impl From<Form> for Member {
    fn from(form: Form) -> Self {
        let Form { user, expires, dialect, topics, permissions, pace_ms, allowed, .. } = form;
        let Form { joined, heard, acked, paid, state, .. } = form;
        let view = View { dialect, topics, permissions, pace_ms };
        Self { user, expires, view, allowed, joined, heard, acked, paid, state }
    }
}

impl From<Member> for Form {
    fn from(member: Member) -> Self {
        let Member { user, expires, view, allowed, joined, heard, acked, paid, state } = member;
        let View { dialect, topics, permissions, pace_ms } = view;
        Self {
            user,
            expires,
            dialect,
            topics,
            permissions,
            pace_ms,
            allowed,
            joined,
            heard,
            acked,
            paid,
            state,
        }
    }
}

impl Member {
    /// A member that connects `now`.
    pub fn new(grant: Grant, view: View, now: Timestamp) -> Self {
        Self {
            user: grant.user,
            expires: grant.expires,
            view,
            allowed: grant.topics,
            joined: now,
            heard: now,
            acked: 0,
            paid: Timestamp::default(),
            state: Timestamp::default(),
        }
    }

    /// Its view and its user.
    pub fn viewer(&self) -> Viewer<'_> {
        self.view.of(&self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::dialect::Dialect;

    #[test]
    fn the_format_of_a_member_is_unchanged() {
        let grant = Grant::new("ada".into(), Timestamp(9));
        let member = Member::new(grant, View::of_all(Dialect::V1), Timestamp(7));
        let first = r#"{"user":"ada","expires":9,"dialect":"v1","joined":7,"heard":7,"acked":0}"#;
        assert_eq!(serde_json::from_str::<Member>(first).unwrap(), member, "as it first was");
        let now = first.replace('}', r#","paid":0,"state":0}"#);
        assert_eq!(serde_json::to_string(&member).unwrap(), now);
        let topics = Topics::parse(["a"]).unwrap();
        let view = View {
            topics,
            permissions: vec!["read".to_owned()].into(),
            pace_ms: 250,
            ..member.view
        };
        let member = Member { view, allowed: Topics::parse(["a*"]).unwrap(), ..member };
        let more = r#""dialect":"v1","topics":["a"],"permissions":["read"],"pace_ms":250,"allowed":["a*"]"#;
        let now = now.replace(r#""dialect":"v1""#, more);
        assert_eq!(serde_json::to_string(&member).unwrap(), now);
        assert_eq!(serde_json::from_str::<Member>(&now).unwrap(), member);
    }
}
