//! A deployment of Roomcast: watched with a minted token, published to with signed events.
//!
//! `events` makes the events; this module addresses and signs them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use roomcast::auth::webhook::WebhookSecrets;
use roomcast::deployment::endpoint::Endpoint;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::deployment::{clock, random, signed, token, upgrade};
use roomcast::protocol::ids::{Position, SessionId};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::events;
use super::exchange::{named, Accepted, Composed, Post};
use crate::options::LoadOptions;
use crate::scan::answer;

/// How long the token lasts: longer than any trial.
const TOKEN_LASTS: Duration = Duration::from_hours(24);

/// A deployment, and what is needed to use it.
pub(crate) struct Deployment {
    url: Endpoint,
    token: String,
    secrets: WebhookSecrets,
    /// The origin that its clients send.
    pub(crate) origin: HeaderValue,
    /// Distinguishes the events of this run from those of other runs.
    run: u32,
    /// How many subscriptions the clients are spread over, if not all have the same.
    groups: Option<u32>,
    /// How many upgrades there were.
    upgrades: AtomicU32,
}

impl Deployment {
    /// Mints the token of the clients.
    ///
    /// # Errors
    /// A setting is missing or malformed, no token can be minted for the session's name, or the origin cannot stand in
    /// a header.
    pub(crate) fn new(target: &Target, options: &LoadOptions) -> Result<Self, Failure> {
        let settings = Settings::load(target)?;
        let sessions = [options.session.to_string(), format!("{}-*", options.session)];
        let policy = settings.token_policy()?;
        let origin = options.origin.clone().unwrap_or_else(|| target.url.origin());
        Ok(Self {
            url: target.endpoint(),
            token: token::mint(&policy, &token::token("load", &sessions, TOKEN_LASTS))?,
            secrets: settings.webhook_secrets()?,
            origin: named(&origin)?,
            run: random::spread(),
            groups: options.groups,
            upgrades: AtomicU32::new(0),
        })
    }

    /// The upgrade that watches `room`, from `position` on.
    ///
    /// # Errors
    /// The address or the token cannot stand in a request.
    pub(crate) fn upgrade(
        &self,
        room: &SessionId,
        position: Option<&Position>,
    ) -> Result<Request, String> {
        let mut url = self.url.live(room, position);
        if let Some(groups) = self.groups {
            // No update has a topic, so every subscription shows all of them.
            let group = self.upgrades.fetch_add(1, Ordering::Relaxed) % groups.max(1);
            url.query_pairs_mut().append_pair("topics", &format!("group-{group}"));
        }
        let request = upgrade::upgrade(&url, &self.token);
        request.map_err(|failure| failure.to_string())
    }

    /// The signed request that publishes `post`.
    pub(crate) fn compose(&self, post: &Post<'_>) -> Composed {
        let body = events::body(self.run, &clock::now().rfc3339(), post);
        // This is unique, because every publisher counts its events per room.
        let id = format!("msg_{:08x}_{}_{}_{}", self.run, post.publisher, post.first, post.sent_us);
        let headers = signed::headers(&self.secrets, &id, &body).into();
        Composed { url: self.url.events().to_string(), headers, body }
    }
}

/// What an answer says became of a post.
pub(crate) fn accepted(body: &str) -> Accepted {
    let (events, head) = answer(body);
    Accepted { events, lane: 0, head }
}

#[cfg(test)]
mod tests {
    use roomcast::auth::webhook::verify;
    use roomcast::protocol::post::PostHeaders;
    use serde_json::Value;

    use super::*;

    fn deployment() -> Deployment {
        Deployment {
            url: "https://a.test/base".parse().unwrap(),
            token: "x.y.z".to_owned(),
            secrets: WebhookSecrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap(),
            origin: HeaderValue::from_static("https://a.test"),
            run: 7,
            groups: None,
            upgrades: AtomicU32::new(0),
        }
    }

    #[test]
    fn clients_are_spread_over_subscriptions() {
        let deployment = Deployment { groups: Some(2), ..deployment() };
        let room = "load".parse().unwrap();
        let topics = || deployment.upgrade(&room, None).unwrap().uri().query().unwrap().to_owned();
        assert_eq!(
            [topics(), topics(), topics()],
            ["topics=group-0", "topics=group-1", "topics=group-0"]
        );
    }

    #[test]
    fn a_post_is_signed_json() {
        let room = "load-0".parse().unwrap();
        let post = Post {
            room: &room,
            publisher: 3,
            first: 8,
            events: 2,
            head: 0,
            sent_us: 1_234_567,
            payload: 250,
        };
        let composed = deployment().compose(&post);
        assert_eq!(composed.url, "https://a.test/base/api/events");
        let events: Value = serde_json::from_str(&composed.body).unwrap();
        assert_eq!(events[1]["event_id"], "load-00000007-3-9");
        let header = |name| {
            let (_, value) = composed.headers.iter().find(|(known, _)| *known == name).unwrap();
            Some(value.as_str())
        };
        let headers = PostHeaders {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            ..PostHeaders::default()
        };
        let secrets = deployment().secrets;
        assert!(verify(&secrets, &headers, composed.body.as_bytes(), clock::now()).is_ok());
    }

    #[test]
    fn a_client_comes_back_with_its_position() {
        let room = "load".parse().unwrap();
        let position = "0707070707070707:42".parse().unwrap();
        let request = deployment().upgrade(&room, Some(&position)).unwrap();
        assert_eq!(
            request.uri().to_string(),
            "wss://a.test/base/api/sessions/load/live?resume=0707070707070707%3A42"
        );
        let protocols = request.headers().get("sec-websocket-protocol").unwrap();
        assert_eq!(protocols, "roomcast.v1, roomcast.bearer.x.y.z");
    }
}
