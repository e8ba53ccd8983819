//! The admin API about what is used: `GET /admin/metrics` for a monitoring system, and the usage of a tenant by day. `admin` has
//! checked the token.
//!
//! Only tenants' objects are asked, never rooms, so that nobody is woken who does not answer from memory or one row.

use futures::stream::{self, StreamExt as _};
use web_sys::Request;
use worker::Env;

use super::admin::{unknown, Answered};
use super::environment::within;
use super::meter::prices;
use super::query::parameter;
use super::{answer, objects};
use crate::config::{Deployment, METERING};
use crate::hop::directory::{Answer as Listed, Question as Ask};
use crate::hop::tenant::{Answer, Question};
use crate::hop::ADMIN;
use crate::limits::{METERED_TENANTS, METER_ANSWER_MS, TENANTS_AT_ONCE, USAGE_MONTH, USAGE_PAGE};
use crate::metering::exposition::{text, Stated, MEDIA_TYPE};
use crate::metering::statement::{Statement, TenantUsage};
use crate::protocol::address::path_and_query;
use crate::protocol::codes::ProblemCode;
use crate::protocol::ids::TenantName;
use crate::protocol::problem::Problem;

/// What all tenants use, or the one that is asked for.
pub(super) async fn metrics(request: &Request, deployment: &Deployment, env: &Env) -> Answered {
    if !deployment.metering {
        return Ok(Err(off()));
    }
    let (tenants, left_out) = match asked(&request.url()) {
        Err(problem) => return Ok(Err(problem)),
        Ok(Some(tenant)) => (vec![tenant], false),
        Ok(None) => match all(env).await {
            Some(all) => all,
            None => return Ok(Err(silent("The directory"))),
        },
    };
    let stated = stream::iter(tenants).map(|tenant| state(tenant, env));
    let stated: Vec<Stated> = stated.buffered(TENANTS_AT_ONCE).collect().await;
    let text = text(env!("CARGO_PKG_VERSION"), &stated, left_out);
    answer::typed(200, MEDIA_TYPE, text).map(Ok)
}

/// The tenant whose metrics are asked for; without one, all.
fn asked(url: &str) -> Result<Option<TenantName>, Problem> {
    let (_, query) = path_and_query(url);
    let tenant = parameter(query, "tenant").map(|value| value.parse());
    let bad = |_| Problem::new(ProblemCode::Malformed, "`tenant` must be the name of a tenant.");
    tenant.transpose().map_err(bad)
}

/// The names of all tenants, and whether there are more than one answer has.
async fn all(env: &Env) -> Option<(Vec<TenantName>, bool)> {
    let question = Ask::List { after: None, limit: METERED_TENANTS };
    match objects::directory(env, &question).await? {
        Listed::Tenants { names, more } => Some((names, more)),
        _ => None,
    }
}

async fn state(tenant: TenantName, env: &Env) -> Stated {
    let answer = objects::ask_tenant(env, &tenant, ADMIN, &Question::Usage { days: 0 });
    let statement = match within(METER_ANSWER_MS, answer).await {
        Some(Answer::Usage { statement, .. }) => Some(*statement),
        _ => None,
    };
    Stated { tenant: tenant.to_string(), statement }
}

/// What a tenant has used, by day.
pub(super) async fn usage(
    request: &Request,
    name: &str,
    deployment: &Deployment,
    env: &Env,
) -> Answered {
    if !deployment.metering {
        return Ok(Err(off()));
    }
    let Ok(tenant) = name.parse::<TenantName>() else { return Ok(Err(unknown())) };
    let Some(days) = days(&request.url()) else {
        let detail = format!("`days` must be a number from 0 to {USAGE_PAGE}.");
        return Ok(Err(Problem::new(ProblemCode::Malformed, detail)));
    };
    match objects::ask_tenant(env, &tenant, ADMIN, &Question::Usage { days }).await {
        Some(Answer::Usage { statement, days }) => {
            let Statement { since, dollars, budget, today, .. } = *statement;
            let prices_as_of = prices()?.as_of.clone();
            let usage = TenantUsage { tenant, since, prices_as_of, dollars, budget, today, days };
            answer::json(200, &usage).map(Ok)
        }
        Some(Answer::Unknown) => Ok(Err(unknown())),
        _ => Ok(Err(silent("The tenant's object"))),
    }
}

/// How many days are asked for: a month, if nothing is said.
fn days(url: &str) -> Option<u64> {
    let (_, query) = path_and_query(url);
    let days = parameter(query, "days").map(|value| value.parse().ok());
    days.unwrap_or(Some(USAGE_MONTH)).filter(|days| *days <= USAGE_PAGE)
}

fn off() -> Problem {
    let detail = format!("This deployment meters nothing. Set {METERING} to on: docs/metrics.md.");
    Problem::new(ProblemCode::NotFound, detail)
}

fn silent(who: &str) -> Problem {
    Problem::new(ProblemCode::Internal, format!("{who} did not answer. Try again."))
}
