//! Refusals: who is not let in, and which posts are not taken.

use roomcast::auth::webhook::{sign, WebhookSecrets};
use roomcast::deployment::{clock, random};
use roomcast::protocol::ids::{SessionId, TenantName};
use roomcast::protocol::time::Timestamp;
use serde_json::json;

use super::asking::{at, holds, in_words, number, same, Found};
use super::subject::{event, Answer, Subject};
use super::watcher::Opening;
use crate::tenant::rotation::Kind;

/// A client that connects so is closed with this code and reason.
async fn is_closed(
    subject: &Subject,
    session: &SessionId,
    opening: Opening<'_>,
    wanted: (u16, &str),
) -> Found {
    let (code, reason) = subject.open(session, &opening).await?.closed()?;
    same("the close", &(code, reason.as_str()), &wanted)
}

pub(super) async fn no_token(subject: &Subject) -> Found {
    let session = subject.session()?;
    is_closed(subject, &session, Opening::default(), (4401, "token_missing")).await
}

pub(super) async fn other_key(subject: &Subject) -> Found {
    let session = subject.session()?;
    let token = subject.strange_token(&session)?;
    let opening = Opening { token: Some(&token), ..Opening::default() };
    is_closed(subject, &session, opening, (4401, "token_invalid")).await
}

pub(super) async fn expired(subject: &Subject) -> Found {
    let session = subject.session()?;
    let token = subject.ended_token(&session)?;
    let opening = Opening { token: Some(&token), ..Opening::default() };
    is_closed(subject, &session, opening, (4401, "token_expired")).await
}

pub(super) async fn other_session(subject: &Subject) -> Found {
    let (session, other) = (subject.session()?, subject.session()?);
    let token = subject.token(&other)?;
    let opening = Opening { token: Some(&token), ..Opening::default() };
    is_closed(subject, &session, opening, (4403, "session_refused")).await
}

pub(super) async fn other_origin(subject: &Subject) -> Found {
    let session = subject.session()?;
    let token = subject.token(&session)?;
    let origin = Some("https://somebody-else.example");
    let opening = Opening { token: Some(&token), origin, ..Opening::default() };
    is_closed(subject, &session, opening, (4403, "origin_refused")).await
}

pub(super) async fn bad_position(subject: &Subject) -> Found {
    let session = subject.session()?;
    let token = subject.token(&session)?;
    let opening = Opening { token: Some(&token), resume: Some("yesterday"), ..Opening::default() };
    is_closed(subject, &session, opening, (4400, "bad_position")).await
}

/// What a client of WebSockets asks for an upgrade with. It is sent as a request like others, because a client of WebSockets may read a
/// refusal only in part.
const UPGRADE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
];

pub(super) async fn plain_refusal(subject: &Subject) -> Found {
    is_refused(&live(subject, &UPGRADE).await?, (401, "token_missing"))
}

pub(super) async fn no_upgrade(subject: &Subject) -> Found {
    same("the status", &live(subject, &[]).await?.status, &426)
}

/// Asks with these headers, and without a token, for the address at which a session is live.
async fn live(subject: &Subject, headers: &[(&str, &str)]) -> Result<Answer, String> {
    let mut url = subject.endpoint.live(&subject.session()?, None);
    let scheme = if url.scheme() == "wss" { "https" } else { "http" };
    holds(url.set_scheme(scheme).is_ok(), || format!("{url} has no scheme of HTTP"))?;
    subject.get_with(headers, url).await
}

pub(super) async fn unknown_tenant(subject: &Subject) -> Found {
    let name = subject.fresh("nobody").parse::<TenantName>().map_err(|bad| bad.to_string())?;
    let answer = subject.get(subject.base.of_tenant(&name).events()).await?;
    same("the refusal", &(answer.status, answer.code()), &(404, "tenant_unknown"))
}

fn is_refused(answer: &Answer, wanted: (u16, &str)) -> Found {
    same("the refusal", &(answer.status, answer.code()), &wanted)
}

const JSON: (&str, &str) = ("content-type", "application/json");

pub(super) async fn unsigned(subject: &Subject) -> Found {
    let body = json!([event("e", &subject.session()?)]).to_string();
    is_refused(&subject.post_with([JSON], body).await?, (401, "signature_missing"))
}

pub(super) async fn wrongly_signed(subject: &Subject) -> Found {
    let body = json!([event("e", &subject.session()?)]).to_string();
    let secret = in_words(Kind::Webhook.secret())?;
    let answer = subject.post_signed(&WebhookSecrets::parse(&secret)?, body).await?;
    is_refused(&answer, (401, "signature_invalid"))
}

pub(super) async fn stale(subject: &Subject) -> Found {
    let body = json!([event("e", &subject.session()?)]).to_string();
    let id = in_words(random::message_id())?;
    let then = Timestamp(clock::now().0.saturating_sub(600_000));
    let (seconds, signature) =
        (then.seconds().to_string(), sign(subject.secrets(), &id, then, body.as_bytes()));
    let headers = [
        JSON,
        ("webhook-id", id.as_str()),
        ("webhook-timestamp", seconds.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    is_refused(&subject.post_with(headers, body).await?, (401, "signature_stale"))
}

pub(super) async fn malformed(subject: &Subject) -> Found {
    let session = subject.session()?;
    let (good, mut bad) =
        (event(&subject.fresh("e"), &session), event(&subject.fresh("e"), &session));
    if let Some(fields) = bad.as_object_mut() {
        fields.insert("occurred_at".to_owned(), json!("yesterday"));
    }
    let answer = subject.post(&[good, bad]).await?;
    is_refused(&answer, (422, "malformed"))?;
    same("the index of the event", at(&answer.body, "/errors/0/index"), &json!(1))?;
    same("the field", at(&answer.body, "/errors/0/field"), &json!("occurred_at"))?;
    let (_, greeting) = subject.watch(&session, None).await?;
    same("`seq` of the room", &number(&greeting, "seq")?, &0)
}
