//! The front Worker: routes, and problem documents for everything that has none.

use percent_encoding::percent_decode_str;
use worker::{event, Context, Env, Method, Request, Response, Result};

use super::environment::tenant;
use super::{answer, events, live, page};
use crate::config::Misconfigured;
use crate::protocol::problem::Problem;

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    match route(request, &env).await {
        Ok(response) => Ok(response),
        // The platform's own error text stays inside.
        Err(_) => {
            answer::problem(&Problem::new(500, "internal", "Something failed here. Try again."))
        }
    }
}

async fn route(request: Request, env: &Env) -> Result<Response> {
    let path = request.path();
    let mut segments = path.trim_start_matches('/').split('/');
    let segments = [(); 5].map(|()| segments.next());
    match segments {
        [Some("healthz"), None, ..] => when(&request, &[Method::Get], || healthz(env)),
        [Some("api"), Some("events"), None, ..] => match request.method() {
            Method::Post => events::post(request, env).await,
            _ => answer::method_not_allowed("POST"),
        },
        [Some("api"), Some("sessions"), Some(session), Some("live"), None] => {
            match request.method() {
                Method::Get => live::upgrade(&request, &decoded(session), env).await,
                _ => answer::method_not_allowed("GET"),
            }
        }
        [Some("api"), Some("sessions"), Some(session), Some("state"), None] => {
            match request.method() {
                Method::Get => live::state(&request, &decoded(session), env).await,
                Method::Options => live::preflight(&request, env),
                _ => answer::method_not_allowed("GET, OPTIONS"),
            }
        }
        _ => match page::file(&path) {
            Some(file) => when(&request, &[Method::Get, Method::Head], || file.response(&request)),
            None => {
                answer::problem(&Problem::new(404, "not_found", "There is nothing at this path."))
            }
        },
    }
}

/// Answers if the method is one of `allowed`.
fn when(
    request: &Request,
    allowed: &[Method],
    response: impl FnOnce() -> Result<Response>,
) -> Result<Response> {
    if allowed.contains(&request.method()) {
        return response();
    }
    let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
    answer::method_not_allowed(&allowed.join(", "))
}

/// A path segment as its client meant it. What is not UTF-8 becomes something no session is called.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn healthz(env: &Env) -> Result<Response> {
    match tenant(env) {
        Ok(_) => answer::json(
            200,
            &serde_json::json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}),
        ),
        Err(misconfigured) => answer::problem(&unusable(&misconfigured)),
    }
}

/// What is wrong with the settings, for whoever has to mend them. Values never appear.
pub(super) fn unusable(misconfigured: &Misconfigured) -> Problem {
    Problem::new(503, "misconfigured", format!("{misconfigured}."))
}
