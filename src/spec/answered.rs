//! What is answered, by status. Problems are those of `refusals`; said here is what is answered if all is well.

use schemars::JsonSchema;
use serde_json::{json, Map, Value};

use super::examples;
use super::operations::is_file;
use super::problems::responses;
use super::refusals::codes;
use super::schemas::{reference, Schemas, JSON};
use crate::metering::exposition::MEDIA_TYPE;
use crate::metering::statement::TenantUsage;
use crate::protocol::answers::{Health, Revoked, RoomsPage, TenantsPage, Watched};
use crate::protocol::cost::Cost;
use crate::protocol::report::Report;
use crate::protocol::results::Results;
use crate::protocol::route::Route;
use crate::protocol::schema::{LogPage, Present};

/// The answers by status.
pub(super) fn answers(route: Route, method: &str, schemas: &mut Schemas) -> Value {
    let mut all = responses(&codes(route, method));
    for (status, answer) in well(route, method, schemas) {
        all.insert(status, answer);
    }
    let answer = |(status, mut answer): (u16, Value)| {
        if method == "HEAD" {
            answer.as_object_mut().and_then(|fields| fields.shift_remove("content"));
        }
        (status.to_string(), answer)
    };
    Value::Object(all.into_iter().map(answer).collect::<Map<_, _>>())
}

fn well(route: Route, method: &str, schemas: &mut Schemas) -> Vec<(u16, Value)> {
    let unchanged = || {
        (
            304,
            json!({"description": "It is still what `If-None-Match` names.", "headers": tagged()}),
        )
    };
    match (route, method) {
        (Route::Live | Route::Console, "HEAD") => Vec::new(),
        (_, "OPTIONS") => vec![(
            204,
            json!({"description": "What pages of an allowed origin may ask.", "headers": shared()}),
        )],
        (Route::Live | Route::Console, _) => vec![(101, upgraded())],
        (Route::Events, _) => {
            let mut answer = answer::<Results>(
                "What became of each event, in the order of the request.",
                &examples::results(),
                schemas,
            );
            let cost = Cost { requests: 1, bursts: 1, rows_written: 1, rows_read: 1 }.to_string();
            let about = "What the request took, in units that Cloudflare bills.";
            put(&mut answer, "headers", json!({ "Roomcast-Cost": header(about, &cost) }));
            vec![(202, answer)]
        }
        (Route::State, _) => {
            let frames = schemas.types().state();
            let frame = schemas.declare(frames).pop().unwrap_or_default();
            let content = json!({ JSON: {"schema": frame, "example": examples::state()} });
            let state =
                json!({"description": "The state.", "headers": tagged(), "content": content});
            vec![(200, state), unchanged()]
        }
        (Route::Log, _) => {
            vec![(200, answer::<LogPage>("A page of the log.", &examples::log_page(), schemas))]
        }
        (Route::Presence, _) => {
            let mut answer =
                answer::<Present>("Who is here at this moment.", &examples::present(), schemas);
            put(&mut answer, "headers", tagged());
            vec![(200, answer), unchanged()]
        }
        (Route::Revocations | Route::TenantRevocations, _) => {
            let example = json!(Revoked { closed: 2, rooms: 3, silent: 0, complete: true });
            vec![(
                200,
                answer::<Revoked>("It is stored, and the rooms have been told.", &example, schemas),
            )]
        }
        (Route::Health, _) => {
            vec![(200, answer::<Health>("It is.", &json!(Health::ok()), schemas))]
        }
        (route, method) if is_file(route) => {
            let about = if method == "GET" { "The file." } else { "There is such a file." };
            vec![
                (200, json!({"description": about, "headers": tagged(), "content": file(route)})),
                unchanged(),
            ]
        }
        (route, method) => managed(route, method, schemas),
    }
}

/// What the admin API answers.
fn managed(route: Route, method: &str, schemas: &mut Schemas) -> Vec<(u16, Value)> {
    match (route, method) {
        (Route::Tenants, _) => {
            let example = json!({"tenants": ["acme", "demo"], "next": null});
            vec![(200, answer::<TenantsPage>("Their names, in order.", &example, schemas))]
        }
        (Route::Rooms, _) => {
            let example = json!({"rooms": ["admin/all", "s-1"], "next": null});
            vec![(200, answer::<RoomsPage>("Their names, in order.", &example, schemas))]
        }
        (Route::Watch, _) => {
            let example = json!({ "until": 1_767_780_090_000_u64 });
            vec![(200, answer::<Watched>("The rooms report until then.", &example, schemas))]
        }
        (Route::Usage, _) => {
            vec![(200, answer::<TenantUsage>("What it has used.", &examples::usage(), schemas))]
        }
        (Route::Metrics, _) => {
            let content = json!({ MEDIA_TYPE: {"schema": {"type": "string"}} });
            vec![(200, json!({"description": "The metrics: docs/metrics.md.", "content": content}))]
        }
        (Route::Room, _) => {
            let content = json!({ JSON: { "schema": schemas.written::<Report>() } });
            vec![(
                200,
                json!({"description": "How it stands, and what it did.", "content": content}),
            )]
        }
        (_, "DELETE") => vec![(204, json!({ "description": "There is no such tenant any more." }))],
        (_, method) => {
            let document = |about: &str| {
                let content = json!({ JSON: {"schema": reference("Tenant"), "example": examples::shown_tenant()} });
                json!({"description": about, "headers": tagged(), "content": content})
            };
            let stored = (200, document("The document, and its version as `ETag`."));
            let made = (method == "PUT").then(|| (201, document("The tenant is new.")));
            std::iter::once(stored).chain(made).collect()
        }
    }
}

fn answer<T: JsonSchema>(about: &str, example: &Value, schemas: &mut Schemas) -> Value {
    let content = json!({ JSON: {"schema": schemas.written::<T>(), "example": example} });
    json!({"description": about, "content": content})
}

fn put(answer: &mut Value, name: &str, value: Value) {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn header(about: &str, example: &str) -> Value {
    json!({"description": about, "schema": {"type": "string"}, "example": example})
}

fn tagged() -> Value {
    json!({ "ETag": header("Names this version, for `If-None-Match` and `If-Match`.", "\"00000000000000e1:43\"") })
}

fn shared() -> Value {
    json!({
        "Access-Control-Allow-Origin": header("The origin, if the tenant allows it.", "https://app.example.com"),
        "Access-Control-Allow-Methods": header("The methods with which pages may read.", "GET, HEAD"),
        "Access-Control-Allow-Headers": header("The headers with which they may.", "authorization, if-none-match"),
        "Access-Control-Max-Age": header("For how many seconds this counts.", "86400"),
    })
}

fn upgraded() -> Value {
    json!({
        "description": "The connection is a WebSocket from here on.",
        "headers": { "Sec-WebSocket-Protocol": header("`roomcast.v1`, if the client offered it.", "roomcast.v1") },
    })
}

/// The media types of the files at a route.
fn file(route: Route) -> Value {
    let text = json!({ "schema": {"type": "string"} });
    match route {
        Route::OpenApi | Route::AsyncApi => json!({ JSON: { "schema": {"type": "object"} } }),
        Route::Page => json!({ "text/html": text, "text/javascript": text, "text/css": text }),
        _ => json!({ "text/html": text }),
    }
}
