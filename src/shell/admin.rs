//! The admin API: tenants are read, stored, deleted and listed. Whoever has the admin token may do all of it.

use futures::FutureExt as _;
use serde_json::Value;
use web_sys::Request;
use worker::{Env, Method, Response, Result};

use super::body::read_body;
use super::headers::Headers;
use super::query::parameter;
use super::record::{write, Line};
use super::{admin_metrics, admin_rooms, answer, objects, revocations};
use crate::auth::admin::admits;
use crate::config::{Deployment, ADMIN_TOKEN};
use crate::hop::directory::{Answer as Listed, Question as Ask};
use crate::hop::tenant::{Answer, Condition, Question};
use crate::hop::ADMIN;
use crate::limits::TENANTS_PAGE;
use crate::protocol::address::path_and_query;
use crate::protocol::answers::TenantsPage;
use crate::protocol::codes::ProblemCode;
use crate::protocol::ids::TenantName;
use crate::protocol::json::{self, NotJson};
use crate::protocol::problem::{Problem, CHALLENGE};
use crate::protocol::route::{Parts, Route};
use crate::tenant::entry;

/// The header `WWW-Authenticate` of a 401.
const REALM: &str = r#"Bearer realm="roomcast admin""#;

/// A path below `/admin/tenants`, or `/admin/metrics`.
pub(super) async fn serve(
    request: &Request,
    method: Method,
    found: Option<(Route, Parts<'_>)>,
    deployment: &Deployment,
    env: &Env,
) -> Result<Response> {
    match manage(request, method, found, deployment, env).await? {
        Ok(response) => Ok(response),
        Err(problem) => {
            let (method, url) = (request.method(), request.url());
            let (path, _) = path_and_query(&url);
            let (status, reason) = (problem.status, problem.code.as_str());
            write(&Line::AdminRefused { method: &method, path, status, reason });
            answer::problem(&problem)
        }
    }
}

pub(super) type Answered = Result<std::result::Result<Response, Problem>>;

async fn manage(
    request: &Request,
    method: Method,
    found: Option<(Route, Parts<'_>)>,
    deployment: &Deployment,
    env: &Env,
) -> Answered {
    let headers = Headers::of(request, "authorization,if-match,if-none-match");
    let [authorization, matches, differs] = headers.values();
    let admitted =
        deployment.admin_token.as_ref().is_some_and(|token| admits(token, authorization));
    if !admitted {
        return Ok(Err(refused(deployment)));
    }
    let condition =
        Condition { matches: matches.map(str::to_owned), differs: differs.map(str::to_owned) };
    let Some((route, [name, room])) = found else { return Ok(Err(nothing_here())) };
    if !matches!(route, Route::Tenants | Route::Metrics) && name.parse::<TenantName>().is_err() {
        let bad =
            "A tenant's name is 1 to 32 characters out of a-z 0-9 -, and starts with a letter.";
        return Ok(Err(Problem::new(ProblemCode::NotFound, bad)));
    }
    if !route.takes(method.as_ref()) {
        return answer::method_not_allowed(route.methods()).map(Ok);
    }
    match route {
        Route::Tenants => list(request, env).await,
        Route::Tenant => match method {
            Method::Put => put(request, name, condition, env).await,
            Method::Delete => ask(name, &Question::Delete { condition }, env).await,
            _ => ask(name, &Question::Get, env).await,
        },
        Route::Reseal => ask(name, &Question::Reseal, env).await,
        Route::TenantRevocations => match name.parse() {
            Ok(tenant) => Ok(revocations::order(request, &tenant, env).await),
            Err(_) => Ok(Err(unknown())),
        },
        Route::Watch => admin_rooms::watch(name, env).boxed_local().await,
        Route::Rooms => admin_rooms::list(request, name, env).boxed_local().await,
        Route::Usage => admin_metrics::usage(request, name, deployment, env).boxed_local().await,
        Route::Metrics => admin_metrics::metrics(request, deployment, env).boxed_local().await,
        Route::Room => admin_rooms::show(name, room, env).boxed_local().await,
        // None of them is below `/admin/tenants`.
        Route::Events
        | Route::Live
        | Route::State
        | Route::Log
        | Route::Presence
        | Route::Revocations
        | Route::Health
        | Route::Console
        | Route::Start
        | Route::ConsolePage
        | Route::Page
        | Route::OpenApi
        | Route::OpenApiPage
        | Route::AsyncApi
        | Route::AsyncApiPage => Ok(Err(nothing_here())),
    }
}

fn nothing_here() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is nothing at this path.")
}

/// What somebody is told who does not show the admin token.
pub(super) fn refused(deployment: &Deployment) -> Problem {
    let detail = if deployment.admin_token.is_some() {
        "Send the admin token: Authorization: Bearer".to_owned()
    } else {
        format!("This deployment has no {ADMIN_TOKEN}, so its tenants cannot be changed. Set one.")
    };
    Problem::new(ProblemCode::AdminRefused, detail).with_header(CHALLENGE, REALM)
}

async fn put(request: &Request, name: &str, condition: Condition, env: &Env) -> Answered {
    let body = match read_body(request).await {
        Ok(body) => body,
        Err(problem) => return Ok(Err(problem)),
    };
    match json::read::<Value>(&body) {
        Ok(document) => ask(name, &Question::Put { document, condition }, env).await,
        // The message says where, and nothing of what is there.
        Err(NotJson { line, .. }) => {
            let detail = format!("The body is not JSON: line {line}.");
            Ok(Err(Problem::new(ProblemCode::Malformed, detail)))
        }
    }
}

async fn ask(name: &str, question: &Question, env: &Env) -> Answered {
    let Ok(tenant) = name.parse::<TenantName>() else { return Ok(Err(unknown())) };
    let answer = objects::ask_tenant(env, &tenant, ADMIN, question).await;
    let problem = |code, detail: &str| Ok(Err(Problem::new(code, detail)));
    match answer {
        Some(Answer::Document { version, document, created }) => {
            let mut response = answer::json(if created { 201 } else { 200 }, &document)?;
            response.headers_mut().set("etag", &entry::tag(&version))?;
            Ok(Ok(response))
        }
        // Only `admin_rooms` and `admin_metrics` ask for these.
        Some(Answer::Watched { .. } | Answer::Rooms { .. } | Answer::Usage { .. }) | None => {
            problem(ProblemCode::Internal, "The tenant's object did not answer. Try again.")
        }
        Some(Answer::Deleted) => Ok(Ok(Response::empty()?.with_status(204))),
        Some(Answer::Unknown) => Ok(Err(unknown())),
        Some(Answer::ConditionFailed) => problem(
            ProblemCode::PreconditionFailed,
            "The tenant is not as If-Match or If-None-Match wants it. Read it, and try again.",
        ),
        Some(Answer::Changing) => problem(
            ProblemCode::Conflict,
            "Another change is under way. Read the tenant, and try again.",
        ),
        Some(Answer::Ending) => problem(
            ProblemCode::Conflict,
            "A tenant of this name is being deleted. Try again in a minute.",
        ),
        Some(Answer::Faulty { conflict, faults }) => {
            let (code, detail) = if conflict {
                (ProblemCode::Conflict, "Another tenant has some of it.")
            } else {
                (ProblemCode::Malformed, "The document is not right. Nothing was changed.")
            };
            let faults = faults.into_iter().map(|fault| (fault.place, fault.reason));
            Ok(Err(Problem::new(code, detail).with_faults(faults)))
        }
    }
}

pub(super) fn unknown() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is no such tenant.")
}

async fn list(request: &Request, env: &Env) -> Answered {
    let url = request.url();
    let (_, query) = path_and_query(&url);
    let after = parameter(query, "after").map(|value| value.parse());
    let Ok(after) = after.transpose() else {
        let detail = "`after` must be the name of a tenant.";
        return Ok(Err(Problem::new(ProblemCode::Malformed, detail)));
    };
    let question = Ask::List { after, limit: TENANTS_PAGE };
    let Some(Listed::Tenants { names, more }) = objects::directory(env, &question).await else {
        let detail = "The directory did not answer. Try again.";
        return Ok(Err(Problem::new(ProblemCode::Internal, detail)));
    };
    let next = names.last().cloned().filter(|_| more);
    answer::json(200, &TenantsPage { tenants: names, next }).map(Ok)
}
