//! What the objects of a room tell each other of who is here, and of signals.
//!
//! Each letter has a number that only grows, because numbers begin with the time. So one that comes late or twice is known as such,
//! also by an object that has been evicted since. What they mean is in the other files of this folder.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::ids::ClientId;
use crate::protocol::relay::RelayName;
use crate::room::company::Shown;

/// What a person shows, as JSON.
pub(in crate::room) type Data = Option<Rc<str>>;

/// A letter from one object of a room to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// From a relay to the root: how its persons have changed. It is answered with [`Reply::Has`].
    Say(Say),
    /// From the root to a relay: who is there? It is answered with [`Reply::Persons`].
    Call,
    /// From the root to a relay: what its members are told of who is here. It is answered with [`Reply::Has`].
    Tell(Telling),
    /// From an object to its neighbours: a signal. What is answered does not matter.
    Signal(Signal),
}

/// What is answered to a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The number of the last letter of this kind that it has taken; `None` if it lacks what came before.
    Has(Option<u64>),
    /// Who is there.
    Persons(Persons),
    /// Nobody is there.
    Gone,
}

/// How the persons of a relay have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Say {
    /// The relay.
    pub relay: RelayName,
    /// The number of what came before it: 0 if nobody was there, `None` if the relay does not know any more. Then it has to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Its number.
    pub number: u64,
    /// Whether it has members that are told who is here.
    pub listens: bool,
    /// The number of what its members were told; `None` if it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<u64>,
    /// Persons who have come or show something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub here: Vec<Shows>,
    /// Persons who have gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// All persons of a relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persons {
    /// The number from which the relay goes on.
    pub number: u64,
    /// Whether it has members that are told who is here.
    pub listens: bool,
    /// The number of what its members were told; `None` if it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<u64>,
    /// The persons.
    pub here: Vec<Shows>,
}

/// A person, and what one of its connections there has set last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shows(pub String, pub Option<Shown>);

/// What members are told of who is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The number of what they were told before. `None` if this is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Its number.
    pub number: u64,
    /// How many are here.
    pub count: usize,
    /// The persons who are listed now, or of whom something else is shown: at most [`crate::limits::PRESENCE_LISTED`] are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<Listed>,
    /// The persons who are no longer listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// A person, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, Option<Value>)", into = "(String, Option<Value>)")]
pub struct Listed(pub String, pub Data);

impl From<(String, Option<Value>)> for Listed {
    fn from((user, data): (String, Option<Value>)) -> Self {
        Self(user, data.map(|data| data.to_string().into()))
    }
}

impl From<Listed> for (String, Option<Value>) {
    fn from(Listed(user, data): Listed) -> Self {
        (user, data.and_then(|data| serde_json::from_str(&data).ok()))
    }
}

/// A signal on its way through the objects of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The object that passes it on; `None` for the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<RelayName>,
    /// The member that has sent it.
    pub client: ClientId,
    /// Its user; empty for nobody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The topic; `None` for all members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What it says, as JSON.
    pub data: String,
}
