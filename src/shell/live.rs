//! Upgrades and reads of the state: admits the client, then calls the room.
//!
//! A request that is refused here never reaches a Durable Object.

use web_sys::Request;
use worker::{Context, Env, Response, Result};

use super::answer::{self, SUBPROTOCOL};
use super::environment::{now, random};
use super::headers::{header, Headers};
use super::objects;
use super::record::{write, Line};
use crate::auth::admission::{admit, Admission, Claimed};
use crate::auth::token::{offered, Carriers};
use crate::config::Tenant;
use crate::hop::join::Join;
use crate::hop::reading::Reading;
use crate::protocol::address::path_and_query;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::{ClientId, RoomName};
use crate::protocol::problem::Problem;

/// The only version of the WebSocket protocol (RFC 6455, section 4.4).
const VERSION: &str = "13";

/// The headers that matter, in the order in which [`Asked::read`] reads them.
const HEADERS: &str = "origin,authorization,sec-websocket-protocol,cookie";

/// The parts of a request that matter, read once.
struct Asked {
    origin: Option<String>,
    authorization: Option<String>,
    protocols: Option<String>,
    cookie: Option<String>,
    token: Option<String>,
    resume: Option<String>,
    topics: Option<String>,
    resume_topics: Option<String>,
    pace: Option<String>,
}

impl Asked {
    fn read(request: &Request) -> Self {
        let headers = Headers::of(request, HEADERS);
        let [origin, authorization, protocols, cookie] =
            headers.values().map(|value| value.map(str::to_owned));
        let url = request.url();
        let (_, query) = path_and_query(&url);
        let query = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let (token, resume) = (query("token"), query("resume"));
        let (topics, resume_topics, pace) =
            (query("topics"), query("resume_topics"), query("pace"));
        Self {
            origin,
            authorization,
            protocols,
            cookie,
            token,
            resume,
            topics,
            resume_topics,
            pace,
        }
    }

    fn speaks_v1(&self) -> bool {
        let protocols = self.protocols.as_deref().unwrap_or_default();
        offered(protocols).any(|name| name == SUBPROTOCOL)
    }

    /// Only the reader's own cache may keep a state, and it must ask each time whether the state is still the latest. The
    /// reader is admitted each time, so the answer need not vary by token. If the address contains a token, no cache may
    /// store it.
    fn caching(&self) -> &'static str {
        if self.token.is_some() {
            "no-store"
        } else {
            "private, no-cache"
        }
    }

    fn admit(&self, session: &str, tenant: &Tenant) -> Result<Admission, Refusal> {
        let claimed = Claimed {
            session,
            origin: self.origin.as_deref(),
            carriers: Carriers {
                authorization: self.authorization.as_deref(),
                protocols: self.protocols.as_deref(),
                cookie: self.cookie.as_deref(),
                query: self.token.as_deref(),
            },
            resume: self.resume.as_deref(),
            topics: self.topics.as_deref(),
            resume_topics: self.resume_topics.as_deref(),
            pace: self.pace.as_deref(),
        };
        admit(&tenant.origins, &tenant.tokens, &claimed, now())
    }

    fn record_refusal(&self, session: &str, tenant: &Tenant, refusal: Refusal) {
        write(&Line::Refused {
            tenant: tenant.name.as_str(),
            session,
            origin: self.origin.as_deref(),
            status: refusal.status(),
            reason: refusal.code(),
        });
    }
}

/// `GET /api/sessions/:id/live`
pub(super) async fn upgrade(
    request: &Request,
    session: &str,
    tenant: &Tenant,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    // The runtime upgrades only for exactly this value: a list such as `websocket, foo` is no upgrade.
    let headers = Headers::of(request, "upgrade,sec-websocket-version");
    let [upgrade, version] = headers.values();
    if !upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
        || version != Some(VERSION)
    {
        return Ok(upgrade_required()?.into());
    }
    let asked = Asked::read(request);
    match enter(&asked, session, tenant, env).await {
        Ok(response) => Ok(response),
        Err(refusal) => {
            asked.record_refusal(session, tenant, refusal);
            let answer = if asked.speaks_v1() {
                answer::close(refusal, context)
            } else {
                answer::problem(&Problem::refusal(refusal))
            };
            Ok(answer?.into())
        }
    }
}

async fn enter(
    asked: &Asked,
    session: &str,
    tenant: &Tenant,
    env: &Env,
) -> Result<web_sys::Response, Refusal> {
    let admission = asked.admit(session, tenant)?;
    let client = ClientId::from_random(random().map_err(|_| Refusal::RoomFailed)?);
    let dialect = if asked.speaks_v1() { Dialect::V1 } else { Dialect::Plain };
    let Admission { session, grant, resume, topics, resume_topics, pace_ms } = admission;
    let (view, resume) = ((dialect, topics, pace_ms), (resume.as_ref(), resume_topics));
    let join = Join::new(client, grant, view, resume);
    let room = RoomName { tenant: tenant.name.clone(), session };
    objects::join(env, &room, &join).await
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

/// `GET /api/sessions/:id/state`
pub(super) async fn state(
    request: &Request,
    session: &str,
    tenant: &Tenant,
    env: &Env,
) -> Result<Response> {
    let asked = Asked::read(request);
    let mut response = match read_state(request, &asked, session, tenant, env).await {
        Ok(mut response) => {
            response.headers_mut().set("cache-control", asked.caching())?;
            response
        }
        Err(refusal) => {
            asked.record_refusal(session, tenant, refusal);
            answer::problem(&Problem::refusal(refusal))?
        }
    };
    share(&mut response, asked.origin.as_deref(), tenant)?;
    Ok(response)
}

async fn read_state(
    request: &Request,
    asked: &Asked,
    session: &str,
    tenant: &Tenant,
    env: &Env,
) -> Result<Response, Refusal> {
    let Admission { session, grant, topics, .. } = asked.admit(session, tenant)?;
    let reading = Reading { user: grant.user, topics, permissions: grant.permissions };
    let room = RoomName { tenant: tenant.name.clone(), session };
    let known = header(request, "if-none-match");
    objects::state(env, &room, &reading, known).await
}

/// `OPTIONS /api/sessions/:id/state`: the question of a browser before it reads from another origin.
pub(super) fn preflight(request: &Request, tenant: &Tenant) -> Result<Response> {
    let origin = header(request, "origin");
    let mut response = Response::empty()?.with_status(204);
    share(&mut response, origin.as_deref(), tenant)?;
    let headers = response.headers_mut();
    headers.set("access-control-allow-methods", "GET, HEAD")?;
    headers.set("access-control-allow-headers", "authorization, if-none-match")?;
    headers.set("access-control-max-age", "86400")?;
    Ok(response)
}

/// Lets pages of an allowed origin read the response.
fn share(response: &mut Response, origin: Option<&str>, tenant: &Tenant) -> Result<()> {
    let headers = response.headers_mut();
    headers.set("vary", "origin")?;
    if let Some(origin) = origin.filter(|origin| tenant.origins.contains(origin)) {
        headers.set("access-control-allow-origin", origin)?;
        headers.set("access-control-allow-credentials", "true")?;
        headers.set("access-control-expose-headers", "etag")?;
    }
    Ok(())
}
