//! Upgrades: admits the client, takes a place for it, then connects it to its room.
//!
//! A client with a bad token never reaches a Durable Object, except the one that counts attempts where nothing else does.

use web_sys::Request;
use worker::{Context, Env, Response, Result};

use super::answer;
use super::asked::Asked;
use super::environment::random;
use super::headers::{header, Headers};
use super::placement::{self, Journey};
use super::record::{write, Line};
use super::seats::{self, Entrant, Refused};
use super::tenants;
use crate::auth::admission::{Admission, Place};
use crate::hop::join::Join;
use crate::preset::Preset;
use crate::protocol::address::path_and_query;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::ClientId;
use crate::protocol::problem::Problem;
use crate::quota::address::Address;
use crate::tenant::Tenant;

/// The only version of the WebSocket protocol (RFC 6455, section 4.4).
const VERSION: &str = "13";

/// `GET /api/sessions/:id/live`, and the paths at which documents serve their rooms live. `preset` is the number of the
/// document.
pub(super) async fn upgrade(
    request: &Request,
    (preset, place): (usize, &Place<'_>),
    tenant: &Tenant,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    if !is_upgrade(request) {
        return Ok(upgrade_required()?.into());
    }
    let asked = Asked::read(request);
    match enter((request, &asked), (preset, place), tenant, env).await {
        Ok(response) => Ok(response),
        Err(refused) => {
            asked.record_refusal(place, tenant, refused.refusal);
            Ok(answer_refusal(&asked, refused, context)?.into())
        }
    }
}

/// Refuses a request that names no tenant which is served, in the way that its sender can read.
pub(super) fn refused(request: &Request, refusal: Refusal, context: &Context) -> Result<Response> {
    let address = request.url();
    let origin = header(request, "origin");
    write(&Line::Refused {
        tenant: "",
        session: path_and_query(&address).0,
        origin: origin.as_deref(),
        status: refusal.status(),
        reason: refusal.code(),
    });
    if is_upgrade(request) {
        return answer_refusal(&Asked::read(request), refusal.into(), context);
    }
    answer::problem(&Problem::refusal(refusal))
}

pub(super) fn answer_refusal(
    asked: &Asked,
    refused: Refused,
    context: &Context,
) -> Result<Response> {
    let Refused { refusal, retry_s } = refused;
    if asked.speaks_v1() {
        return answer::close(refusal, context);
    }
    let problem = Problem::refusal(refusal);
    match retry_s {
        Some(seconds) => answer::problem(&problem.with_retry(seconds)),
        None => answer::problem(&problem),
    }
}

/// The runtime upgrades only for exactly this value: a list such as `websocket, foo` is no upgrade.
pub(super) fn is_upgrade(request: &Request) -> bool {
    let headers = Headers::of(request, "upgrade,sec-websocket-version");
    let [upgrade, version] = headers.values();
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
        && version == Some(VERSION)
}

async fn enter(
    (request, asked): (&Request, &Asked),
    (preset, place): (usize, &Place<'_>),
    tenant: &Tenant,
    env: &Env,
) -> Result<web_sys::Response, Refused> {
    let address = seats::address(request, env);
    let admission = admit((asked, address), place, tenant, env).await?;
    let client = ClientId::from_random(random().map_err(|_| Refusal::RoomFailed)?);
    let Admission { session, grant, resume, topics, resume_topics, pace_ms, deflate } = admission;
    let room = tenant.presets.room(&tenant.name, preset, &session);
    let document = tenant.presets.get(preset);
    let (view, resume) =
        ((dialect(asked, document), topics, pace_ms), (resume.as_ref(), resume_topics));
    let capacity = document.map(|document| document.room).unwrap_or_default();
    let capacity = placement::capacity(capacity, place.company);
    let mut join = Join::new(client, grant, view, resume, capacity);
    join.deflate = deflate;
    join.company = place.company;
    join.above = tenant.limits.spread_above;
    join.watched = tenants::watched(&tenant.name);
    let entrant = Entrant {
        client: &join.client,
        room: &room,
        grant: &join.grant,
        address,
        place,
        preset: document.map(|document| &document.name),
    };
    Journey { request, tenant, env }.connect(entrant, &join).await
}

/// Counts the attempt, and admits the client. If the seat of its address counts both attempts and connections, it is
/// asked later, once; but a client that is refused before has made an attempt, too.
async fn admit(
    (asked, address): (&Asked, Option<Address>),
    place: &Place<'_>,
    tenant: &Tenant,
    env: &Env,
) -> Result<Admission, Refused> {
    let later = seats::is_one_question(place, tenant, env);
    if !later {
        seats::attempt(address, tenant, env).await?;
    }
    let admitted = asked.admit(place, tenant, env).await;
    if admitted.is_err() && later {
        seats::attempt(address, tenant, env).await?;
    }
    Ok(admitted?)
}

/// A client that does not offer `roomcast.v1` speaks the wire of the document, if that has one.
pub(super) fn dialect(asked: &Asked, document: Option<&Preset>) -> Dialect {
    if asked.speaks_v1() {
        return Dialect::V1;
    }
    document.and_then(Preset::wire).map_or(Dialect::Plain, Dialect::Json)
}

/// The answer to a client that does not connect with a WebSocket. A 426 must say what to upgrade to (RFC 9110, section
/// 15.5.22). The server of workerd removes that header; a proxy in front of it may not.
pub(super) fn upgrade_required() -> Result<Response> {
    let detail =
        "Connect with a WebSocket: this path takes Upgrade: websocket and Sec-WebSocket-Version: 13.";
    let problem = Problem::new(ProblemCode::UpgradeRequired, detail);
    let problem = problem.with_header("upgrade", "websocket");
    answer::problem(&problem.with_header("sec-websocket-version", VERSION))
}
