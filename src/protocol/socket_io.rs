//! How clients of Socket.IO are spoken to, as a document describes it.
//!
//! The front Worker gives the description to the room with each client, so a room needs no settings. `src/dialect/socketio/`
//! speaks by it. Packets and sessions are not here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::defaults::is_default;
use super::form::Form;
use super::shared::Shared;
use super::template::Template;
use crate::limits::{
    CONNECT_TIMEOUT_MS, NAMESPACES, PING_INTERVAL_MS, PING_TIMEOUT_MS, REPEATS, REPEAT_MAX_MS,
    TIMEOUT_MAX_MS, TOPIC_LIFE_S,
};

/// The names that the arguments of an update may use.
const ARGS: [&str; 6] = ["type", "data", "timestamp", "now", "correlation_id", "seq"];

/// Events that `socket.io-client` keeps for itself, so that nobody can send them.
pub const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// How clients of Socket.IO are spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SocketIoForm {
    /// The namespaces to which clients can connect. All show the same room. By default `/`.
    #[serde(skip_serializing_if = "is_usual")]
    pub namespaces: Vec<String>,
    /// The arguments of the event of an update, whose name is the update's type. Names: `@type`, `@data`, `@timestamp` (when its
    /// event occurred, UTC), `@now` (when it is sent), `@correlation_id`, `@seq`. By default its data. One more argument follows, the
    /// offset: a text that a client needs for recovery.
    #[serde(skip_serializing_if = "is_data")]
    pub args: Vec<Form>,
    /// What clients may emit. Anything else is answered with an error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<Emit>,
    /// Milliseconds between two pings, by default 60,000. Below that the room has no rest while a client is there, and its duration is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_interval_ms: Option<u64>,
    /// Milliseconds in which a client has to answer a ping, by default 30,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_timeout_ms: Option<u64>,
    /// Milliseconds in which a client has to connect to a namespace, by default 45,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// The name of the token in a client's `auth`. By default `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether a client that comes back is sent what it missed (`socket.recovered`).
    #[serde(skip_serializing_if = "is_true")]
    pub recovery: bool,
    /// An event with which each client is welcomed; its argument is the client's `auth`, without its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome: Option<String>,
    /// The types of updates that a client has to acknowledge, as their rows say.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    pub acknowledged: BTreeMap<String, Repeat>,
    /// Set by the path, not by a document: see [`Engine`].
    #[serde(skip_serializing_if = "is_default")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    pub engine: Engine,
}

/// How often an update is sent to a client that does not acknowledge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Repeat {
    /// How often it is sent at most, the first time included.
    pub attempts: u32,
    /// Milliseconds between two of them.
    pub timeout_ms: u64,
}

impl Repeat {
    /// What is wrong with it.
    pub fn fault(self) -> Option<String> {
        let Self { attempts, timeout_ms } = self;
        let right =
            (1..=REPEATS).contains(&attempts) && (100..=REPEAT_MAX_MS).contains(&timeout_ms);
        (!right).then(|| {
            format!("`attempts` must be 1 to {REPEATS}, `timeout_ms` 100 to {REPEAT_MAX_MS}")
        })
    }
}

/// What is behind Engine.IO.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Socket.IO.
    #[default]
    SocketIo,
    /// Each message comes back as it is. The conformance suite of Engine.IO wants that.
    Echo,
}

/// What clients may emit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Emit {
    /// The name of the event.
    pub on: String,
    /// What it asks for.
    #[serde(rename = "do")]
    pub act: EmitAct,
    /// The topic, put together from the fields of the event's first argument if that is an object; `{0}` is the first argument
    /// itself. For `subscribe`, `unsubscribe` and `signal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Template>,
    /// For `subscribe`: how many clients may have the topic at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<usize>,
    /// For `subscribe`: the seconds after which the topic ends for all clients of Socket.IO that have it, counted from the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_s: Option<u64>,
    /// For `echo`: the name of the event that comes back. By default the arguments come back in the acknowledgement.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub echo: Option<String>,
}

/// What an event of a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum EmitAct {
    /// To see a topic.
    Subscribe,
    /// To see a topic no longer.
    Unsubscribe,
    /// For the state.
    State,
    /// To put `{token}` in the place of its token.
    Refresh,
    /// To be sent at most one frame in `{ms}` milliseconds.
    Pace,
    /// To show its first argument as the presence of its user.
    SetPresence,
    /// To know who is here.
    GetPresence,
    /// To tell the others of a topic, or all others, its first argument; or the field `data` of that, if it has one.
    Signal,
    /// For the same arguments.
    Echo,
}

impl Default for SocketIoForm {
    fn default() -> Self {
        Self {
            namespaces: vec!["/".to_owned()],
            args: vec![Form::name("data")],
            emits: Vec::new(),
            ping_interval_ms: None,
            ping_timeout_ms: None,
            connect_timeout_ms: None,
            token: None,
            recovery: true,
            welcome: None,
            acknowledged: BTreeMap::new(),
            engine: Engine::SocketIo,
        }
    }
}

fn is_usual(namespaces: &[String]) -> bool {
    namespaces == ["/"]
}

fn is_data(args: &[Form]) -> bool {
    args == [Form::name("data")]
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_true(flag: &bool) -> bool {
    *flag
}

impl SocketIoForm {
    /// Milliseconds between two pings.
    pub fn ping_interval_ms(&self) -> u64 {
        self.ping_interval_ms.unwrap_or(PING_INTERVAL_MS)
    }

    /// Milliseconds in which a client has to answer a ping.
    pub fn ping_timeout_ms(&self) -> u64 {
        self.ping_timeout_ms.unwrap_or(PING_TIMEOUT_MS)
    }

    /// Milliseconds in which a client has to connect to a namespace.
    pub fn connect_timeout_ms(&self) -> u64 {
        self.connect_timeout_ms.unwrap_or(CONNECT_TIMEOUT_MS)
    }

    /// The name of the token in a client's `auth`.
    pub fn token_name(&self) -> &str {
        self.token.as_deref().unwrap_or("token")
    }

    /// Whether the runtime can answer the pongs of clients, so that they wake no room: the sweep of the room pings then.
    pub fn rests(&self) -> bool {
        self.ping_interval_ms() >= PING_INTERVAL_MS && self.engine == Engine::SocketIo
    }

    /// Milliseconds after which a topic ends; `None` if it does not end. The first event that subscribes to such topics says so.
    pub fn life_ms(&self, topic: &str) -> Option<u64> {
        self.emits.iter().find(|emit| emit.subscribes_to(topic))?.ttl_s.map(|s| s * 1_000)
    }

    /// What is wrong with it: the place within it, and the reason.
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut check = |right: bool, place: &str, reason: String| {
            if !right {
                faults.push((place.to_owned(), reason));
            }
        };
        let named = |name: &String| name.starts_with('/') && !name.contains([',', '?']);
        let namespaces = (1..=NAMESPACES).contains(&self.namespaces.len());
        let reason = format!("must be 1 to {NAMESPACES} names such as /tasks");
        check(namespaces && self.namespaces.iter().all(named), "namespaces", reason);
        for (place, ms) in [
            ("ping_interval_ms", self.ping_interval_ms()),
            ("ping_timeout_ms", self.ping_timeout_ms()),
            ("connect_timeout_ms", self.connect_timeout_ms()),
        ] {
            let reason = format!("must be 100 to {TIMEOUT_MAX_MS}");
            check((100..=TIMEOUT_MAX_MS).contains(&ms), place, reason);
        }
        let reserved = |name: &str| RESERVED.contains(&name) || name.is_empty();
        let own = self.welcome.as_deref().is_none_or(|name| !reserved(name));
        check(own, "welcome", "is a name that Socket.IO keeps for itself".to_owned());
        for (index, form) in self.args.iter().enumerate() {
            let fault = form.fault(&ARGS);
            check(fault.is_none(), &format!("args[{index}]"), fault.unwrap_or_default());
        }
        for (index, emit) in self.emits.iter().enumerate() {
            let fault = emit.fault();
            check(
                fault.is_none(),
                &format!("emits[{index}]"),
                fault.unwrap_or_default().to_owned(),
            );
        }
        faults
    }
}

impl Emit {
    fn subscribes_to(&self, topic: &str) -> bool {
        let made = |template: &Template| template.is_only("0") || template.makes(topic);
        self.act == EmitAct::Subscribe && self.topic.as_ref().is_some_and(made)
    }

    fn fault(&self) -> Option<&'static str> {
        let about = matches!(self.act, EmitAct::Subscribe | EmitAct::Unsubscribe);
        let subscribes = self.act == EmitAct::Subscribe;
        if RESERVED.contains(&self.on.as_str()) || self.on.is_empty() {
            Some("`on` is a name that Socket.IO keeps for itself")
        } else if about && self.topic.is_none() {
            Some("`topic` is missing: to what does the event subscribe?")
        } else if !about && self.act != EmitAct::Signal && self.topic.is_some() {
            Some("`topic` is for `subscribe`, `unsubscribe` and `signal`")
        } else if self.clients.is_some_and(|most| !subscribes || most == 0) {
            Some("`clients` is for `subscribe`, and at least 1")
        } else if self.ttl_s.is_some_and(|s| !subscribes || !(1..=TOPIC_LIFE_S).contains(&s)) {
            Some("`ttl_s` is for `subscribe`, and 1 to 2592000")
        } else if self.act != EmitAct::Echo && self.echo.is_some() {
            Some("`as` is for `echo`")
        } else {
            None
        }
    }
}

/// The description in use.
pub type SocketIo = Shared<SocketIoForm>;
