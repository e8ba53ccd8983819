//! GitHub's webhooks: one delivery is one event.
//!
//! | of the event | from |
//! | --- | --- |
//! | id | a hash of the body, which is the same when GitHub delivers it again |
//! | type | `github.<event>.<action>`, or `github.<event>` if the body has no action |
//! | aggregate | `Repository` and `owner:name`, or `Organization` and its login if no repository is concerned |
//! | time | the body, where it says when this happened; otherwise when the request arrived |
//! | payload | the body |
//! | correlation id | `x-github-delivery`, which GitHub shows in its list of deliveries |
//!
//! GitHub signs the body and no header. So the id of the delivery is not the id of the event: whoever captured a request
//! could send it again under another. And an event whose fields a document reads must have a body of that event:
//! otherwise the deletion of a comment, which names its issue, could be sent again as the deletion of the issue.
//! `ping`, which GitHub sends when a webhook is made, is no event.

use serde_json::{Map, Value};

use super::body::{find, hashed, object, whole, Rejected};
use crate::preset::event::{Aggregate, Event, FieldFault};
use crate::protocol::codes::EventFault;
use crate::protocol::ids::is_name;
use crate::protocol::time::Timestamp;

/// The header that names the event.
const EVENT: &str = "x-github-event";

/// What the headers say about a delivery. None of it is signed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery<'h> {
    /// The event, such as `pull_request`.
    pub event: Option<&'h str>,
    /// The id of the delivery.
    pub id: Option<&'h str>,
}

/// An event whose bodies are told from those of other events.
struct Known {
    event: &'static str,
    /// The fields that each of its bodies has.
    has: &'static [&'static str],
    /// The fields that only bodies of other events have.
    lacks: &'static [&'static str],
    /// Where the body may say when it happened, best first.
    times: &'static [&'static str],
}

const KNOWN: [Known; 14] = [
    known("push", &["ref", "commits", "after"], &[], &["repository.pushed_at"]),
    known(
        "pull_request",
        &["pull_request", "number"],
        &["review", "comment", "thread"],
        &["pull_request.updated_at"],
    ),
    known(
        "pull_request_review",
        &["pull_request", "review"],
        &["comment"],
        &["review.submitted_at"],
    ),
    known(
        "pull_request_review_comment",
        &["pull_request", "comment"],
        &["issue", "review"],
        &["comment.updated_at"],
    ),
    known("issues", &["issue"], &["comment"], &["issue.updated_at"]),
    known("issue_comment", &["issue", "comment"], &[], &["comment.updated_at"]),
    known(
        "workflow_run",
        &["workflow_run", "workflow"],
        &["deployment"],
        &["workflow_run.updated_at"],
    ),
    known("create", &["ref", "ref_type", "master_branch"], &[], &[]),
    known("delete", &["ref", "ref_type"], &["master_branch"], &[]),
    known(
        "workflow_job",
        &["workflow_job"],
        &[],
        &["workflow_job.completed_at", "workflow_job.started_at", "workflow_job.created_at"],
    ),
    known(
        "check_run",
        &["check_run"],
        &["deployment"],
        &["check_run.completed_at", "check_run.started_at"],
    ),
    known("check_suite", &["check_suite"], &["check_run"], &["check_suite.updated_at"]),
    known("deployment", &["deployment"], &["deployment_status"], &["deployment.updated_at"]),
    known(
        "deployment_status",
        &["deployment", "deployment_status"],
        &[],
        &["deployment_status.updated_at"],
    ),
];

const fn known(
    event: &'static str,
    has: &'static [&'static str],
    lacks: &'static [&'static str],
    times: &'static [&'static str],
) -> Known {
    Known { event, has, lacks, times }
}

/// Decodes a delivery that arrived at this time. A `ping` has no event.
///
/// # Errors
/// [`Rejected`] if it is malformed or has too many bytes.
pub fn decode(
    delivery: &Delivery<'_>,
    body: &[u8],
    received: Timestamp,
) -> Result<Vec<Event>, Rejected> {
    let name = event_name(delivery).map_err(whole)?;
    if name == "ping" {
        return Ok(Vec::new());
    }
    let payload = object(body)?;
    let known = fitting(name, &payload).map_err(whole)?;
    let correlation_id = delivery.id.filter(|id| is_name(id)).map(str::to_owned);
    Ok(vec![Event {
        id: hashed("github", body),
        kind: kind(name, &payload).map_err(whole)?,
        aggregate: aggregate(&payload).map_err(whole)?,
        occurred_at: known.and_then(|known| time(known, &payload)).unwrap_or(received).rfc3339(),
        payload,
        metadata: Map::new(),
        correlation_id,
        audience: None,
        trace: None,
    }])
}

/// The name of the event: lower-case letters and underscores.
fn event_name<'h>(delivery: &Delivery<'h>) -> Result<&'h str, FieldFault> {
    let name = delivery.event.ok_or_else(|| FieldFault::new(EVENT, EventFault::Missing))?;
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let right = plain && is_name(name);
    right.then_some(name).ok_or_else(|| FieldFault::new(EVENT, EventFault::NotAName))
}

/// What is known about the event, if its body is one of that event.
fn fitting(name: &str, body: &Map<String, Value>) -> Result<Option<&'static Known>, FieldFault> {
    let Some(known) = KNOWN.iter().find(|known| known.event == name) else { return Ok(None) };
    let has = |field: &&str| find(body, field).is_some();
    if known.has.iter().all(has) && !known.lacks.iter().any(has) {
        return Ok(Some(known));
    }
    Err(FieldFault::new(EVENT, EventFault::NotOfTheBody))
}

fn kind(name: &str, body: &Map<String, Value>) -> Result<String, FieldFault> {
    let kind = match find(body, "action") {
        Some(Value::String(action)) => format!("github.{name}.{action}"),
        _ => format!("github.{name}"),
    };
    let fault = || FieldFault::new("action", EventFault::NotAName);
    is_name(&kind).then_some(kind).ok_or_else(fault)
}

/// The repository, as `owner:name`: the name of a session cannot have a slash.
fn aggregate(body: &Map<String, Value>) -> Result<Aggregate, FieldFault> {
    let (kind, field, value) = match find(body, "repository.full_name") {
        Some(name) => ("Repository", "repository.full_name", Some(name)),
        None => match find(body, "organization.login") {
            Some(login) => ("Organization", "organization.login", Some(login)),
            None => ("Repository", "repository.full_name", None),
        },
    };
    match value {
        Some(Value::String(name)) if is_name(name) => {
            Ok(Aggregate { kind: kind.to_owned(), id: name.replacen('/', ":", 1) })
        }
        None => Err(FieldFault::new(field, EventFault::Missing)),
        Some(_) => Err(FieldFault::new(field, EventFault::NotAName)),
    }
}

/// When it happened: RFC 3339, or seconds since 1970. Never the time of a commit, which whoever makes it can choose.
fn time(known: &Known, body: &Map<String, Value>) -> Option<Timestamp> {
    known.times.iter().find_map(|path| match find(body, path)? {
        Value::String(text) => Timestamp::from_rfc3339(text),
        number => Timestamp::from_seconds(number.as_i64()?),
    })
}

#[cfg(test)]
mod tests;
