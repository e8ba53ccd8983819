//! Reads over HTTP: the state of a room, a page of its log, the data of its latest update of a type, or who is in it.
//!
//! A request with a bad token never reaches a Durable Object.

use std::borrow::Cow;

use futures::future::join;
use web_sys::Request;
use worker::{Env, Response, Result};

use super::answer;
use super::asked::Asked;
use super::headers::header;
use super::objects;
use super::seats;
use crate::auth::admission::{Admission, Place};
use crate::hop::reading::Reading;
use crate::preset::path::Latest;
use crate::preset::Preset;
use crate::protocol::address::path_and_query;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::page::{BadRange, Range};
use crate::protocol::problem::Problem;
use crate::protocol::topics::Topics;
use crate::tenant::Tenant;

/// What is read, by a document.
#[derive(Clone, Copy)]
pub(super) struct Read<'r> {
    /// The number of the document.
    pub(super) preset: usize,
    pub(super) place: &'r Place<'r>,
    pub(super) what: What<'r>,
}

/// What is read of a room.
#[derive(Clone, Copy)]
pub(super) enum What<'r> {
    /// The state.
    State,
    /// The data of the latest update of a type.
    Latest(&'r Latest),
    /// Who is here.
    Presence,
    /// A page of the log.
    Log,
}

/// `GET /api/sessions/:id/state`, `/log` and `/presence`, and the paths at which documents serve these or an update.
pub(super) async fn read(
    request: &Request,
    read: Read<'_>,
    tenant: &Tenant,
    env: &Env,
) -> Result<Response> {
    let asked = Asked::read(request);
    let document = tenant.presets.get(read.preset);
    if matches!(read.what, What::Presence) && !document.is_some_and(Preset::has_presence) {
        let mut response = no_presence()?;
        share(&mut response, asked.origin.as_deref(), tenant)?;
        return Ok(response);
    }
    let page = match page(request, read.what) {
        Ok(page) => page,
        Err(bad) => {
            let problem = Problem::new(ProblemCode::BadRange, format!("{bad}."));
            let mut response = answer::problem(&problem)?;
            share(&mut response, asked.origin.as_deref(), tenant)?;
            return Ok(response);
        }
    };
    let mut response = match from_room(request, &asked, (read, page), tenant, env).await {
        Ok((response, topics)) => {
            let mut response = shown(response, &topics, read, tenant).await?;
            response.headers_mut().set("cache-control", asked.caching())?;
            response
        }
        Err(refusal) => {
            asked.record_refusal(read.place, tenant, refusal);
            answer::problem(&Problem::refusal(refusal))?
        }
    };
    share(&mut response, asked.origin.as_deref(), tenant)?;
    Ok(response)
}

/// Which page of the log the query asks for, if that is what is read.
fn page(request: &Request, what: What<'_>) -> Result<Option<Range>, BadRange> {
    if !matches!(what, What::Log) {
        return Ok(None);
    }
    let url = request.url();
    let (_, query) = path_and_query(&url);
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let asked = ["from", "to", "limit"].map(|name| {
        let pair = pairs.iter().find(|(key, _)| key == name);
        (name, pair.map(|(_, value)| value.as_ref()))
    });
    Range::of(&asked).map(Some)
}

async fn from_room(
    request: &Request,
    asked: &Asked,
    (read, page): (Read<'_>, Option<Range>),
    tenant: &Tenant,
    env: &Env,
) -> Result<(Response, Topics), Refusal> {
    let Admission { session, grant, topics, .. } = asked.admit(read.place, tenant, env).await?;
    let latest = match read.what {
        What::Latest(latest) => Some(latest.kind.clone()),
        What::State | What::Presence | What::Log => None,
    };
    let presence = matches!(read.what, What::Presence);
    let (user, permissions) = (grant.user.clone(), grant.permissions.clone());
    let reading = Reading { user, topics, permissions, latest, presence, page };
    let room = tenant.presets.room(&tenant.name, read.preset, &session);
    let known = header(request, "if-none-match");
    // At the same time, because few tokens were revoked.
    let checked = seats::check(&grant, &session, tenant, env);
    let (checked, response) = join(checked, objects::state(env, &room, &reading, known)).await;
    checked?;
    Ok((response?, reading.topics))
}

/// The answer in the form that the document gives it. Before the first update, it shows what a tally shows then.
async fn shown(
    mut response: Response,
    topics: &Topics,
    read: Read<'_>,
    tenant: &Tenant,
) -> Result<Response> {
    let initial = |kind: &str| tenant.presets.get(read.preset)?.initial(kind, topics);
    let What::Latest(Latest { kind, body }) = read.what else { return Ok(response) };
    let data = match response.status_code() {
        200 => response.text().await?,
        204 => match initial(kind) {
            Some(initial) => serde_json::to_string(&initial)?,
            None => return nothing_yet(),
        },
        _ => return Ok(response),
    };
    let values = |_: &str| Some(Cow::Borrowed(data.as_str()));
    let text = body.as_ref().map(|body| body.fill(&values)).unwrap_or(data.clone());
    let mut shown = answer::typed(200, "application/json", text)?;
    if let Some(tag) = response.headers().get("etag")? {
        shown.headers_mut().set("etag", &tag)?;
    }
    Ok(shown)
}

fn nothing_yet() -> Result<Response> {
    let detail = "There is no such update yet. Publish an event, and ask again.";
    answer::problem(&Problem::new(ProblemCode::NotFound, detail))
}

fn no_presence() -> Result<Response> {
    let detail =
        "Presence is off here: `presence` in the document, or at one of its paths, allows it.";
    answer::problem(&Problem::new(ProblemCode::NotFound, detail))
}

/// The methods and headers with which pages may read.
pub(super) const READING: (&str, &str) = ("GET, HEAD", "authorization, if-none-match");

/// `OPTIONS`: the question of a browser before it asks another origin with such methods and headers.
pub(super) fn preflight(
    request: &Request,
    tenant: &Tenant,
    (methods, asked): (&str, &str),
) -> Result<Response> {
    let origin = header(request, "origin");
    let mut response = Response::empty()?.with_status(204);
    share(&mut response, origin.as_deref(), tenant)?;
    let headers = response.headers_mut();
    headers.set("access-control-allow-methods", methods)?;
    headers.set("access-control-allow-headers", asked)?;
    headers.set("access-control-max-age", "86400")?;
    Ok(response)
}

/// Lets pages of an allowed origin read the response.
pub(super) fn share(response: &mut Response, origin: Option<&str>, tenant: &Tenant) -> Result<()> {
    let headers = response.headers_mut();
    headers.set("vary", "origin")?;
    if let Some(origin) = origin.filter(|origin| tenant.origins.contains(origin)) {
        headers.set("access-control-allow-origin", origin)?;
        headers.set("access-control-allow-credentials", "true")?;
        headers.set("access-control-expose-headers", "etag")?;
    }
    Ok(())
}
