//! Requests of Engine.IO, by which clients of Socket.IO come: checks version, transport and origin, and passes them on to the room.
//!
//! A request that opens a session is admitted as far as its headers and query say who its client is. Most clients say it later, in
//! a packet, so who has no good token is refused by the room.

use worker::{Env, Method, Response, Result};

use super::answer;
use super::asked::Asked;
use super::body::read_at_most;
use super::environment::random;
use super::headers::{header, Headers};
use super::objects;
use super::placement::{self, Found, Search};
use super::query::parameter;
use super::reads;
use super::seats;
use super::tenants;
use crate::auth::admission::Place;
use crate::dialect::socketio::refusal::BadRequest;
use crate::hop;
use crate::hop::engine::{self, Carried, Handshake, Knock};
use crate::limits::{MAX_PAYLOAD_BYTES, PLACEMENT_TRIES};
use crate::preset::path::Serves;
use crate::preset::presets;
use crate::protocol::address::path_and_query;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::{ClientId, RoomName};
use crate::protocol::socket_io::Engine;
use crate::tenant::Tenant;

/// The version of the protocol.
const VERSION: &str = "4";

/// What the query of a request says.
struct Query {
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

/// A request that is well formed.
struct Wanted {
    sid: Option<String>,
    is_upgrade: bool,
}

/// Answers a request.
pub(super) async fn serve(
    request: &web_sys::Request,
    (found, place): (&presets::Place<'_>, &Place<'_>),
    tenant: &Tenant,
    env: &Env,
) -> Result<web_sys::Response> {
    let method = Method::from(request.method());
    if method == Method::Options {
        let polling = ("GET, POST", "authorization, content-type");
        return Ok(reads::preflight(request, tenant, polling)?.into());
    }
    let answer = pass((request, &method), (found, place), tenant, env).await;
    let mut response: Response = match answer {
        Ok(response) if response.status() == 101 => return Ok(response),
        Ok(response) => response.into(),
        Err(Bad::Request(bad)) => answer::typed(bad.status(), "application/json", bad.body())?,
        Err(Bad::Status(status)) => Response::empty()?.with_status(status),
    };
    reads::share(&mut response, header(request, "origin").as_deref(), tenant)?;
    Ok(response.into())
}

/// Why a request is refused.
enum Bad {
    Request(BadRequest),
    Status(u16),
}

impl From<BadRequest> for Bad {
    fn from(bad: BadRequest) -> Self {
        Self::Request(bad)
    }
}

impl From<Refusal> for Bad {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OriginRefused => Self::Request(BadRequest::Forbidden),
            Refusal::BadSession => Self::Request(BadRequest::Other),
            other => Self::Status(other.status()),
        }
    }
}

async fn pass(
    (request, method): (&web_sys::Request, &Method),
    (found, place): (&presets::Place<'_>, &Place<'_>),
    tenant: &Tenant,
    env: &Env,
) -> std::result::Result<web_sys::Response, Bad> {
    let Wanted { sid, is_upgrade } = Query::of(request).check(request, method)?;
    let session = place.session.id()?;
    let room = tenant.presets.room(&tenant.name, found.preset, &session);
    let Some(sid) = sid else {
        let handshake = handshake(request, (found, place), tenant, env).await?;
        return Ok(open(handshake, &room, (request, is_upgrade), env).await?);
    };
    let body = match method {
        Method::Post => Some(read(request).await?),
        _ => None,
    };
    let object = room.at(engine::relay_of(&sid));
    Ok(objects::engine(env, &object, &Knock::Of(sid), (body, is_upgrade)).await?)
}

/// Opens a session, in the room itself or, if it has spread, in a relay. A room that is full lets nobody join, but talks to everyone:
/// clients wait in its line.
async fn open(
    mut handshake: Handshake,
    room: &RoomName,
    (request, is_upgrade): (&web_sys::Request, bool),
    env: &Env,
) -> std::result::Result<web_sys::Response, Refusal> {
    let (above, most) = (handshake.above, handshake.capacity.clients);
    let client = ClientId::from_random(random().map_err(|_| Refusal::RoomFailed)?);
    let search = Search { env, room, request, client: client.as_str(), above, most };
    let mut spot = search.first();
    for _ in 0..PLACEMENT_TRIES {
        handshake.above = above.filter(|_| !spot.is_relay());
        handshake.capacity.clients = spot.most().or(most);
        let knock = Knock::Open(handshake.clone().into());
        let response = objects::engine(env, &spot.of(room), &knock, (None, is_upgrade)).await?;
        match response.status() {
            hop::SPREAD => {}
            hop::FULL if spot.is_relay() => {}
            _ => return Ok(response),
        }
        spot = match search.after(spot).await? {
            Found::Relay(spot) => spot,
            Found::Root | Found::Full => {
                (handshake.above, handshake.capacity.clients) = (None, most);
                let knock = Knock::Open(handshake.into());
                return objects::engine(env, room, &knock, (None, is_upgrade)).await;
            }
        };
    }
    Err(Refusal::RoomBusy)
}

async fn read(request: &web_sys::Request) -> std::result::Result<Vec<u8>, Bad> {
    let body = read_at_most(request, MAX_PAYLOAD_BYTES).await;
    body.map_err(|problem| Bad::Status(problem.status))
}

impl Query {
    fn of(request: &web_sys::Request) -> Self {
        let url = request.url();
        let (_, query) = path_and_query(&url);
        let value = |name: &str| parameter(query, name);
        Self { version: value("EIO"), transport: value("transport"), sid: value("sid") }
    }

    fn check(
        self,
        request: &web_sys::Request,
        method: &Method,
    ) -> std::result::Result<Wanted, BadRequest> {
        let headers = Headers::of(request, "upgrade");
        let [upgrade] = headers.values();
        let is_upgrade = upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
        match self.transport.as_deref() {
            Some("websocket") if is_upgrade => {}
            Some("polling") if !is_upgrade => {}
            Some("websocket" | "polling") => return Err(BadRequest::Other),
            _ => return Err(BadRequest::UnknownTransport),
        }
        if self.version.as_deref() != Some(VERSION) {
            return Err(BadRequest::UnsupportedVersion);
        }
        match (method, &self.sid) {
            (Method::Get, _) | (Method::Post, Some(_)) => {}
            _ => return Err(BadRequest::BadMethod),
        }
        Ok(Wanted { sid: self.sid, is_upgrade })
    }
}

/// What is known of a client that opens a session. It has made an attempt.
async fn handshake(
    request: &web_sys::Request,
    (found, place): (&presets::Place<'_>, &Place<'_>),
    tenant: &Tenant,
    env: &Env,
) -> std::result::Result<Handshake, Bad> {
    let address = seats::address(request, env);
    let attempt = seats::attempt(address, tenant, env).await;
    attempt.map_err(|refused| Bad::from(refused.refusal))?;
    let document = tenant.presets.get(found.preset).ok_or(BadRequest::Other)?;
    let asked = Asked::read(request);
    let carried = match asked.admit(place, tenant, env).await {
        Ok(admission) => Carried::Granted(admission.grant, admission.topics),
        Err(refusal @ (Refusal::OriginRefused | Refusal::BadSession)) => {
            asked.record_refusal(place, tenant, refusal);
            return Err(refusal.into());
        }
        Err(refusal) => Carried::Refused(refusal.code().to_owned()),
    };
    let engine = match found.path.serves {
        Serves::EngineIoEcho => Engine::Echo,
        _ => Engine::SocketIo,
    };
    Ok(Handshake {
        form: document.socket_io(engine),
        carried,
        only: document.only_session().is_some(),
        usual: place.topics.cloned(),
        company: place.company,
        capacity: placement::capacity(document.room, place.company),
        above: tenant.limits.spread_above,
        per_user: tenant.limits.connections_per_user,
        watched: tenants::watched(&tenant.name),
        address: address
            .and_then(|address| seats::counted(address, (place, Some(&document.name)), tenant)),
    })
}
