//! The `AsyncAPI` 3 document: all that is said over the WebSockets of `roomcast.v1`.
//!
//! What clients of other dialects are sent is said in words, as each document of a tenant can have frames of its own.

use std::fmt::Write as _;

use serde_json::{json, Map, Value};

use super::messages::{answers, frames, messages, Frame, Sender, COMPRESSED};
use super::parameters::{self as given, Parameter};
use super::schemas::{sentence, Schemas};
use super::security::{schemes, OPERATOR, VIEWER};
use crate::protocol::codes::{CloseCode, CloseReason, NORMAL};
use crate::protocol::route::Route;

const ABOUT: &str = "\
What is said over the WebSockets of Roomcast by clients that offer the subprotocol `roomcast.v1`; what is asked over HTTP is in the OpenAPI \
document, `/openapi.json`. docs/protocol.md in Roomcast's repository says it in words, with what this document cannot say.

Each frame is a text frame with a JSON object that has a `type`. Readers ignore fields and types that they do not know. Frames of clients \
have at most 4,096 bytes. A client that was lost comes back with `resume=<epoch>:<seq>`, and misses nothing.

Other clients speak other dialects at the same addresses. A client that offers no subprotocol is sent `connected`, `dashboard.update`, \
`error` and `pong` only, each update in a frame of its own, and the state only when it asks for it. Where a document describes a *wire*, it is \
sent the frames of the document (docs/presets.md, \"A wire\"). Clients of Socket.IO connect at paths that serve `socket_io` \
(docs/socketio.md), and speak [Engine.IO 4](https://socket.io/docs/v4/engine-io-protocol/) and \
[Socket.IO 5](https://socket.io/docs/v4/socket-io-protocol/).";

const SESSION: &str = "\
The channel of a session. Where the document of the dashboard allows it, clients also see who else is here (`presence.…`) and tell each other \
what counts now only (`signal`); where it does not, such frames are answered with the error `not_allowed`.

A frame of the tail may come compressed, as a binary frame, for clients that connected with `compress=deflate`.";

const CONSOLE: &str = "\
The channel of the operator's console: the reports of rooms that are watched, as updates. There is no company there, and nothing is \
compressed.";

/// The document.
pub(super) fn document() -> Value {
    let mut schemas = Schemas::new();
    let frames = frames(&mut schemas);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Roomcast over WebSockets",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {
            "session": channel(Route::Live, SESSION, &frames),
            "console": channel(Route::Console, CONSOLE, &frames),
        },
        "operations": operations(&frames),
        "components": {
            "messages": messages(&frames),
            "schemas": schemas.all(),
            "securitySchemes": schemes_here(),
        },
    })
}

fn servers() -> Value {
    let host =
        json!({"default": "localhost:8787", "description": "The host name of the deployment."});
    json!({
        "deployment": {
            "host": "{host}", "protocol": "wss",  "variables": {"host": host},
            "description": "The tenant of the host name, or the deployment's default tenant.",
        },
        "tenant": {
            "host": "{host}", "pathname": "/t/{tenant}", "protocol": "wss",
            "variables": {"host": host, "tenant": {"default": "demo", "description": "The name of a tenant."}},
            "description": "The tenant that the path names.",
        },
    })
}

fn to(place: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/{place}/{name}") })
}

/// The schemes by which viewers and the operator show who they are.
fn schemes_here() -> Map<String, Value> {
    let all = schemes();
    let used = [VIEWER, OPERATOR].concat().concat();
    let entry = |(name, scheme): (&String, &Value)| {
        let mut scheme = scheme.clone();
        // What is in a header, a cookie or the query is called so here.
        if let Some(kind) = scheme.get_mut("type").filter(|kind| **kind == "apiKey") {
            *kind = "httpApiKey".into();
        }
        used.contains(&name.as_str()).then_some((name.clone(), scheme))
    };
    all.as_object().into_iter().flatten().filter_map(entry).collect()
}

/// How somebody who connects to a channel shows who it is: in one of these ways.
fn security(route: Route) -> Vec<Value> {
    let lists = if route == Route::Console { OPERATOR } else { VIEWER };
    lists.iter().flat_map(|list| *list).map(|one| to("components/securitySchemes", one)).collect()
}

/// The name of a channel.
const fn name(route: Route) -> &'static str {
    match route {
        Route::Console => "console",
        _ => "session",
    }
}

/// Whether a frame can be on a channel.
fn is_on(route: Route, frame: &Frame) -> bool {
    route != Route::Console || !frame.company
}

fn channel(route: Route, about: &str, frames: &[Frame]) -> Value {
    let on = frames.iter().filter(|frame| is_on(route, frame)).map(|frame| &*frame.name);
    let compressed = (route == Route::Live).then_some(COMPRESSED);
    let messages = on.chain(compressed).map(|one| (one.to_owned(), to("components/messages", one)));
    let servers: &[&str] =
        if route == Route::Live { &["deployment", "tenant"] } else { &["deployment"] };
    let mut channel = json!({
        "address": route.template(),
        "title": if route == Route::Live { "A session" } else { "The console" },
        "description": format!("{about}\n\n{}", closes_in_words()),
        "servers": servers.iter().map(|one| to("servers", one)).collect::<Vec<_>>(),
        "messages": messages.collect::<Map<_, _>>(),
        "bindings": {"ws": {
            "method": "GET",
            "query": Parameter::together(given::connecting()),
            "bindingVersion": "0.1.0",
        }},
        "x-close-codes": closes(),
    });
    if let (Route::Live, Some(fields)) = (route, channel.as_object_mut()) {
        let session = json!({"description": "The session.", "examples": ["s-1"]});
        fields.insert("parameters".to_owned(), json!({ "session": session }));
    }
    channel
}

/// The close codes that Roomcast chooses, each with its reasons.
fn closes() -> Vec<Value> {
    let normal = json!({"code": NORMAL, "meaning": "The connection has served its purpose.", "reasons": [], "reconnect": "no"});
    let row = |close: &CloseCode| {
        let reasons = CloseReason::all().filter(|reason| reason.close() == *close);
        let reasons: Vec<_> = reasons.map(CloseReason::code).collect();
        let meaning = sentence(close.meaning());
        json!({"code": close.number(), "meaning": meaning, "reasons": reasons,
            "reconnect": close.reconnect().words()})
    };
    std::iter::once(normal).chain(CloseCode::ALL.iter().map(row)).collect()
}

fn closes_in_words() -> String {
    let mut text =
        "| close code | meaning | close reasons | connect again |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for close in closes() {
        let [code, meaning, reasons, again] = ["code", "meaning", "reasons", "reconnect"]
            .map(|name| close.get(name).cloned().unwrap_or_default());
        let reasons = reasons.as_array().into_iter().flatten().filter_map(Value::as_str);
        let reasons: Vec<_> = reasons.map(|reason| format!("`{reason}`")).collect();
        let (meaning, again) =
            (meaning.as_str().unwrap_or_default(), again.as_str().unwrap_or_default());
        // A text takes all that is written to it.
        let _ = writeln!(text, "| {code} | {meaning} | {} | {again} |", reasons.join(", "));
    }
    text + "\nAfter any other code from 1001 to 1999, connect again."
}

/// What Roomcast does on each channel: it sends, and it takes what clients say.
fn operations(frames: &[Frame]) -> Map<String, Value> {
    let mut operations = Map::new();
    for route in [Route::Live, Route::Console] {
        let own: Vec<_> = frames.iter().filter(|frame| is_on(route, frame)).collect();
        operations.insert(format!("{}.send", name(route)), sends(route, &own));
        for frame in own.iter().filter(|frame| frame.sender == Sender::Client) {
            let id = format!("{}.{}", name(route), frame.kind);
            operations.insert(id, takes(route, frame, &own));
        }
    }
    operations
}

fn on(route: Route, message: &str) -> Value {
    to(&format!("channels/{}/messages", name(route)), message)
}

fn sends(route: Route, own: &[&Frame]) -> Value {
    let sent = own.iter().filter(|frame| frame.sender == Sender::Server);
    let compressed = (route == Route::Live).then_some(COMPRESSED);
    let names = sent.map(|frame| &*frame.name).chain(compressed);
    json!({
        "action": "send",
        "channel": to("channels", name(route)),
        "summary": "What clients are sent.",
        "security": security(route),
        "messages": names.map(|one| on(route, one)).collect::<Vec<_>>(),
    })
}

fn takes(route: Route, frame: &Frame, own: &[&Frame]) -> Value {
    let sent = own.iter().filter(|one| one.sender == Sender::Server);
    let answers = sent.filter(|one| answers(&frame.kind).contains(&&*one.kind));
    let answers: Vec<_> = answers.map(|one| on(route, &one.name)).collect();
    json!({
        "action": "receive",
        "channel": to("channels", name(route)),
        "summary": format!("What clients say with `{}`.", frame.kind),
        "security": security(route),
        "messages": [on(route, &frame.name)],
        "reply": {"channel": to("channels", name(route)), "messages": answers},
    })
}
