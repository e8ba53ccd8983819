//! A deployment of Roomcast: watched with minted tokens, published to with signed events.
//!
//! `events` makes the events; this module addresses and signs them.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use roomcast::auth::token::TokenPolicy;
use roomcast::auth::webhook::WebhookSecrets;
use roomcast::deployment::endpoint::Endpoint;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::deployment::{clock, random, signed, token, upgrade};
use roomcast::protocol::deflate::DEFLATE;
use roomcast::protocol::ids::{Position, SessionId};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::events;
use super::exchange::{named, Accepted, Composed, Post};
use crate::options::LoadOptions;
use crate::scan::answer;

/// How long a token lasts: longer than any trial.
const TOKEN_LASTS: Duration = Duration::from_hours(24);

/// The header that says the address of a client.
const ADDRESS: &str = "x-real-ip";

/// The address of the first client. The others follow it.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);

/// A deployment, and what is needed to use it.
pub(crate) struct Deployment {
    url: Endpoint,
    /// Where clients connect in turn, `url` included.
    doors: Vec<Endpoint>,
    /// One for each user.
    tokens: Vec<String>,
    /// How many addresses the clients say that they have, if they say one.
    addresses: Option<u32>,
    secrets: WebhookSecrets,
    /// The origin that its clients send.
    pub(crate) origin: HeaderValue,
    /// Distinguishes the events of this run from those of other runs.
    run: u32,
    /// How many subscriptions the clients are spread over, if not all have the same.
    groups: Option<u32>,
    /// Whether clients ask for compressed frames.
    deflate: bool,
    /// Whether each event has a key of its own.
    fresh_keys: bool,
    /// How many upgrades there were.
    upgrades: AtomicU32,
}

impl Deployment {
    /// Mints the tokens of the clients.
    ///
    /// # Errors
    /// A setting is missing or malformed, no token can be minted for the session's name, or the origin cannot stand in
    /// a header.
    pub(crate) fn new(target: &Target, options: &LoadOptions) -> Result<Self, Failure> {
        let settings = Settings::load(target)?;
        let origin = options.origin.clone().unwrap_or_else(|| target.url.origin());
        Ok(Self {
            url: target.endpoint(),
            doors: doors(target, options),
            tokens: tokens(&settings.token_policy()?, options)?,
            addresses: options.addresses,
            secrets: settings.webhook_secrets()?,
            origin: named(&origin)?,
            run: random::spread(),
            groups: options.groups,
            deflate: options.deflate,
            fresh_keys: options.fresh_keys,
            upgrades: AtomicU32::new(0),
        })
    }

    /// The upgrade with which the client `number` watches `room`, from `position` on.
    ///
    /// # Errors
    /// The address or the token cannot stand in a request.
    pub(crate) fn upgrade(
        &self,
        room: &SessionId,
        position: Option<&Position>,
        number: usize,
    ) -> Result<Request, String> {
        let door = self.doors.get(number % self.doors.len().max(1)).unwrap_or(&self.url);
        let mut url = door.live(room, position);
        if let Some(groups) = self.groups {
            // No update has a topic, so every subscription shows all of them.
            let group = self.upgrades.fetch_add(1, Ordering::Relaxed) % groups.max(1);
            url.query_pairs_mut().append_pair("topics", &format!("group-{group}"));
        }
        if self.deflate {
            url.query_pairs_mut().append_pair("compress", DEFLATE);
        }
        let token = self.tokens.get(number % self.tokens.len().max(1));
        let request = upgrade::upgrade(&url, token.map_or("", String::as_str));
        let mut request = request.map_err(|failure| failure.to_string())?;
        if let Some(address) = self.address(number) {
            request.headers_mut().insert(ADDRESS, address);
        }
        Ok(request)
    }

    /// The address that the client `number` says it has.
    fn address(&self, number: usize) -> Option<HeaderValue> {
        let step = u32::try_from(number).ok()? % self.addresses?.max(1);
        let address = Ipv4Addr::from(u32::from(FIRST_ADDRESS).checked_add(step)?);
        HeaderValue::from_str(&address.to_string()).ok()
    }

    /// The signed request that publishes `post`.
    pub(crate) fn compose(&self, post: &Post<'_>) -> Composed {
        let body = events::body((self.run, self.fresh_keys), &clock::now().rfc3339(), post);
        // This is unique, because every publisher counts its events per room.
        let id = format!("msg_{:08x}_{}_{}_{}", self.run, post.publisher, post.first, post.sent_us);
        let headers = signed::headers(&self.secrets, &id, &body).into();
        Composed { url: self.url.events().to_string(), headers, body }
    }
}

/// Where clients connect, in turn.
fn doors(target: &Target, options: &LoadOptions) -> Vec<Endpoint> {
    let servers = std::iter::once(&target.url).chain(&options.also_at);
    servers.map(|url| Target { url: url.clone(), ..target.clone() }.endpoint()).collect()
}

/// A token for each user, for all sessions of the trial.
fn tokens(policy: &TokenPolicy, options: &LoadOptions) -> Result<Vec<String>, Failure> {
    let sessions = [options.session.to_string(), format!("{}-*", options.session)];
    let mint = |user: u32| {
        let user = format!("load-{user}");
        token::mint(policy, &token::token(&user, &sessions, TOKEN_LASTS))
    };
    (0..options.users).map(mint).collect()
}

/// What an answer says became of a post.
pub(crate) fn accepted(body: &str) -> Accepted {
    let (events, head) = answer(body);
    Accepted { events, lane: 0, head }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser as _;
    use roomcast::auth::webhook::verify;
    use roomcast::protocol::post::PostHeaders;
    use serde_json::Value;

    use super::*;
    use crate::options::Args;

    fn deployment() -> Deployment {
        Deployment {
            url: "https://a.test/base".parse().unwrap(),
            doors: Vec::new(),
            tokens: vec!["x.y.z".to_owned()],
            addresses: None,
            secrets: WebhookSecrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap(),
            origin: HeaderValue::from_static("https://a.test"),
            run: 7,
            groups: None,
            deflate: false,
            fresh_keys: false,
            upgrades: AtomicU32::new(0),
        }
    }

    #[test]
    fn clients_are_spread_over_subscriptions() {
        let deployment = Deployment { groups: Some(2), ..deployment() };
        let room = "load".parse().unwrap();
        let topics =
            || deployment.upgrade(&room, None, 0).unwrap().uri().query().unwrap().to_owned();
        assert_eq!(
            [topics(), topics(), topics()],
            ["topics=group-0", "topics=group-1", "topics=group-0"]
        );
    }

    #[test]
    fn clients_are_spread_over_users_and_addresses() {
        let tokens = vec!["a.b.c".to_owned(), "x.y.z".to_owned()];
        let deployment = Deployment { tokens, addresses: Some(300), ..deployment() };
        let said = |number| {
            let request = deployment.upgrade(&"load".parse().unwrap(), None, number).unwrap();
            let header = |name| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
            (
                header("sec-websocket-protocol").split_off("roomcast.v1, roomcast.bearer.".len()),
                header("x-real-ip"),
            )
        };
        let pair = |token: &str, address: &str| (token.to_owned(), address.to_owned());
        assert_eq!(said(0), pair("a.b.c", "10.0.0.0"));
        assert_eq!(said(299), pair("x.y.z", "10.0.1.43"));
        assert_eq!(said(300), pair("a.b.c", "10.0.0.0"));
    }

    #[test]
    fn clients_are_spread_over_the_addresses_of_the_deployment() {
        let words = ["roomcast-load", "--url", "http://a.test", "--tenant", "acme"];
        let more = ["--also-at", "http://b.test", "--also-at", "http://c.test"];
        let Args { target, options } = Args::try_parse_from([&words[..], &more].concat()).unwrap();
        let doors = doors(&target, &options);
        let deployment = Deployment { doors, ..deployment() };
        let at = |number| {
            let request = deployment.upgrade(&"load".parse().unwrap(), None, number).unwrap();
            (request.uri().host().unwrap().to_owned(), request.uri().path().to_owned())
        };
        for (number, host) in ["a.test", "b.test", "c.test", "a.test"].into_iter().enumerate() {
            assert_eq!(at(number), (host.to_owned(), "/t/acme/api/sessions/load/live".to_owned()));
        }
    }

    #[test]
    fn clients_say_no_address_unless_told_to() {
        let request = deployment().upgrade(&"load".parse().unwrap(), None, 7).unwrap();
        assert!(request.headers().get(ADDRESS).is_none());
    }

    #[test]
    fn each_user_has_a_token() {
        let words = "roomcast-load --users 3".split_whitespace();
        let options = Args::try_parse_from(words).unwrap().options;
        let policy = TokenPolicy::shared("0123456789abcdef0123456789abcdef").unwrap();
        let tokens = tokens(&policy, &options).unwrap();
        let distinct: BTreeSet<_> = tokens.iter().collect();
        assert_eq!(distinct.len(), 3);
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
        let request = deployment().upgrade(&room, Some(&position), 0).unwrap();
        assert_eq!(
            request.uri().to_string(),
            "wss://a.test/base/api/sessions/load/live?resume=0707070707070707%3A42"
        );
        let protocols = request.headers().get("sec-websocket-protocol").unwrap();
        assert_eq!(protocols, "roomcast.v1, roomcast.bearer.x.y.z");
    }
}
