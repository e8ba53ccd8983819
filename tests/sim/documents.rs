//! The tenant of a run: its document, the events that its backends post, and the tokens of its users.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::auth::token::{mint, NewToken};
use roomcast::protocol::ids::TenantName;
use roomcast::protocol::time::Timestamp;
use roomcast::tenant::document::parse;
use roomcast::tenant::Tenant;
use serde_json::{json, Value};

use crate::chance::Chance;

/// Connections that a user may have, and an address.
pub(crate) const PER_USER: u32 = 3;
pub(crate) const PER_ADDRESS: u32 = 5;

/// How long rooms are kept, in days, by which the document is changed.
pub(crate) const DAYS: [u64; 2] = [1, 2];

pub(crate) const TOPICS: [&str; 4] = ["a", "b", "c:1", "c:2"];

pub(crate) fn tenant_name() -> TenantName {
    "acme".parse().unwrap()
}

/// The rows: of each number of updates that a key keeps one, with and without a topic; and some that end others, wait or hurry.
fn rows() -> Vec<Value> {
    let row = |on: &str, topic: bool, more: &Value| {
        let mut row = json!({"on": on, "emit": if on == "job" { "job" } else { "test" }, "key": "k-{k}",
            "data": {"id": "id", "k": "k", "next": "next"}});
        if topic {
            row["has"] = json!("topic");
            row["data"]["topic"] = json!("topic");
            row["topic"] = json!("{topic}");
        } else {
            row["on"] = json!(format!("open.{on}"));
        }
        let more = more.as_object().unwrap().clone();
        row.as_object_mut().unwrap().extend(more);
        row
    };
    let kinds = [
        // A key is of one kind: later updates of a key that keeps some would take the place of those that it does not keep.
        ("keep.0", json!({"keep": 0, "key": "z-{k}"})),
        ("keep.1", json!({})),
        ("keep.2", json!({"keep": 2})),
        ("keep.3", json!({"keep": 3})),
        ("drop", json!({"drops": ["k-{next}"]})),
        ("drop.all", json!({"drops": ["k-*"]})),
        ("patient", json!({"patience_ms": 600})),
        ("urgent", json!({"urgent": true})),
        ("job", json!({"acknowledged": {"attempts": 3, "timeout_ms": 1_000}})),
    ];
    kinds.iter().flat_map(|(on, more)| [row(on, true, more), row(on, false, more)]).collect()
}

const KINDS: [&str; 9] =
    ["keep.0", "keep.1", "keep.2", "keep.3", "drop", "drop.all", "patient", "urgent", "job"];

pub(crate) fn document(suspended: bool, days: u64) -> Value {
    json!({
        "access": if suspended { "suspended" } else { "open" },
        "tokens": {"keys": [{"alg": "HS256", "secret": "0123456789abcdef0123456789abcdef"}],
            "issuer": "sim", "audience": "roomcast"},
        "webhooks": [{"scheme": "standard", "secret": "whsec_c2ltc2ltc2ltc2ltc2ltc2ltc2ltc2ltc2lt"}],
        "presets": [{
            "name": "board",
            "session": {"aggregate": "Board", "field": "board"},
            "wire": {"greeting": {"op": "hello"}, "update": {"op": "update", "seq": "@seq", "data": "@data"},
                "pong": {"op": "pong"}},
            "socket_io": {"args": ["@data", "@seq"],
                "emits": [{"on": "join", "do": "subscribe", "topic": "{0}"},
                    {"on": "leave", "do": "unsubscribe", "topic": "{0}"},
                    {"on": "state", "do": "state"}, {"on": "pace", "do": "pace"}]},
            "events": rows(),
        }],
        "limits": {"connections_per_user": PER_USER, "connections_per_address": PER_ADDRESS, "attempts_per_minute": null},
        "hooks": {"url": "https://hooks.example.com/", "secret": "whsec_aG9va3Nob29rc2hvb2tzaG9va3Nob29r"},
        "retention_days": days,
    })
}

pub(crate) fn tenant(document: Value) -> Tenant {
    match parse(tenant_name(), document) {
        Ok(described) => described.tenant,
        Err(faults) => panic_with(&faults),
    }
}

fn panic_with(faults: &impl std::fmt::Debug) -> ! {
    std::panic::panic_any(format!("the document of the simulation is wrong: {faults:?}"))
}

/// An event of a card, which names its board or not.
pub(crate) fn event(
    number: u64,
    (card, board): (&str, Option<&str>),
    at: Timestamp,
    chance: &mut Chance,
) -> Value {
    let kind = *chance.pick(&KINDS);
    let k = chance.below(6);
    let topic = (!chance.happens(350)).then(|| *chance.pick(&TOPICS));
    let kind = if topic.is_some() { kind.to_owned() } else { format!("open.{kind}") };
    let mut payload =
        json!({"id": format!("e-{number}"), "k": k.to_string(), "next": ((k + 1) % 6).to_string()});
    if let Some(topic) = topic {
        payload["topic"] = json!(topic);
    }
    if let Some(board) = board {
        payload["board"] = json!(board);
    }
    let audience = match chance.below(8) {
        0 => Some(json!({"users": [*chance.pick(&["user-0", "user-1", "user-2", "stock-0"])]})),
        1 => Some(json!({"permissions": ["read"]})),
        _ => None,
    };
    let metadata = audience.map_or_else(|| json!({}), |audience| json!({"audience": audience}));
    json!({"event_id": format!("e-{number}"), "event_type": kind, "aggregate_type": "Card", "aggregate_id": card,
        "occurred_at": at.rfc3339(), "payload": payload, "metadata": metadata})
}

/// Who may see an event, as its backend means it.
#[derive(Debug)]
pub(crate) struct Label {
    topic: Option<String>,
    users: Vec<String>,
    reads: bool,
}

impl Label {
    pub(crate) fn of(event: &Value) -> Self {
        let audience = &event["metadata"]["audience"];
        let users = audience["users"].as_array().into_iter().flatten();
        Self {
            topic: event["payload"]["topic"].as_str().map(str::to_owned),
            users: users.filter_map(|user| user.as_str().map(str::to_owned)).collect(),
            reads: !audience["permissions"].is_null(),
        }
    }

    /// Said without the code that decides it.
    pub(crate) fn admits(&self, user: &str, reads: bool, topics: &[String]) -> bool {
        let of_topic = |topic: &String| {
            topics.iter().any(|one| match one.strip_suffix('*') {
                Some(start) => topic.starts_with(start),
                None => one == topic,
            })
        };
        let named = self.users.iter().any(|one| one == user);
        let public = self.users.is_empty() && !self.reads;
        self.topic.as_ref().is_none_or(of_topic) && (public || named || (self.reads && reads))
    }
}

/// The board of a client: mostly one that spreads over relays.
pub(crate) fn some_board(chance: &mut Chance) -> String {
    (*chance.pick(&["b-0", "b-1", "b-1", "b-1", "b-2"])).to_owned()
}

pub(crate) fn user(number: usize) -> String {
    format!("user-{number}")
}

/// A token of a user.
pub(crate) fn token(
    tenant: &Tenant,
    user: &str,
    (reads, id): (bool, &str),
    (now, ms): (Timestamp, u64),
) -> String {
    let permissions = if reads { vec!["read".to_owned()] } else { Vec::new() };
    let sessions = ["b-*".to_owned()];
    let token = NewToken {
        sessions: Some(&sessions),
        permissions: &permissions,
        token_id: Some(id),
        ..NewToken::new(user, now.plus_ms(ms))
    };
    mint(&tenant.tokens, &token, now).unwrap()
}
