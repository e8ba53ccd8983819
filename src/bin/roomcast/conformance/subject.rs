//! The deployment that is checked, and the tenant under which that happens.
//!
//! Unless it may only read, it is a tenant of its own, with keys that nobody else has; it is deleted at the end, also if checks failed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use roomcast::auth::token::{NewToken, TokenPolicy};
use roomcast::auth::webhook::WebhookSecrets;
use roomcast::deployment::endpoint::Endpoint;
use roomcast::deployment::failure::{root_cause, Failure};
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::deployment::{random, signed, token};
use roomcast::protocol::ids::{SessionId, TenantName};
use roomcast::protocol::time::Timestamp;
use roomcast::tenant::keys::audience_of;
use serde_json::{json, Value};

use super::asking::{at, in_words};
use crate::tenant::admin::Admin;
use crate::tenant::rotation::Kind;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const TOKEN_FOR: Duration = Duration::from_mins(10);

/// The page from which browsers may connect.
pub(super) const ORIGIN: &str = "https://conformance.example";

/// Connections that a user may have.
pub(super) const CONNECTIONS: usize = 3;

/// The deployment and the tenant.
pub(super) struct Subject {
    http: Client,
    pub(super) endpoint: Endpoint,
    /// The deployment's own address, whatever the tenant.
    pub(super) base: Endpoint,
    policy: TokenPolicy,
    secrets: WebhookSecrets,
    /// What tells this run from others.
    run: String,
    used: AtomicU32,
    /// The tenant to delete, and with what.
    own: Option<(Admin, TenantName)>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Its body, if that is JSON.
    pub(super) body: Value,
}

impl Answer {
    /// The code of the problem; empty if there is none.
    pub(super) fn code(&self) -> &str {
        at(&self.body, "/code").as_str().unwrap_or_default()
    }
}

impl Subject {
    /// Prepares the checks.
    ///
    /// # Errors
    /// A setting is missing, or the tenant cannot be made.
    pub(super) async fn prepare(target: &Target, read_only: bool) -> Result<Self, Failure> {
        let run = format!("{:08x}", u32::from_be_bytes(random::bytes()?));
        let http = Client::builder().timeout(ANSWER_WITHIN).redirect(Policy::none()).build();
        let http = http
            .map_err(|error| Failure::Machine(format!("cannot start: {}", root_cause(&error))))?;
        let (base, used) = (target.url.clone(), AtomicU32::new(0));
        // Its posts are never accepted, so any secret does.
        let secrets = Kind::Webhook.secret()?;
        if read_only {
            let policy = Settings::load(target)?.token_policy()?;
            let (endpoint, secrets, own) = (target.endpoint(), parsed(&secrets)?, None);
            return Ok(Self { http, endpoint, base, policy, secrets, run, used, own });
        }
        let (admin, key) = (Admin::new(target)?, Kind::Token.secret()?);
        let name = format!("conformance-{run}").parse::<TenantName>();
        let name = name.map_err(|bad| Failure::Machine(bad.to_string()))?;
        admin.put(&name, &document(&key, &secrets), Some(("if-none-match", "*"))).await?;
        let (endpoint, audience) = (base.of_tenant(&name), Some(audience_of(&name)));
        let policy = TokenPolicy { audience, ..policy(&key)? };
        let (secrets, own) = (parsed(&secrets)?, Some((admin, name)));
        Ok(Self { http, endpoint, base, policy, secrets, run, used, own })
    }

    /// Deletes the tenant that was made.
    ///
    /// # Errors
    /// The server refused that or could not be reached.
    pub(super) async fn clear(&self) -> Result<(), Failure> {
        match &self.own {
            Some((admin, name)) => admin.delete(name).await,
            None => Ok(()),
        }
    }

    /// A name that was not used before: of a session, an event or a user.
    pub(super) fn fresh(&self, what: &str) -> String {
        format!("{what}-{}-{}", self.run, self.used.fetch_add(1, Ordering::Relaxed))
    }

    /// A session that was not used before.
    pub(super) fn session(&self) -> Result<SessionId, String> {
        self.fresh("conformance")
            .parse()
            .map_err(|bad| format!("no session can have the name: {bad}"))
    }

    /// A token of a user that was not used before, for this session.
    pub(super) fn token(&self, session: &SessionId) -> Result<String, String> {
        token_of(&self.fresh("user"), session, &self.policy, TOKEN_FOR)
    }

    /// A token that another key has signed.
    pub(super) fn strange_token(&self, session: &SessionId) -> Result<String, String> {
        let strange = in_words(Kind::Token.secret().and_then(|key| policy(&key)))?;
        let (issuer, audience) = (self.policy.issuer.clone(), self.policy.audience.clone());
        let strange = TokenPolicy { issuer, audience, ..strange };
        token_of("stranger", session, &strange, TOKEN_FOR)
    }

    /// A token of this user.
    pub(super) fn token_for(&self, user: &str, session: &SessionId) -> Result<String, String> {
        token_of(user, session, &self.policy, TOKEN_FOR)
    }

    /// A token that has ended long enough ago for any clock.
    pub(super) fn ended_token(&self, session: &SessionId) -> Result<String, String> {
        let sessions = [session.to_string()];
        let ended = token::token("user", &sessions, Duration::ZERO);
        let expires = Timestamp(ended.expires.0.saturating_sub(600_000));
        in_words(token::mint(&self.policy, &NewToken { expires, ..ended }))
    }

    /// Posts these events, signed.
    pub(super) async fn post(&self, events: &[Value]) -> Result<Answer, String> {
        self.post_signed(&self.secrets, json!(events).to_string()).await
    }

    /// Posts a body, signed with these secrets.
    pub(super) async fn post_signed(
        &self,
        secrets: &WebhookSecrets,
        body: String,
    ) -> Result<Answer, String> {
        let headers = signed::headers(secrets, &in_words(random::message_id())?, &body);
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        self.post_with(headers, body).await
    }

    /// Posts a body with these headers.
    pub(super) async fn post_with<'h>(
        &self,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: String,
    ) -> Result<Answer, String> {
        let post = self.http.post(self.endpoint.events()).body(body);
        read(headers.into_iter().fold(post, |post, (name, value)| post.header(name, value))).await
    }

    /// Asks with GET.
    pub(super) async fn get(&self, url: Url) -> Result<Answer, String> {
        self.get_with(&[], url).await
    }

    /// Asks with GET and these headers.
    pub(super) async fn get_with(
        &self,
        headers: &[(&str, &str)],
        url: Url,
    ) -> Result<Answer, String> {
        let get = self.http.get(url);
        read(headers.iter().fold(get, |get, (name, value)| get.header(*name, *value))).await
    }

    /// The secrets with which posts are signed.
    pub(super) fn secrets(&self) -> &WebhookSecrets {
        &self.secrets
    }
}

/// An event of this session, which is shown as an update with this title.
pub(super) fn event(id: &str, session: &SessionId) -> Value {
    json!({
        "event_id": id, "event_type": "session.renamed", "aggregate_type": "Session", "aggregate_id": session.as_str(),
        "occurred_at": "2026-01-07T10:00:00Z", "payload": {"title": id},
    })
}

fn token_of(
    user: &str,
    session: &SessionId,
    policy: &TokenPolicy,
    ttl: Duration,
) -> Result<String, String> {
    let sessions = [session.to_string()];
    in_words(token::mint(policy, &token::token(user, &sessions, ttl)))
}

fn parsed(secret: &str) -> Result<WebhookSecrets, Failure> {
    WebhookSecrets::parse(secret).map_err(|must| Failure::Machine(format!("the secret {must}")))
}

fn policy(key: &str) -> Result<TokenPolicy, Failure> {
    let policy = TokenPolicy::shared(key).map_err(|fault| Failure::Machine(fault.to_string()))?;
    Ok(TokenPolicy { issuer: Some("roomcast".to_owned()), ..policy })
}

fn document(key: &str, webhook: &str) -> Value {
    json!({
        "origins": [ORIGIN],
        "tokens": {"issuer": "roomcast", "keys": [{"alg": "HS256", "secret": key}]},
        "webhooks": [{"scheme": "standard", "secret": webhook}],
        "presets": ["sessions"],
        "limits": {"connections_per_user": CONNECTIONS},
    })
}

async fn read(request: RequestBuilder) -> Result<Answer, String> {
    let unreachable = |error: reqwest::Error| format!("no answer: {}", root_cause(&error));
    let response: Response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(unreachable)?;
    Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
}
