//! What stands in paths, queries and headers.

use serde_json::{json, Map, Value};

use crate::limits::{
    NAME_CHARS, PACE_MAX_MS, PAGE_UPDATES, PAGE_UPDATES_MAX, ROOMS_PAGE, TENANTS_PAGE, USAGE_MONTH,
    USAGE_PAGE,
};

/// The characters of a session's name.
pub(super) const SESSION: &str = "^(?!\\.{1,2}$)[A-Za-z0-9._:~@+=-]{1,128}$";

/// The characters of a tenant's name.
pub(super) const TENANT: &str = "^[a-z][a-z0-9-]{0,31}$";

/// The characters of a position.
pub(super) const POSITION: &str = "^[0-9a-f]{16}:[0-9]{1,15}$";

/// A parameter: its name, what it is for, and its schema.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    about: String,
    schema: Value,
}

fn parameter(name: &'static str, about: impl Into<String>, schema: Value) -> Parameter {
    Parameter { name, about: about.into(), schema }
}

impl Parameter {
    /// As `OpenAPI` has it. What stands in a path cannot be absent.
    pub(super) fn at(self, place: &str, required: bool) -> Value {
        json!({"name": self.name, "in": place, "required": required, "description": self.about,
            "schema": self.schema})
    }

    /// Some of them as a schema.
    pub(super) fn together(all: Vec<Self>) -> Value {
        let property = |one: Self| {
            let mut schema = one.schema;
            if let Some(fields) = schema.as_object_mut() {
                fields.insert("description".to_owned(), one.about.into());
            }
            (one.name.to_owned(), schema)
        };
        let properties: Map<_, _> = all.into_iter().map(property).collect();
        json!({"type": "object", "properties": properties})
    }
}

/// The session of a path.
pub(super) fn session() -> Parameter {
    let about = format!("The session: 1 to {NAME_CHARS} characters, and neither `.` nor `..`.");
    parameter("session", about, json!({"type": "string", "pattern": SESSION, "example": "s-1"}))
}

/// The tenant of a path.
pub(super) fn tenant() -> Parameter {
    let about = "The tenant: 1 to 32 characters out of `a-z 0-9 -`, starting with a letter.";
    parameter("tenant", about, json!({"type": "string", "pattern": TENANT, "example": "acme"}))
}

/// A room of a tenant.
pub(super) fn room() -> Parameter {
    let about = "The name of the room as the list has it: `s-1`, or `admin/all`, whose `/` may be encoded or not.";
    parameter("room", about, json!({"type": "string", "example": "s-1"}))
}

/// A file of a page.
pub(super) fn file() -> Parameter {
    let about = "The dashboard, such as `session` or `watch`, or a file of its below `assets/`.";
    parameter("file", about, json!({"type": "string", "example": "session"}))
}

/// The topics that are asked for.
pub(super) fn topics() -> Parameter {
    let about = "The topics that are wanted, separated by commas: each is a name, or a prefix followed by `*`. Empty: only what has no topic. \
        Without it: all that the token allows.";
    parameter("topics", about, json!({"type": "string", "example": "project:7,project:8"}))
}

/// What a client says when it connects.
pub(super) fn connecting() -> Vec<Parameter> {
    let text = || json!({"type": "string"});
    vec![
        parameter(
            "resume",
            "The position up to which the client has received everything: `<epoch>:<seq>`. It then gets the rest.",
            json!({"type": "string", "pattern": POSITION, "example": "00000000000000e1:41"}),
        ),
        topics(),
        parameter(
            "resume_topics",
            "The topics of the position, if they were others then. The client gets what it missed of those that it still wants, and \
                `subscribed` with the state of the new ones.",
            text(),
        ),
        parameter(
            "pace",
            "The milliseconds that the client wants between two frames with updates.",
            json!({"type": "integer", "minimum": 0, "maximum": PACE_MAX_MS}),
        ),
        parameter(
            "compress",
            "`deflate`: the client can read compressed frames. Ways that the server does not know are ignored.",
            text(),
        ),
    ]
}

/// Which page of the log.
pub(super) fn page_of_log() -> Vec<Parameter> {
    let number = |usual: Option<u64>| match usual {
        Some(usual) => json!({"type": "integer", "minimum": 0, "default": usual}),
        None => json!({"type": "integer", "minimum": 0}),
    };
    vec![
        parameter("from", "The number of the first update.", number(Some(1))),
        parameter(
            "to",
            "The number of the last update; by default the last that there is.",
            number(None),
        ),
        parameter(
            "limit",
            "How many updates at most.",
            json!({"type": "integer", "minimum": 1, "maximum": PAGE_UPDATES_MAX, "default": PAGE_UPDATES}),
        ),
    ]
}

/// Where a page of a list of names begins.
pub(super) fn after(what: &str) -> Parameter {
    let most = if what == "tenant" { TENANTS_PAGE } else { ROOMS_PAGE };
    let about =
        format!("The name of the {what} after which the page begins. It has at most {most} names.");
    parameter("after", about, json!({"type": "string"}))
}

/// How many rooms a page has.
pub(super) fn rooms_limit() -> Parameter {
    let schema =
        json!({"type": "integer", "minimum": 1, "maximum": ROOMS_PAGE, "default": ROOMS_PAGE});
    parameter("limit", "How many names at most.", schema)
}

/// Of how many days the usage is shown.
pub(super) fn days() -> Parameter {
    let schema =
        json!({"type": "integer", "minimum": 0, "maximum": USAGE_PAGE, "default": USAGE_MONTH});
    parameter("days", "How many days before today.", schema)
}

/// The tenant whose metrics are shown.
pub(super) fn only_tenant() -> Parameter {
    Parameter { about: "Only this tenant; without it, all.".to_owned(), ..tenant() }
}

/// The page that asks.
pub(super) fn origin() -> Parameter {
    let about = "Browsers send it. It must be one that the tenant allows.";
    parameter("Origin", about, json!({"type": "string"}))
}

/// What the asker has already.
pub(super) fn known() -> Parameter {
    let about = "The `ETag` of what the reader has. If it is still the same, the answer is 304.";
    parameter("If-None-Match", about, json!({"type": "string"}))
}

/// On which condition a tenant is changed.
pub(super) fn conditions(may_be_new: bool) -> Vec<Parameter> {
    let matches = "The `ETag` of the document that was read: another version is not changed.";
    let differs = "`*`: only if there is no such tenant.";
    let text = || json!({"type": "string"});
    let new = may_be_new.then(|| parameter("If-None-Match", differs, text()));
    std::iter::once(parameter("If-Match", matches, text())).chain(new).collect()
}

/// What goes with a signature of Standard Webhooks.
pub(super) fn signed() -> Vec<Parameter> {
    vec![
        parameter(
            "webhook-id",
            "A name for this post, without a dot. In binary mode of CloudEvents it is `ce_sha256_` and the SHA-256 of the attributes.",
            json!({"type": "string", "example": "msg_1"}),
        ),
        parameter(
            "webhook-timestamp",
            "When it was signed, in whole seconds since 1970. Clocks may differ by five minutes.",
            json!({"type": "string", "pattern": "^(0|[1-9][0-9]*)$", "example": "1763720000"}),
        ),
    ]
}

/// What says more about events that are posted.
pub(super) fn about_events() -> Vec<Parameter> {
    let text = || json!({"type": "string"});
    vec![
        parameter("traceparent", "The trace (W3C Trace Context) of events that have none of their own.", text()),
        parameter(
            "ce-specversion",
            "`1.0`: the post is a CloudEvent in binary mode. Its attributes are the headers `ce-…`, and the body is its data.",
            text(),
        ),
        parameter("x-github-event", "With GitHub's signature: the kind of the webhook.", text()),
        parameter("x-github-delivery", "With GitHub's signature: becomes the correlation id.", text()),
    ]
}
