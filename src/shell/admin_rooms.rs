//! The admin API about the rooms of a tenant: watches it, lists its rooms, asks one how it stands. `admin` has checked the token.
//!
//! Only asking a single room wakes one.

use std::str::FromStr as _;

use percent_encoding::percent_decode_str;
use web_sys::Request;
use worker::Env;

use super::admin::{unknown, Answered};
use super::{answer, objects, tenants};
use crate::hop::tenant::{Answer, Question};
use crate::hop::ADMIN;
use crate::limits::ROOMS_PAGE;
use crate::protocol::address::path_and_query;
use crate::protocol::answers::{RoomsPage, Watched};
use crate::protocol::codes::ProblemCode;
use crate::protocol::ids::{RoomName, TenantName};
use crate::protocol::problem::Problem;

/// Rooms of the tenant report from now on for a while, when somebody posts to them or joins them.
pub(super) async fn watch(name: &str, env: &Env) -> Answered {
    let Ok(tenant) = name.parse::<TenantName>() else { return Ok(Err(unknown())) };
    match objects::ask_tenant(env, &tenant, ADMIN, &Question::Watch).await {
        Some(Answer::Watched { until }) => {
            // This isolate need not wait for its copy of the document to be compared.
            tenants::watch(&tenant, Some(until));
            answer::json(200, &Watched { until }).map(Ok)
        }
        other => Ok(Err(unanswered(other.as_ref()))),
    }
}

/// The names of rooms that have begun.
pub(super) async fn list(request: &Request, name: &str, env: &Env) -> Answered {
    let Ok(tenant) = name.parse::<TenantName>() else { return Ok(Err(unknown())) };
    let wanted = match wanted(&request.url(), &tenant) {
        Ok(wanted) => wanted,
        Err(detail) => return Ok(Err(Problem::new(ProblemCode::Malformed, detail))),
    };
    match objects::ask_tenant(env, &tenant, ADMIN, &wanted).await {
        Some(Answer::Rooms { names, more }) => {
            let next = names.last().cloned().filter(|_| more);
            answer::json(200, &RoomsPage { rooms: names, next }).map(Ok)
        }
        other => Ok(Err(unanswered(other.as_ref()))),
    }
}

fn wanted(url: &str, tenant: &TenantName) -> Result<Question, String> {
    let (_, query) = path_and_query(url);
    let (mut from, mut most) = (String::new(), ROOMS_PAGE);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" if RoomName::from_str(&format!("{tenant}/{value}")).is_ok() => {
                from = value.into_owned();
            }
            "after" => return Err("`after` must be the name of a room.".to_owned()),
            "limit" => match value.parse() {
                Ok(limit @ 1..=ROOMS_PAGE) => most = limit,
                _ => return Err(format!("`limit` must be a number from 1 to {ROOMS_PAGE}.")),
            },
            _ => {}
        }
    }
    Ok(Question::Rooms { after: from, limit: most })
}

/// How a room stands. This wakes it.
pub(super) async fn show(tenant: &str, room: &str, env: &Env) -> Answered {
    let room = percent_decode_str(room).decode_utf8_lossy();
    let Ok(room) = format!("{tenant}/{room}").parse::<RoomName>() else {
        return Ok(Err(no_room()));
    };
    match objects::survey(env, &room.to_string()).await {
        Some(report) if report.is_empty() => Ok(Err(no_room())),
        Some(report) => answer::typed(200, "application/json", report).map(Ok),
        None => Ok(Err(Problem::new(ProblemCode::Internal, "The room did not answer. Try again."))),
    }
}

fn no_room() -> Problem {
    Problem::new(ProblemCode::NotFound, "The tenant has no such room.")
}

fn unanswered(answer: Option<&Answer>) -> Problem {
    match answer {
        Some(Answer::Unknown) => unknown(),
        _ => Problem::new(ProblemCode::Internal, "The tenant's object did not answer. Try again."),
    }
}
