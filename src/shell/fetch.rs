//! The front Worker: finds the handler of a request, or answers with a problem document.

use futures::FutureExt as _;
use percent_encoding::percent_decode_str;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Request;
use worker::{event, Context, Env, Method, Response, Result};

use super::environment::deployment;
use super::reads::{self, Read, What};
use super::{admin, answer, console, engine, events, live, page, refusals, revocations, tenants};
use crate::auth::admission::{Open, Place, Session};
use crate::config::Misconfigured;
use crate::preset::path::{Access, Serves};
use crate::preset::{presets, Preset};
use crate::protocol::address::path_and_query;
use crate::protocol::answers::Health;
use crate::protocol::codes::ProblemCode;
use crate::protocol::problem::Problem;
use crate::protocol::route::{Parts, Route};
use crate::tenant::site::site;
use crate::tenant::Tenant;

#[wasm_bindgen(module = "/src/shell/microtasks.js")]
extern "C" {
    #[wasm_bindgen(js_name = resumeThroughPromises)]
    fn resume_through_promises();
}

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
    resume_through_promises();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<web_sys::Response> {
    let routed = route(request, &env, &context).await;
    refusals::tell_later(&env, &context);
    if let Ok(response) = routed {
        return Ok(response);
    }
    // The error text of the platform is not shown to the client.
    let detail = "Something failed here. Try again.";
    Ok(answer::problem(&Problem::new(ProblemCode::Internal, detail))?.into())
}

/// A room's answer to an upgrade is passed on as it is, so the result has no type of `worker`. Futures are boxed, so that
/// each is compiled as a function of its own: V8 is slow to optimise large functions.
async fn route(request: Request, env: &Env, context: &Context) -> Result<web_sys::Response> {
    let deployment = match deployment(env) {
        Ok(deployment) => deployment,
        Err(misconfigured) => return Ok(answer::problem(&unusable(&misconfigured))?.into()),
    };
    let url = request.url();
    let (named, path) = site(&url, deployment.host_suffix.as_deref());
    let found = Route::find(path);
    // The admin API is not below `/t/`, so that a proxy in front can close it by its path.
    let whole = path_and_query(&url).0 == path;
    let response = match found {
        Some((Route::Health, _)) => reading(&request, healthz),
        Some((Route::Console, _)) if whole => {
            return console::live(&request, method(&request), &deployment, env, context)
                .boxed_local()
                .await;
        }
        _ if whole && is_admin(path) => {
            let method = method(&request);
            admin::serve(&request, method, found, &deployment, env).boxed_local().await
        }
        Some((route, _)) if page::is_at(path, route) => {
            page(&request, path, env).boxed_local().await
        }
        _ => match tenants::find(named, &deployment, env, context).boxed_local().await {
            Ok(tenant) => return serve(request, (path, found), &tenant, env, context).await,
            // It names no tenant that is served.
            Err(refusal) => live::refused(&request, refusal, context),
        },
    };
    response.map(Into::into)
}

/// Whether only an admin may know what is at a path.
fn is_admin(path: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    path == Route::Metrics.template() || path.strip_prefix("/admin/tenants").is_some_and(below)
}

async fn page(request: &Request, path: &str, env: &Env) -> Result<Response> {
    if !matches!(method(request), Method::Get | Method::Head) {
        return answer::method_not_allowed("GET, HEAD");
    }
    match page::at(path, request, env).await? {
        Some(page) => Ok(page),
        None => not_found(),
    }
}

/// A path of a tenant.
async fn serve(
    request: Request,
    (path, found): (&str, Option<(Route, Parts<'_>)>),
    tenant: &Tenant,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    match found {
        Some((route, [session, _])) if path.starts_with("/api/") => {
            api(request, (route, session), tenant, env, context).boxed_local().await
        }
        _ => own(request, path, tenant, env, context).boxed_local().await,
    }
}

/// A path of a document.
async fn own(
    request: Request,
    path: &str,
    tenant: &Tenant,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    let Some(found) = tenant.presets.place(path) else { return not_found().map(Into::into) };
    let live = matches!(found.path.serves, Serves::Live);
    let place = place(&found, tenant);
    if found.path.serves.is_engine_io() {
        return engine::serve(&request, (&found, &place), tenant, env).boxed_local().await;
    }
    let what = match &found.path.serves {
        Serves::Latest(latest) => What::Latest(latest),
        Serves::Presence => What::Presence,
        Serves::Log => What::Log,
        Serves::Live | Serves::SocketIo | Serves::EngineIoEcho | Serves::State => What::State,
    };
    let response = match (live, method(&request)) {
        (true, Method::Get) => {
            let upgrade = live::upgrade(&request, (found.preset, &place), tenant, env, context);
            return upgrade.boxed_local().await;
        }
        (true, Method::Head) => live::upgrade_required(),
        (true, _) => answer::method_not_allowed("GET, HEAD"),
        (false, Method::Get | Method::Head) => {
            let read = Read { preset: found.preset, place: &place, what };
            reads::read(&request, read, tenant, env).await
        }
        (false, Method::Options) => reads::preflight(&request, tenant, reads::READING),
        (false, _) => answer::method_not_allowed("GET, HEAD, OPTIONS"),
    };
    response.map(Into::into)
}

/// The place of a document's path, as admission sees it.
fn place<'p>(found: &'p presets::Place<'p>, tenant: &'p Tenant) -> Place<'p> {
    let document = tenant.presets.get(found.preset);
    let session = match document.and_then(Preset::only_session) {
        Some(session) => Session::Only(session),
        None => Session::Named(&found.session),
    };
    let open = match (found.path.access, &found.path.serves) {
        (Access::Token, _) => Open::Closed,
        (Access::Anonymous, Serves::Live) => Open::ToOrigins,
        (Access::Anonymous, _) => Open::ToReaders,
    };
    let connections_per_address = found.path.connections_per_address;
    let company = document.map(|document| document.company(Some(found.path))).unwrap_or_default();
    Place { session, open, topics: found.path.topics.as_ref(), connections_per_address, company }
}

async fn api(
    request: Request,
    (route, session): (Route, &str),
    tenant: &Tenant,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    let method = method(&request);
    if !route.takes(method.as_ref()) {
        return answer::method_not_allowed(route.methods()).map(Into::into);
    }
    let what = match route {
        Route::Events => return events::post(&request, tenant, env).await,
        Route::Revocations => {
            let answer = revocations::post(&request, tenant, env).boxed_local().await;
            return answer.map(Into::into);
        }
        Route::Live if method == Method::Head => {
            return live::upgrade_required().map(Into::into);
        }
        Route::Live => return watched(request, session, tenant, env, context).boxed_local().await,
        Route::State => What::State,
        Route::Log => What::Log,
        Route::Presence => What::Presence,
        // None of them is below `/api/`.
        Route::Health
        | Route::Tenants
        | Route::Tenant
        | Route::Reseal
        | Route::TenantRevocations
        | Route::Watch
        | Route::Rooms
        | Route::Room
        | Route::Usage
        | Route::Metrics
        | Route::Console
        | Route::Start
        | Route::ConsolePage
        | Route::Page
        | Route::OpenApi
        | Route::OpenApiPage
        | Route::AsyncApi
        | Route::AsyncApiPage => return not_found().map(Into::into),
    };
    if method == Method::Options {
        return reads::preflight(&request, tenant, reads::READING).map(Into::into);
    }
    let session = decoded(session);
    let read = Read { preset: 0, place: &Place::of(&session), what };
    reads::read(&request, read, tenant, env).await.map(Into::into)
}

/// A session, live, as the first document of the tenant shows it.
async fn watched(
    request: Request,
    session: &str,
    tenant: &Tenant,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    let session = decoded(session);
    let document = tenant.presets.get(0);
    let company = document.map(|document| document.company(None)).unwrap_or_default();
    let place = (0, &Place { company, ..Place::of(&session) });
    live::upgrade(&request, place, tenant, env, context).boxed_local().await
}

fn not_found() -> Result<Response> {
    answer::problem(&Problem::new(ProblemCode::NotFound, "There is nothing at this path."))
}

/// Answers GET and HEAD. The runtime sends no body to a HEAD.
fn reading(request: &Request, response: impl FnOnce() -> Result<Response>) -> Result<Response> {
    match method(request) {
        Method::Get | Method::Head => response(),
        _ => answer::method_not_allowed("GET, HEAD"),
    }
}

/// The method of a request. The type of `worker` takes an unknown method for GET; here it becomes CONNECT, which no path
/// takes.
fn method(request: &Request) -> Method {
    match request.method().as_str() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "OPTIONS" => Method::Options,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        _ => Method::Connect,
    }
}

/// A path segment without percent encoding. A segment that is not UTF-8 becomes a text that is no session's name.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn healthz() -> Result<Response> {
    answer::json(200, &Health::ok())
}

/// Says which setting is wrong, and never shows its value.
fn unusable(misconfigured: &Misconfigured) -> Problem {
    let mend = "Set it where this Worker gets its settings from; the README says which there are.";
    Problem::new(ProblemCode::Misconfigured, format!("{misconfigured}. {mend}"))
}
