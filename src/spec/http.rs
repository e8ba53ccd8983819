//! The `OpenAPI` 3.1 document: all that is asked over HTTP at the paths of Roomcast itself.

use serde_json::{json, Map, Value};

use super::operations::{is_of_tenant, operation};
use super::problems::examples;
use super::schemas::Schemas;
use super::security::schemes;
use crate::protocol::problem::Problem;
use crate::protocol::route::Route;

const ABOUT: &str = "\
Roomcast takes domain events from a backend and shows them, live, on the dashboards that are looking. This is all that is asked over \
HTTP; what is said over WebSockets is in the AsyncAPI document, `/asyncapi.json`.

Every error is a problem document (RFC 9457), whose `code` is for programs. Besides those that each operation lists, every path answers \
405 `method_not_allowed` to other methods, with `Allow`, and a path that is not there is answered 404 `not_found`. Answers that are not \
files may be kept by nobody but their reader, errors by nobody. Readers ignore fields that they do not know.

A tenant's documents can serve its rooms at further paths: live, as the state or the log in the forms of these operations, as the data of \
the latest update of a type, or to clients of Socket.IO. Which there are is the tenant's choice, so they are not here: docs/presets.md and \
docs/socketio.md in Roomcast's repository describe them.";

/// The document.
pub(super) fn document() -> Value {
    let mut schemas = Schemas::new();
    schemas.written::<Problem>();
    let paths = paths(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Roomcast over HTTP",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Real-time rooms for dashboards, at the edge",
            "description": ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "/", "description": "The tenant of the host name, or the deployment's default tenant."},
            {
                "url": "/t/{tenant}",
                "description": "The tenant that the path names.",
                "variables": {"tenant": {"default": "demo", "description": "The name of a tenant."}},
            },
        ],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": schemes(),
            "examples": examples(),
            "schemas": schemas.all(),
        },
    })
}

fn tags() -> Value {
    let tags = [
        ("Sessions", "For dashboards: a session live, and what can be read of it."),
        ("Backends", "For backends: events, and tokens that count no longer."),
        ("Admin", "For whoever runs the deployment."),
        ("Deployment", "For whoever watches over it."),
        ("Documents", "This document and the other."),
        ("Pages", "Dashboards for people."),
    ];
    tags.iter().map(|(name, about)| json!({"name": name, "description": about})).collect()
}

fn paths(schemas: &mut Schemas) -> Map<String, Value> {
    let mut item = |route: &Route| {
        let mut item = Map::new();
        if !is_of_tenant(*route) {
            item.insert("servers".to_owned(), json!([{ "url": "/" }]));
        }
        for method in route.methods().split(", ") {
            item.insert(method.to_lowercase(), operation(*route, method, schemas));
        }
        (path(*route), Value::Object(item))
    };
    Route::ALL.iter().map(&mut item).collect()
}

/// The path of a route as `OpenAPI` writes it, which knows no names for several segments.
pub(super) fn path(route: Route) -> String {
    route.template().replace("{+", "{")
}
