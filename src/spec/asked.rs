//! What is asked: the parameters and the body of a method of a route.

use serde_json::{json, Value};

use super::examples;
use super::operations::is_file;
use super::parameters::{self as given, Parameter};
use super::schemas::{Schemas, JSON};
use crate::ingest::forms::{CloudEvent, Envelope};
use crate::limits::{POST_BYTES, POST_EVENTS};
use crate::protocol::post::{CLOUD_EVENT, CLOUD_EVENTS};
use crate::protocol::route::Route;
use crate::tenant::document::Document;
use crate::tenant::revoking::Order;

/// The parameters of a method of a route.
pub(super) fn parameters(route: Route, method: &str) -> Vec<Value> {
    let in_path = match route {
        Route::Live | Route::State | Route::Log | Route::Presence => vec![given::session()],
        Route::Room => vec![given::tenant(), given::room()],
        Route::Page => vec![given::file()],
        Route::Tenant
        | Route::Reseal
        | Route::TenantRevocations
        | Route::Watch
        | Route::Rooms
        | Route::Usage => vec![given::tenant()],
        _ => Vec::new(),
    };
    let in_query = match (route, method) {
        (_, "OPTIONS") | (Route::Live | Route::Console, "HEAD") => Vec::new(),
        (Route::Live | Route::Console, _) => given::connecting(),
        (Route::State | Route::Presence, _) => vec![given::topics()],
        (Route::Log, _) => std::iter::once(given::topics()).chain(given::page_of_log()).collect(),
        (Route::Tenants, _) => vec![given::after("tenant")],
        (Route::Rooms, _) => vec![given::after("room"), given::rooms_limit()],
        (Route::Usage, _) => vec![given::days()],
        (Route::Metrics, _) => vec![given::only_tenant()],
        _ => Vec::new(),
    };
    let place = |place: &'static str, required: bool| move |one: Parameter| one.at(place, required);
    let signed = place("header", route == Route::Revocations);
    let in_path = in_path.into_iter().map(place("path", true));
    let in_query = in_query.into_iter().map(place("query", false));
    let in_headers = in_headers(route, method).into_iter().map(place("header", false));
    let signatures = signatures(route).into_iter().map(signed);
    in_path.chain(in_query).chain(signatures).chain(in_headers).collect()
}

fn signatures(route: Route) -> Vec<Parameter> {
    match route {
        Route::Events | Route::Revocations => given::signed(),
        _ => Vec::new(),
    }
}

fn in_headers(route: Route, method: &str) -> Vec<Parameter> {
    match (route, method) {
        (Route::Events, _) => given::about_events(),
        (Route::Tenant, "PUT" | "DELETE") => given::conditions(method == "PUT"),
        (Route::State | Route::Presence, "GET" | "HEAD") => vec![given::origin(), given::known()],
        (Route::Live | Route::State | Route::Log | Route::Presence, _) => vec![given::origin()],
        (route, _) if is_file(route) => vec![given::known()],
        _ => Vec::new(),
    }
}

/// The body that it takes, if it takes one.
pub(super) fn body(route: Route, method: &str, schemas: &mut Schemas) -> Option<Value> {
    let content = match (route, method) {
        (Route::Events, _) => events(schemas),
        (Route::Revocations | Route::TenantRevocations, _) => {
            json!({ JSON: {"schema": schemas.read::<Order>("Revocation"), "examples": examples::orders()} })
        }
        (Route::Tenant, "PUT") => {
            json!({ JSON: {"schema": schemas.read::<Document>("Tenant"), "example": examples::tenant()} })
        }
        _ => return None,
    };
    let about = format!("At most {} KiB, not compressed.", POST_BYTES / 1024);
    Some(json!({"required": true, "description": about, "content": content}))
}

fn events(schemas: &mut Schemas) -> Value {
    let list = |one: &Value, least: usize| json!({"type": "array", "items": one, "minItems": least, "maxItems": POST_EVENTS});
    let (envelope, event) =
        (schemas.read::<Envelope>("Envelope"), schemas.read::<CloudEvent>("CloudEvent"));
    json!({
        JSON: {
            "schema": {"oneOf": [envelope, list(&envelope, 1)]},
            "examples": examples::envelopes(),
        },
        CLOUD_EVENT: {"schema": event, "example": examples::cloud_event()},
        CLOUD_EVENTS: {"schema": list(&event, 0), "example": [examples::cloud_event()]},
    })
}
