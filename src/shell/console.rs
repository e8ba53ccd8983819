//! The operator's console: `GET /admin/console/live`, and the reports that it shows.
//!
//! The console is a dashboard like others, of the built-in document `console`, but of no tenant: whoever has the admin token may
//! look, and only rooms publish. Who is refused reaches no room.

use std::cell::OnceCell;

use web_sys::Request;
use worker::{Context, Env, Method, Response, Result};

use super::admin;
use super::answer;
use super::asked::Asked;
use super::environment::{now, random};
use super::live::{answer_refusal, dialect, is_upgrade, upgrade_required};
use super::objects;
use super::record::{write, Line};
use super::seats::{self, Refused};
use crate::auth::admission::Admission;
use crate::config::Deployment;
use crate::hop::delivery::Docket;
use crate::hop::join::Join;
use crate::hop::CONSOLE;
use crate::ingest::report::{event, updates, DOCUMENT};
use crate::limits::CONSOLES;
use crate::preset::Preset;
use crate::protocol::address::path_and_query;
use crate::protocol::capacity::Capacity;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::ClientId;
use crate::protocol::report::Reported;

thread_local! {
    /// The document, if it can be read; a test checks that.
    static CONSOLE_DOCUMENT: OnceCell<Option<Preset>> = const { OnceCell::new() };
}

/// `/admin/console/live`.
pub(super) async fn live(
    request: &Request,
    method: Method,
    deployment: &Deployment,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response> {
    match method {
        Method::Get if is_upgrade(request) => {}
        Method::Get | Method::Head => return Ok(upgrade_required()?.into()),
        _ => return Ok(answer::method_not_allowed("GET, HEAD")?.into()),
    }
    let asked = Asked::read(request);
    match enter(request, &asked, deployment, env).await {
        Ok(response) => Ok(response),
        Err(refused) => {
            record(request, &asked, refused.refusal);
            Ok(refuse(&asked, refused, deployment, context)?.into())
        }
    }
}

async fn enter(
    request: &Request,
    asked: &Asked,
    deployment: &Deployment,
    env: &Env,
) -> std::result::Result<web_sys::Response, Refused> {
    seats::attempt_console(seats::address(request, env), env).await?;
    let session = DOCUMENT.parse().map_err(|_| Refusal::RoomFailed)?;
    let place = (session, &*request.url());
    let admission = asked.admit_operator(deployment.admin_token.as_ref(), place)?;
    let client = ClientId::from_random(random().map_err(|_| Refusal::RoomFailed)?);
    let Admission { grant, resume, topics, resume_topics, pace_ms, .. } = admission;
    let (view, resume) =
        ((dialect(asked, None), topics, pace_ms), (resume.as_ref(), resume_topics));
    let capacity = Capacity { clients: Some(CONSOLES), ..Capacity::default() };
    let join = Join::new(client, grant, view, resume, capacity);
    Ok(objects::join_console(env, &join).await?.response()?)
}

fn record(request: &Request, asked: &Asked, refusal: Refusal) {
    let url = request.url();
    write(&Line::Refused {
        tenant: "",
        session: path_and_query(&url).0,
        origin: asked.origin.as_deref(),
        status: refusal.status(),
        reason: refusal.code(),
    });
}

/// A program that does not speak `roomcast.v1` is refused like one that uses the admin API without its token.
fn refuse(
    asked: &Asked,
    refused: Refused,
    deployment: &Deployment,
    context: &Context,
) -> Result<Response> {
    let unknown = matches!(refused.refusal, Refusal::TokenMissing | Refusal::TokenInvalid);
    if unknown && !asked.speaks_v1() {
        return answer::problem(&admin::refused(deployment));
    }
    answer_refusal(asked, refused, context)
}

/// Delivers a report to the console. `None` if it did not get there.
pub(super) async fn deliver(env: &Env, reported: &Reported) -> Option<()> {
    let id = ClientId::from_random(random().ok()?).to_string();
    let event = event(reported, id, reported.report.at);
    let updates = CONSOLE_DOCUMENT.with(|document| {
        updates(document.get_or_init(|| Preset::built_in(DOCUMENT).ok()).as_ref()?, &event)
    })?;
    let delivered = objects::deliver(env, CONSOLE, (None, Docket::signed(now())), &updates).await;
    delivered.map(drop)
}
