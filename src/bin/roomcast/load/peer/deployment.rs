//! A deployment of Roomcast: watched with a minted token, published to with signed events.
//!
//! The events are those of the preset `sessions`, of a kind whose text goes out as it came. Their
//! keys repeat, so that the state stays as small as that of a real dashboard.

use std::fmt::Write as _;
use std::time::Duration;

use roomcast::auth::webhook::{sign, WebhookSecrets};
use roomcast::protocol::ids::{Position, SessionId};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::super::options::LoadOptions;
use super::super::scan::answer;
use super::{Accepted, Composed, Post};
use crate::args::Target;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{clock, random, token};

/// Longer than any trial.
const TOKEN_LASTS: Duration = Duration::from_hours(24);

/// Bytes of an update's data beside the padding.
const DATA_OVERHEAD: usize = 75;

const CYCLES: u64 = 8;
const COMPONENTS: u64 = 4;

/// A deployment, and what it takes to use it.
pub(crate) struct Deployment {
    url: Endpoint,
    token: String,
    secrets: WebhookSecrets,
    /// Tells the events of this run from those of others.
    run: u32,
}

impl Deployment {
    /// Mints the token of the clients.
    ///
    /// # Errors
    /// A setting that is missing, or a session name for which there is no token.
    pub(crate) fn new(target: &Target, options: &LoadOptions) -> Result<Self, Failure> {
        let settings = Settings::load(target)?;
        let sessions = [options.session.to_string(), format!("{}-*", options.session)];
        let policy = settings.token_policy()?;
        Ok(Self {
            url: target.url.clone(),
            token: token::mint(&policy, "load", &sessions, TOKEN_LASTS)?,
            secrets: settings.webhook_secrets()?,
            run: random::spread(),
        })
    }

    /// The upgrade that watches `room`, from `position` on.
    ///
    /// # Errors
    /// An address or a token that fits into no request.
    pub(crate) fn upgrade(
        &self,
        room: &SessionId,
        position: Option<&Position>,
    ) -> Result<Request, String> {
        let protocols = format!("roomcast.v1, roomcast.bearer.{}", self.token);
        let mut protocols =
            HeaderValue::from_str(&protocols).map_err(|_| "the token fits into no header")?;
        protocols.set_sensitive(true);
        let request = self.url.live(room, position).as_str().into_client_request();
        let mut request = request.map_err(|error| error.to_string())?;
        request.headers_mut().insert("sec-websocket-protocol", protocols);
        Ok(request)
    }

    /// The signed request that publishes `post`.
    pub(crate) fn compose(&self, post: &Post<'_>) -> Composed {
        let body = self.body(post);
        let now = clock::now();
        // Unique, as every publisher counts its events per room.
        let id = format!("msg_{:08x}_{}_{}_{}", self.run, post.publisher, post.first, post.sent_us);
        let signature = sign(&self.secrets, &id, now, body.as_bytes());
        let headers = vec![
            ("webhook-id", id),
            ("webhook-timestamp", now.seconds().to_string()),
            ("webhook-signature", signature),
        ];
        Composed { url: self.url.events().to_string(), headers, body }
    }

    fn body(&self, post: &Post<'_>) -> String {
        let occurred = clock::now().rfc3339();
        let Post { room, publisher, sent_us, .. } = post;
        let run = self.run;
        let padding = ".".repeat(post.payload.saturating_sub(DATA_OVERHEAD));
        let mut body = String::from("[");
        for number in post.first..post.first + post.events {
            let comma = if number == post.first { "" } else { "," };
            let (cycle, component) = (number % CYCLES, number / CYCLES % COMPONENTS);
            // Writing to a string does not fail.
            let _ = write!(
                body,
                r#"{comma}{{"event_id":"load-{run:08x}-{publisher}-{number}","event_type":"component.output_updated","aggregate_type":"Session","aggregate_id":"{room}","occurred_at":"{occurred}","payload":{{"cycle_id":"cycle-{cycle}","component_type":"part-{component}","summary":"t={sent_us} {padding}"}}}}"#,
            );
        }
        body.push(']');
        body
    }
}

/// What an answer says became of a post.
pub(crate) fn accepted(body: &str) -> Accepted {
    let (events, head) = answer(body);
    Accepted { events, lane: 0, head }
}

#[cfg(test)]
mod tests {
    use roomcast::auth::webhook::{verify, SignedHeaders};
    use serde_json::Value;

    use super::*;

    fn deployment() -> Deployment {
        Deployment {
            url: "https://a.test/base".parse().unwrap(),
            token: "x.y.z".to_owned(),
            secrets: WebhookSecrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap(),
            run: 7,
        }
    }

    #[test]
    fn a_post_is_signed_json_of_about_the_wanted_size() {
        let room = "load-0".parse().unwrap();
        let post = Post {
            room: &room,
            publisher: 3,
            first: 8,
            events: 2,
            sent_us: 1_234_567,
            payload: 250,
        };
        let composed = deployment().compose(&post);
        assert_eq!(composed.url, "https://a.test/base/api/events");
        let events: Value = serde_json::from_str(&composed.body).unwrap();
        assert_eq!(events[1]["event_id"], "load-00000007-3-9");
        assert_eq!(events[1]["aggregate_id"], "load-0");
        assert!(events[1]["payload"]["summary"].as_str().unwrap().starts_with("t=1234567 ."));
        let (data, payload) = (&events[0]["payload"], 240..=260);
        let renamed = data.to_string().len() - "__".len();
        assert!(payload.contains(&renamed), "{renamed}");
        let header = |name| {
            let (_, value) = composed.headers.iter().find(|(known, _)| *known == name).unwrap();
            Some(value.as_str())
        };
        let headers = SignedHeaders {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        let secrets = deployment().secrets;
        assert!(verify(&secrets, headers, composed.body.as_bytes(), clock::now()).is_ok());
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
