//! `POST /api/revocations`, and the same of the admin API: tokens of a user count no longer, and its connections are closed.
//!
//! The user's seat remembers it and tells the rooms.

use web_sys::Request;
use worker::{Env, Response, Result};

use super::body::read_body;
use super::environment::now;
use super::events::signed_body;
use super::record::{write, Line};
use super::{answer, objects};
use crate::hop::seat::{RevokeUser, Told};
use crate::hop::REVOKE_USER;
use crate::protocol::answers::Revoked;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::ids::TenantName;
use crate::protocol::problem::Problem;
use crate::protocol::time::Timestamp;
use crate::quota::name;
use crate::tenant::revoking::Order;
use crate::tenant::Tenant;

/// `POST /api/revocations`, signed like events.
pub(super) async fn post(request: &Request, tenant: &Tenant, env: &Env) -> Result<Response> {
    let done = match signed_body(request, tenant).await {
        Ok((body, at)) => revoke(&body, at, &tenant.name, env).await,
        Err(problem) => Err(problem),
    };
    done.or_else(|problem| {
        let (tenant, status) = (tenant.name.as_str(), problem.status);
        write(&Line::PostRefused { tenant, status, reason: &problem.code });
        answer::problem(&problem)
    })
}

/// The same of the admin API, whose caller is an admin.
pub(super) async fn order(
    request: &Request,
    tenant: &TenantName,
    env: &Env,
) -> std::result::Result<Response, Problem> {
    let body = read_body(request).await?;
    revoke(&body, now(), tenant, env).await
}

async fn revoke(
    body: &[u8],
    given: Timestamp,
    tenant: &TenantName,
    env: &Env,
) -> std::result::Result<Response, Problem> {
    let Order { user, token, session, issued_until } =
        Order::read(body, given).map_err(|fault| {
            let problem = Problem::new(ProblemCode::Malformed, "Nothing was revoked.");
            problem.with_faults(std::iter::once((fault.place, fault.reason)))
        })?;
    let seat = name::of_user(tenant, &user);
    let order = RevokeUser { user, token, session, issued_until, longest_ms: None };
    let told: Option<Told> = objects::ask_seat(env, &seat, REVOKE_USER, &order).await;
    let Some(Told { closed, rooms, silent, complete }) = told else {
        let detail = "The revocation could not be stored. Send it again.".to_owned();
        return Err(Problem { detail, ..Problem::refusal(Refusal::RoomFailed) });
    };
    let (tenant, user, token) = (tenant.as_str(), &*order.user, order.token.as_deref());
    write(&Line::Revoked { tenant, user, token, closed });
    let internal = |_| Problem::new(ProblemCode::Internal, "Something failed here. Try again.");
    answer::json(200, &Revoked { closed, rooms, silent, complete }).map_err(internal)
}
