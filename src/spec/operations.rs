//! The operation of a method at a route: what it is called, and what it is for.

use serde_json::{json, Value};

use super::answered::answers;
use super::asked::{body, parameters};
use super::schemas::Schemas;
use super::security;
use crate::protocol::route::Route;

/// What an operation is called, what it does, and more about it.
type About = (&'static str, &'static str, &'static str);

/// One operation.
pub(super) fn operation(route: Route, method: &str, schemas: &mut Schemas) -> Value {
    let (id, summary, more) = about(route, method);
    let mut operation = json!({"operationId": id, "summary": summary, "tags": [tag(route)]});
    let Some(fields) = operation.as_object_mut() else { return operation };
    if !more.is_empty() {
        fields.insert("description".to_owned(), more.into());
    }
    fields.insert("security".to_owned(), security::one_of(secured(route, method)));
    let parameters = parameters(route, method);
    if !parameters.is_empty() {
        fields.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = body(route, method, schemas) {
        fields.insert("requestBody".to_owned(), body);
    }
    fields.insert("responses".to_owned(), answers(route, method, schemas));
    operation
}

/// What is said besides of a route that is asked with HEAD or OPTIONS.
fn about(route: Route, method: &str) -> About {
    match (route, method) {
        (Route::Live | Route::Console, "HEAD") => live_head(route),
        (_, "HEAD") => (head_id(route), "The same without its body", ""),
        (_, "OPTIONS") => preflight(route),
        _ => asked(route, method),
    }
}

fn live_head(route: Route) -> About {
    let id = if route == Route::Live { "headSession" } else { "headConsole" };
    (id, "Is always answered 426", "Only a GET can become a WebSocket.")
}

fn preflight(route: Route) -> About {
    let id = match route {
        Route::State => "preflightState",
        Route::Log => "preflightLog",
        _ => "preflightPresence",
    };
    (id, "The question of a browser before a page of another origin reads", "")
}

fn head_id(route: Route) -> &'static str {
    match route {
        Route::State => "headState",
        Route::Log => "headLog",
        Route::Presence => "headPresence",
        Route::Health => "headHealth",
        Route::Tenants => "headTenants",
        Route::Tenant => "headTenant",
        Route::Rooms => "headRooms",
        Route::Room => "headRoom",
        Route::Usage => "headUsage",
        Route::Metrics => "headMetrics",
        Route::Start => "headStart",
        Route::ConsolePage => "headConsolePage",
        Route::Page => "headPage",
        Route::OpenApi => "headOpenApi",
        Route::OpenApiPage => "headOpenApiPage",
        Route::AsyncApi => "headAsyncApi",
        Route::AsyncApiPage => "headAsyncApiPage",
        _ => "head",
    }
}

fn asked(route: Route, method: &str) -> About {
    match route {
        Route::Events => ("postEvents", "Publish events", EVENTS),
        Route::Live => ("watchSession", "Watch a session live", LIVE),
        Route::State => ("readState", "Read the state of a session", STATE),
        Route::Log => ("readLog", "Read a page of the log of a session", LOG),
        Route::Presence => ("readPresence", "Read who is here", PRESENCE),
        Route::Revocations => ("revokeTokens", "Revoke tokens of a user", REVOCATIONS),
        Route::Health => ("readHealth", "Ask whether the deployment is well", ""),
        Route::Tenants => ("listTenants", "List the names of all tenants", ""),
        Route::Tenant => match method {
            "PUT" => ("putTenant", "Store the document of a tenant", PUT),
            "DELETE" => ("deleteTenant", "Delete a tenant", DELETE),
            _ => ("readTenant", "Read the document of a tenant", KEPT),
        },
        Route::Reseal => ("resealTenant", "Encrypt the secrets with the newest sealing key", ""),
        Route::TenantRevocations => {
            ("revokeTokensOfTenant", "Revoke tokens of a user, as an admin", REVOKED_BY_ADMIN)
        }
        Route::Watch => ("watchTenant", "Have the rooms of a tenant report to the console", WATCH),
        Route::Rooms => {
            ("listRooms", "List the rooms of a tenant that have begun", "Wakes none of them.")
        }
        Route::Room => ("readRoom", "Ask a room how it stands", "This wakes the room."),
        Route::Usage => ("readUsage", "Read what a tenant has used, by day", USAGE),
        Route::Metrics => {
            ("readMetrics", "Read what all tenants use, for a monitoring system", METRICS)
        }
        Route::Console => ("watchConsole", "Watch the operator's console", CONSOLE),
        Route::Start => ("openStart", "The page that leads to all dashboards", ""),
        Route::ConsolePage => ("openConsole", "The page of the operator's console", ""),
        Route::Page => ("openPage", "A dashboard, or a file of one", ""),
        Route::OpenApi => ("readOpenApi", "This document", ""),
        Route::OpenApiPage => ("openOpenApi", "This document as a page", ""),
        Route::AsyncApi => {
            ("readAsyncApi", "The AsyncAPI document of what is said over WebSockets", "")
        }
        Route::AsyncApiPage => ("openAsyncApi", "The AsyncAPI document as a page", ""),
    }
}

const EVENTS: &str = "The body is one event, or a list of at most 500. All events of a request are applied, or none. Repeating a post is safe: \
    an event whose id the room remembers is a `duplicate`.\n\nThe headers say who signed the post, and in which form its events come. With \
    GitHub's or Stripe's signature the body is what they send.";
const LIVE: &str = "A WebSocket. `asyncapi.json` describes what is said over it. A browser cannot read the status of a failed upgrade, so a client \
    that offered `roomcast.v1` is accepted and closed at once, with the close code of the refusal and its code as the close reason.";
const STATE: &str =
    "What the token's user sees, at exactly one position. Reading does not begin the room.";
const LOG: &str = "The updates from one number to another, as far as the log still has them. Reading does not begin the room.";
const PRESENCE: &str =
    "Only where the document of the dashboard has `presence`; else the answer is 404.";
const REVOCATIONS: &str = "Tokens of the user count no longer: they are refused with `token_revoked`, and their connections are closed with 4401. Only \
    Standard Webhooks signs such a post.";
const PUT: &str = "Stores it as a whole. Where it names a secret that is kept, such as `{\"kept\": \"84be1b946adf4160\"}`, that secret stays.";
const DELETE: &str = "Its connections are closed, and what its rooms have stored is deleted.";
const KEPT: &str = "In place of each secret is a name, such as `{\"kept\": \"84be1b946adf4160\"}`.";
const REVOKED_BY_ADMIN: &str =
    "As `POST /api/revocations`, without a signature, and also while the tenant is suspended.";
const USAGE: &str =
    "Amounts as Cloudflare bills them, and what they cost by list prices. Wakes no room.";
const METRICS: &str = "The text format of Prometheus, version 0.0.4. Wakes no room: the objects of the tenants are asked, each once.";
const WATCH: &str =
    "They report when they are awake anyway. It ends by itself: repeat it to watch on.";
const CONSOLE: &str =
    "A WebSocket as that of a session, for pages of the deployment itself and for programs.";

pub(super) fn tag(route: Route) -> &'static str {
    match route {
        Route::Events | Route::Revocations => "Backends",
        Route::Live | Route::State | Route::Log | Route::Presence => "Sessions",
        Route::Health => "Deployment",
        Route::Start | Route::ConsolePage | Route::Page => "Pages",
        Route::OpenApi | Route::OpenApiPage | Route::AsyncApi | Route::AsyncApiPage => "Documents",
        _ => "Admin",
    }
}

/// Whether a path is that of a tenant, so that `/t/<tenant>` can stand in front of it.
pub(super) fn is_of_tenant(route: Route) -> bool {
    matches!(tag(route), "Backends" | "Sessions")
}

fn secured(route: Route, method: &str) -> &'static [&'static [&'static str]] {
    match (tag(route), route) {
        _ if method == "OPTIONS" => &[],
        (_, Route::Events) => security::BACKEND,
        (_, Route::Revocations) => security::SIGNED,
        (_, Route::Live | Route::Console) if method == "HEAD" => &[],
        (_, Route::Live) => security::VIEWER,
        (_, Route::Console) => security::OPERATOR,
        ("Sessions", _) => security::READER,
        ("Admin", _) => security::ADMIN,
        _ => &[],
    }
}

/// Whether a file is there.
pub(super) fn is_file(route: Route) -> bool {
    matches!(tag(route), "Pages" | "Documents")
}
