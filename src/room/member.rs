//! A member: a connection in the room, as it is kept with the connection.

use serde::{Deserialize, Serialize};

use super::company::Part;
use super::ladder::Rung;
use super::lives::Life;
use super::view::{View, Viewer};
use crate::protocol::defaults::is_default;
use crate::protocol::dialect::Dialect;
use crate::protocol::grant::Grant;
use crate::protocol::ids::Seq;
use crate::protocol::lease::Subject;
use crate::protocol::revocation::Revocation;
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
    /// Whether it was told when that is.
    pub told: bool,
    /// The `jti` of its token.
    pub token: Option<String>,
    /// When its token was issued.
    pub issued: Option<Timestamp>,
    /// Whether the token with which it connected named no session, which was enough there.
    pub unnamed: bool,
    /// The seat that counts it for its address, if one does.
    pub address: Option<String>,
    /// What it sees.
    pub view: View,
    /// The topics that its token allows.
    pub allowed: Topics,
    /// When it connected.
    pub joined: Timestamp,
    /// When a frame of it last reached the room.
    pub heard: Timestamp,
    /// The highest `seq` that it has acknowledged. It begins with the position that it came with, or with that of the state.
    pub acked: Seq,
    /// The time up to which its frames have used its rate: see [`super::frames`].
    pub paid: Timestamp,
    /// When it was last sent the state.
    pub state: Timestamp,
    /// When it last had a new token verified.
    pub asked: Timestamp,
    /// Its part in the company of the room.
    pub part: Part,
    /// When it was last moved to the rung of its view.
    pub stepped: Timestamp,
    /// The last update that it was sent before that.
    pub held_at: Seq,
    /// Permissions of its new token that it gets with its next state (`renewing.rs`).
    pub gains: Permissions,
    /// Its topics that end.
    pub lives: Vec<Life>,
}

/// A member as it is stored: the parts of its view stand beside the other fields.
#[derive(Serialize, Deserialize)]
struct Form {
    user: String,
    expires: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    told: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_default")]
    unnamed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    dialect: Dialect,
    #[serde(default, skip_serializing_if = "Topics::is_all")]
    topics: Topics,
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    permissions: Permissions,
    #[serde(default, skip_serializing_if = "is_default")]
    pace_ms: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    deflate: bool,
    #[serde(default, skip_serializing_if = "Topics::is_all")]
    allowed: Topics,
    joined: Timestamp,
    heard: Timestamp,
    acked: Seq,
    #[serde(default)]
    paid: Timestamp,
    #[serde(default)]
    state: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    asked: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    rung: Rung,
    #[serde(default, skip_serializing_if = "is_default")]
    stepped: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    held_at: Seq,
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    gains: Permissions,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lives: Vec<Life>,
    #[serde(default, rename = "company", skip_serializing_if = "is_default")]
    part: Part,
}

impl From<Form> for Member {
    fn from(form: Form) -> Self {
        let Form { user, expires, told, token, issued, unnamed, address, allowed, .. } = form;
        let Form { dialect, topics, permissions, pace_ms, deflate, rung, stepped, held_at, .. } =
            form;
        let Form { joined, heard, acked, paid, state, asked, part, gains, lives, .. } = form;
        let view = View { dialect, topics, permissions, pace_ms, deflate, rung };
        Self {
            user,
            expires,
            told,
            token,
            issued,
            unnamed,
            address,
            view,
            allowed,
            joined,
            heard,
            acked,
            paid,
            state,
            asked,
            part,
            stepped,
            held_at,
            gains,
            lives,
        }
    }
}

impl From<Member> for Form {
    fn from(member: Member) -> Self {
        let Member { user, expires, told, token, issued, unnamed, address, .. } = member;
        let Member { view, allowed, joined, heard, acked, paid, state, asked, part, .. } = member;
        let Member { stepped, held_at, gains, lives, .. } = member;
        let View { dialect, topics, permissions, pace_ms, deflate, rung } = view;
        Self {
            user,
            expires,
            told,
            token,
            issued,
            unnamed,
            address,
            dialect,
            topics,
            permissions,
            pace_ms,
            deflate,
            allowed,
            joined,
            heard,
            acked,
            paid,
            state,
            asked,
            rung,
            stepped,
            held_at,
            gains,
            lives,
            part,
        }
    }
}

impl Member {
    /// A member that connects `now`, and is told in its greeting when its grant ends.
    pub fn new(grant: Grant, view: View, now: Timestamp) -> Self {
        let mut member = Self {
            user: grant.user,
            expires: grant.expires,
            told: false,
            token: grant.token,
            issued: grant.issued,
            unnamed: grant.sessions.is_none(),
            address: None,
            view,
            allowed: grant.topics,
            joined: now,
            heard: now,
            acked: 0,
            paid: Timestamp::default(),
            state: Timestamp::default(),
            asked: Timestamp::default(),
            part: Part::default(),
            stepped: Timestamp::default(),
            held_at: 0,
            gains: Permissions::default(),
            lives: Vec::new(),
        };
        member.tell_end(now);
        member
    }

    /// Whether its token was revoked.
    pub fn is_revoked_by(&self, revocation: &Revocation) -> bool {
        revocation.covers(&self.user, self.token.as_deref(), self.issued)
    }

    /// Whether its connection is counted for a user or an address.
    pub fn is_counted_for(&self, subject: &Subject) -> bool {
        match subject {
            Subject::User(user) => self.user == *user,
            Subject::Address(address) => self.address.as_ref() == Some(address),
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
    use crate::protocol::pattern::Pattern;

    #[test]
    fn the_format_of_a_member_is_unchanged() {
        let sessions = Some(vec![Pattern("s-1".into())]);
        let grant = Grant { sessions, ..Grant::new("ada".into(), Timestamp(900_000)) };
        let member = Member::new(grant, View::of_all(Dialect::V1), Timestamp(7));
        let first =
            r#"{"user":"ada","expires":900000,"dialect":"v1","joined":7,"heard":7,"acked":0}"#;
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
        assert_eq!(serde_json::from_str::<Member>(&now).unwrap(), member, "as it was then");
        let (token, issued) = (Some("t-1".to_owned()), Some(Timestamp(5)));
        let (told, unnamed, asked) = (true, true, Timestamp(9));
        let address = Some("10.0.0.1".to_owned());
        let member = Member { told, token, issued, unnamed, address, asked, ..member };
        let grant = concat!(
            r#""told":true,"token":"t-1","issued":5,"unnamed":true,"#,
            r#""address":"10.0.0.1","dialect""#
        );
        let now = now
            .replacen(r#""dialect""#, grant, 1)
            .replace(r#""state":0"#, r#""state":0,"asked":9"#);
        assert_eq!(serde_json::to_string(&member).unwrap(), now);
        assert_eq!(serde_json::from_str::<Member>(&now).unwrap(), member, "as it was then");
        let part = concat!(
            r#"{"presence":true,"signals":true,"shown":{"at":8,"data":{"z":1.5,"a":["é"]}},"#,
            r#""signalled":9,"asked":10}"#
        );
        let member = Member { part: serde_json::from_str(part).unwrap(), ..member };
        let now = now.replace(r#""asked":9"#, &format!(r#""asked":9,"company":{part}"#));
        assert_eq!(serde_json::to_string(&member).unwrap(), now);
        assert_eq!(serde_json::from_str::<Member>(&now).unwrap(), member);
        let view = View { rung: Rung::Held, ..member.view };
        let member = Member { view, stepped: Timestamp(8), held_at: 3, ..member };
        let slow =
            now.replace(r#""asked":9"#, r#""asked":9,"rung":"held","stepped":8,"held_at":3"#);
        assert_eq!(serde_json::to_string(&member).unwrap(), slow);
        assert_eq!(serde_json::from_str::<Member>(&slow).unwrap(), member);
        let view = View { deflate: true, ..member.view };
        let member = Member { view, ..member };
        let slow = slow.replace(r#""pace_ms":250"#, r#""pace_ms":250,"deflate":true"#);
        assert_eq!(serde_json::to_string(&member).unwrap(), slow);
        assert_eq!(serde_json::from_str::<Member>(&slow).unwrap(), member);
        let member = Member { gains: vec!["write".to_owned()].into(), ..member };
        let slow = slow.replace(r#""held_at":3"#, r#""held_at":3,"gains":["write"]"#);
        assert_eq!(serde_json::to_string(&member).unwrap(), slow);
        assert_eq!(serde_json::from_str::<Member>(&slow).unwrap(), member);
        let lives = vec![Life { topic: Pattern("a".into()), ends: Timestamp(9) }];
        let member = Member { lives, ..member };
        let ending = slow.replace(
            r#""gains":["write"]"#,
            r#""gains":["write"],"lives":[{"topic":"a","ends":9}]"#,
        );
        assert_eq!(serde_json::to_string(&member).unwrap(), ending);
        assert_eq!(serde_json::from_str::<Member>(&ending).unwrap(), member);
    }
}
