//! Names and ids: tenants, sessions, clients, epochs, positions, rooms.
//!
//! Each type can only hold a well-formed value, so that no later code has to check again. Random ids are made from
//! bytes that the caller passes in; nothing here is random itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::codes::EventFault;
use super::relay::RelayName;
use crate::limits::NAME_CHARS;

/// A malformed id. The message says what a well-formed one looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadId(&'static str);

impl BadId {
    pub(super) fn new(want: &'static str) -> Self {
        Self(want)
    }
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadId {}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr, $want:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    return Ok(Self(text));
                }
                Err(BadId($want))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The name of a tenant: 1 to 32 characters out of `a-z 0-9 -`, starting with a letter.
    TenantName,
    is_short_name,
    SHORT_NAME
);

text_id!(
    /// The name of a preset: 1 to 32 characters out of `a-z 0-9 -`, starting with a letter.
    PresetName,
    is_short_name,
    SHORT_NAME
);

text_id!(
    /// The name of a session, which is what a dashboard shows. It cannot contain `/`, which separates tenant and
    /// session in a room's name, or `*`, which marks prefixes in grants. It cannot be `.` or `..`, because browsers
    /// and proxies treat these as steps of the path and remove them.
    SessionId,
    |text| {
        (1..=NAME_CHARS).contains(&text.len())
            && !matches!(text, "." | "..")
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:~@+=".contains(&b))
    },
    EventFault::NotASession.reason()
);

text_id!(
    /// The id of a connection: new for each one, and safe to log.
    ClientId,
    is_hex16,
    "must be 16 lower-case hex digits"
);

text_id!(
    /// The id of one life of a room, from its beginning to the deletion of its storage.
    Epoch,
    is_hex16,
    "must be 16 lower-case hex digits"
);

impl ClientId {
    /// A client id from 8 random bytes.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(hex16(bytes))
    }
}

impl Epoch {
    /// An epoch from 8 random bytes.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(hex16(bytes))
    }

    /// The epoch of a room that has never begun.
    pub fn none() -> Self {
        Self(hex16([0; 8]))
    }
}

/// Whether a text can be a name, which is neither empty nor too long.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= NAME_CHARS
}

/// What the name of a tenant or a preset looks like.
const SHORT_NAME: &str = "must be 1 to 32 characters out of a-z 0-9 -, starting with a letter";

fn is_short_name(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_hex16(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn hex16(bytes: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// The number of an update in its room: starts at 1, without gaps. 0 is before the first update.
pub type Seq = u64;

/// A position in a room: everything up to and including `seq` of this epoch. Written `epoch:seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Position {
    /// The epoch to which `seq` belongs.
    pub epoch: Epoch,
    /// The last update that is included.
    pub seq: Seq,
}

impl FromStr for Position {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = BadId("must be <epoch>:<seq> as received in `connected`");
        let (epoch, seq) = text.split_once(':').ok_or_else(|| bad.clone())?;
        let digits = !seq.is_empty() && seq.len() <= 15 && seq.bytes().all(|b| b.is_ascii_digit());
        match (epoch.parse(), seq.parse()) {
            (Ok(epoch), Ok(seq)) if digits => Ok(Self { epoch, seq }),
            _ => Err(bad),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

/// The name of a room and of its Durable Object: `tenant/session`, or `tenant/preset/session`. That of a relay has its name
/// behind it: `tenant/session#weur.3`. No session has a `#` in its name, so no client can name a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName {
    /// The tenant.
    pub tenant: TenantName,
    /// The preset, if it is not the first of the tenant.
    pub preset: Option<PresetName>,
    /// The session.
    pub session: SessionId,
    /// The relay, if it is one of a room and not the room itself.
    pub relay: Option<RelayName>,
}

impl RoomName {
    /// Its name among the rooms of its tenant: `session`, or `preset/session`, and behind it that of the relay.
    pub fn within(&self) -> String {
        let preset = self.preset.as_ref().map(|preset| format!("{preset}/")).unwrap_or_default();
        let relay = self.relay.map(|relay| format!("#{relay}")).unwrap_or_default();
        format!("{preset}{}{relay}", self.session)
    }

    /// The name of a relay of this room; without one, of the room itself.
    #[must_use]
    pub fn at(&self, relay: Option<RelayName>) -> Self {
        Self { relay, ..self.clone() }
    }
}

impl FromStr for RoomName {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let (tenant, rest) = text.split_once('/').ok_or(BadId("must be <tenant>/<session>"))?;
        let (preset, session) = match rest.split_once('/') {
            Some((preset, session)) => (Some(preset.parse()?), session),
            None => (None, rest),
        };
        let (session, relay) = match session.split_once('#') {
            Some((session, relay)) => (session, Some(relay.parse()?)),
            None => (session, None),
        };
        Ok(Self { tenant: tenant.parse()?, preset, session: session.parse()?, relay })
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.within())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_what_it_writes() {
        let position = Position { epoch: Epoch::from_random([7; 8]), seq: 42 };
        assert_eq!(position.to_string(), "0707070707070707:42");
        assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn a_malformed_position_is_refused() {
        for text in [
            "",
            "1",
            ":",
            "0707070707070707:",
            "0707070707070707:+1",
            "07:1",
            "0707070707070707:-1",
            "0707070707070707:99999999999999999999",
            "XX07070707070707:1",
        ] {
            assert!(text.parse::<Position>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_session_name_cannot_reach_another_tenants_room() {
        for text in ["", "a/b", "a*", "ä", " a", "a\n", &"a".repeat(129)] {
            assert!(text.parse::<SessionId>().is_err(), "{text:?}");
        }
        assert!("session-1.2:3~4@5+6=".parse::<SessionId>().is_ok());
    }

    #[test]
    fn a_session_name_cannot_be_a_step_of_a_path() {
        for text in [".", ".."] {
            let reason = text.parse::<SessionId>().unwrap_err().to_string();
            assert!(reason.contains("neither . nor .."), "{reason}");
            assert!(format!("demo/{text}").parse::<RoomName>().is_err());
        }
        for text in ["...", ".a", "a.", "..a", ".-"] {
            assert!(text.parse::<SessionId>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_room_name_reads_back_what_it_writes() {
        let room: RoomName = "demo/s-1".parse().unwrap();
        assert_eq!((room.tenant.as_str(), room.session.as_str()), ("demo", "s-1"));
        assert_eq!(room.to_string(), "demo/s-1");
        let room: RoomName = "demo/admin/all".parse().unwrap();
        assert_eq!(room.preset.as_ref().map(PresetName::as_str), Some("admin"));
        assert_eq!(room.to_string(), "demo/admin/all");
        let relay: RoomName = "demo/admin/all#weur.3".parse().unwrap();
        assert_eq!(relay.to_string(), "demo/admin/all#weur.3");
        assert_eq!(relay.at(None), room);
        for text in [
            "demo",
            "demo/a/b/c",
            "demo//s",
            "demo/A/s",
            "demo/s#",
            "demo/s#1",
            "demo/s#any.1#any.2",
        ] {
            assert!(text.parse::<RoomName>().is_err(), "{text}");
        }
    }
}
