//! Wires: how the frames of a dashboard look that has a protocol of its own.
//!
//! A document (a preset) describes a wire; the front Worker gives it to the room with each client that speaks it, and it is
//! kept with the connection. So a room needs no settings. `src/dialect/json.rs` encodes and decodes with it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::form::Form;
use super::pattern::Pattern;
use super::shared::Shared;
use super::template::Template;
use crate::limits::REFRESH_MIN_MS;

/// The names that each form may use.
const GREETING: [&str; 3] = ["session", "client", "now"];
const UPDATE: [&str; 6] = ["type", "data", "timestamp", "now", "correlation_id", "seq"];
const ERROR: [&str; 4] = ["code", "message", "ref", "now"];
const ANSWER: [&str; 3] = ["topics", "ref", "now"];
const NOTICE: [&str; 3] = ["code", "reason", "now"];
const EXPIRING: [&str; 2] = ["expires_at", "now"];
const PONG: [&str; 1] = ["now"];
const PRESENCE: [&str; 9] =
    ["type", "count", "users", "joined", "left", "changed", "sample", "ref", "now"];
const SIGNAL: [&str; 5] = ["topic", "user", "client", "data", "now"];

/// A wire, as a document describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct WireForm {
    /// The first frame. Names: `@session`, `@client`, `@now`. Without it, a client is not greeted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Form>,
    /// An update. Names: `@type`, `@data`, `@timestamp` (when its event occurred, UTC), `@now` (when it is sent), `@correlation_id`,
    /// `@seq`.
    pub update: Form,
    /// The types of updates of which a client is sent the latest when it joins or subscribes; a type may end in `*`. By
    /// default all.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub first: Vec<First>,
    /// An error about a client's frame. Names: `@code`, `@message`, `@ref`, `@now`. By default Roomcast's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Form>,
    /// The answer to a ping. By default Roomcast's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<Form>,
    /// The answer to a subscription. Names: `@topics`, `@ref`, `@now`. By default Roomcast's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribed: Option<Form>,
    /// The answer to the end of a subscription. Names: `@topics`, `@ref`, `@now`. By default Roomcast's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribed: Option<Form>,
    /// What a client is sent before Roomcast closes its connection. Names: `@code`, `@reason`, `@now`. By default nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Form>,
    /// What a client is sent a minute before its token ends. Names: `@expires_at`, `@now`. By default nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiring: Option<Form>,
    /// Who is here, or what has changed of that. Names: `@type` (`presence.state` or `presence.changed`), `@count`, `@users`, `@joined`,
    /// `@left`, `@changed`, `@sample`, `@ref`, `@now`. By default Roomcast's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Form>,
    /// What another client signals. Names: `@topic`, `@user`, `@client`, `@data`, `@now`. By default Roomcast's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Form>,
    /// How frames of clients read. Frames that none of these describes are read as Roomcast's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<Accept>,
    /// Updates that are sent again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
}

/// What a client is sent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum First {
    /// The latest updates of this type, which may end in `*`.
    Type(#[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))] Pattern),
    /// The same, and what is sent if there is none yet.
    Initial {
        /// The type.
        #[serde(rename = "type")]
        kind: String,
        /// The data of the update that is sent if there is none yet.
        initial: Map<String, Value>,
        /// The topic of such updates. A client that does not see it is sent nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
    },
}

/// How one kind of frame of a client reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Accept {
    /// The fields that such a frame has, with exactly these values.
    pub when: Map<String, Value>,
    /// What it asks for.
    #[serde(rename = "do")]
    pub act: Act,
    /// The topic, put together from fields of the frame. For `subscribe`, `unsubscribe` and `signal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Template>,
    /// The field of the frame with what is shown or signalled. For `set_presence` and `signal`; by default `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The field of the frame that the answer repeats as `@ref`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What a client's frame asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Act {
    /// To see a topic.
    Subscribe,
    /// To see a topic no longer.
    Unsubscribe,
    /// For the answer `pong`.
    Ping,
    /// For the state.
    State,
    /// To show something of its user to the others.
    SetPresence,
    /// To know who is here.
    GetPresence,
    /// To tell the others something that counts now only.
    Signal,
}

/// Updates that are sent again and again while someone watches. They are not in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Refresh {
    /// Milliseconds between two of them.
    pub every_ms: u64,
    /// The types of the updates.
    pub types: Vec<String>,
}

fn all() -> Vec<First> {
    vec![First::Type(Pattern("*".to_owned()))]
}

fn is_all(first: &[First]) -> bool {
    first == all()
}

impl WireForm {
    /// What is wrong with it: the place within it, and the reason.
    pub fn faults(&self) -> Vec<(String, String)> {
        let update = Some(&self.update);
        let forms = [
            ("greeting", self.greeting.as_ref(), &GREETING[..]),
            ("update", update, &UPDATE[..]),
            ("error", self.error.as_ref(), &ERROR[..]),
            ("pong", self.pong.as_ref(), &PONG[..]),
            ("subscribed", self.subscribed.as_ref(), &ANSWER[..]),
            ("unsubscribed", self.unsubscribed.as_ref(), &ANSWER[..]),
            ("notice", self.notice.as_ref(), &NOTICE[..]),
            ("expiring", self.expiring.as_ref(), &EXPIRING[..]),
            ("presence", self.presence.as_ref(), &PRESENCE[..]),
            ("signal", self.signal.as_ref(), &SIGNAL[..]),
        ];
        let forms = forms
            .into_iter()
            .filter_map(|(place, form, names)| Some((place.to_owned(), form?.fault(names)?)));
        let accepts = self.accepts.iter().enumerate().filter_map(|(index, accept)| {
            Some((format!("accepts[{index}]"), accept.fault()?.to_owned()))
        });
        let slow = self.refresh.iter().filter(|refresh| refresh.every_ms < REFRESH_MIN_MS);
        let slow = slow.map(|_| {
            let reason = format!("`every_ms` must be at least {REFRESH_MIN_MS}");
            ("refresh".to_owned(), reason)
        });
        forms.chain(accepts).chain(slow).collect()
    }
}

impl Accept {
    fn fault(&self) -> Option<&'static str> {
        let about = matches!(self.act, Act::Subscribe | Act::Unsubscribe);
        if self.when.is_empty() {
            Some("`when` must name at least one field, or it would take every frame")
        } else if about && self.topic.is_none() {
            Some("`topic` is missing: to what does the frame subscribe?")
        } else if !about && self.topic.is_some() && self.act != Act::Signal {
            Some("`topic` is for `subscribe`, `unsubscribe` and `signal`")
        } else if self.data.is_some() && !matches!(self.act, Act::SetPresence | Act::Signal) {
            Some("`data` is for `set_presence` and `signal`")
        } else {
            None
        }
    }
}

/// A wire in use.
pub type Wire = Shared<WireForm>;
