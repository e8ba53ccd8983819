//! How a dashboard connects, or is refused.

use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::Error;

use super::client::{Client, Ended};
use super::token::token;
use super::tracker::Tracker;
use super::WAIT;

/// The part of the request that carries the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Authorization,
    Subprotocol,
    Cookie,
    Query,
}

/// A connection that is about to be made. By default it uses `roomcast.v1`, has a good token in the subprotocol, and has
/// no origin.
#[derive(Debug, Clone)]
pub(crate) struct Connecting {
    server: String,
    path: String,
    v1: bool,
    token: Option<String>,
    carrier: Carrier,
    origin: Option<String>,
    known: Tracker,
    resume: Option<String>,
    query: String,
    address: Option<String>,
    claimed: Option<String>,
    continent: Option<String>,
}

/// The answer to a request for an upgrade that was refused over HTTP.
#[derive(Debug)]
pub(crate) struct Declined {
    /// The status.
    pub(crate) status: u16,
    /// The media type.
    pub(crate) media_type: String,
    /// The header `retry-after`, in seconds.
    pub(crate) retry_s: Option<u64>,
    /// The body.
    pub(crate) body: Value,
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The upgrade was refused over HTTP.
    Declined(Declined),
    /// The connection ended before `connected`.
    Ended(Ended),
}

impl Connecting {
    pub(crate) fn new(server: &str, session: &str) -> Self {
        Self {
            server: server.replacen("http", "ws", 1),
            path: format!("/api/sessions/{session}/live"),
            v1: true,
            token: Some(token(session).text()),
            carrier: Carrier::Subprotocol,
            origin: None,
            known: Tracker::default(),
            resume: None,
            query: String::new(),
            address: None,
            claimed: None,
            continent: None,
        }
    }

    /// Connects to a path of a document.
    pub(crate) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Connects below the path of a tenant.
    pub(crate) fn of(mut self, tenant: &str) -> Self {
        self.path = format!("/t/{tenant}{}", self.path);
        self
    }

    /// Offers no subprotocol.
    pub(crate) fn plain(mut self) -> Self {
        self.v1 = false;
        self.carrier = Carrier::Authorization;
        self
    }

    /// Uses another token, or none.
    pub(crate) fn with_token(mut self, token: Option<String>) -> Self {
        self.token = token;
        self
    }

    /// Puts the token elsewhere.
    pub(crate) fn in_the(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// Connects as a page of `origin`.
    pub(crate) fn on_page_of(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    /// Connects through a proxy that says where it comes from, in the header `x-address`.
    pub(crate) fn from(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    /// Says itself where it comes from, in the header that proxies set.
    pub(crate) fn claiming(mut self, address: &str) -> Self {
        self.claimed = Some(address.to_owned());
        self
    }

    /// Connects from a continent, as Cloudflare calls it.
    pub(crate) fn on(mut self, continent: &str) -> Self {
        self.continent = Some(continent.to_owned());
        self
    }

    /// Sends a position to resume from.
    pub(crate) fn resume(mut self, position: &str) -> Self {
        self.known = Tracker::at(position);
        self.resume = Some(position.to_owned());
        self
    }

    /// Resumes from what a client has seen, if it has seen anything.
    pub(crate) fn after(mut self, known: Tracker) -> Self {
        self.resume = Some(known.position()).filter(|position| !position.is_empty());
        self.known = known;
        self
    }

    /// Adds parameters to the query. The client then need not see every update.
    pub(crate) fn asking(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self.known = self.known.of_a_part();
        self
    }

    /// Connects, and takes the first frame.
    pub(crate) async fn open(self) -> Client {
        let opened = self.try_open().await;
        opened.unwrap_or_else(|why| panic!("not connected: {why:?}"))
    }

    /// Tries to connect, which must be refused over HTTP.
    pub(crate) async fn declined(self) -> Declined {
        match self.try_open().await {
            Err(NotOpened::Declined(declined)) => declined,
            other => panic!("not declined: {other:?}"),
        }
    }

    /// Connects. The server must close the connection before it sends a frame.
    pub(crate) async fn closed(self) -> Ended {
        match self.try_open().await {
            Err(NotOpened::Ended(ended)) => ended,
            other => panic!("not closed: {other:?}"),
        }
    }

    /// Connects, if the server lets it.
    pub(crate) async fn try_open(self) -> Result<Client, NotOpened> {
        let broken = |why: String| NotOpened::Ended((1006, why));
        let upgraded = timeout(WAIT, connect_async(self.request())).await;
        let (socket, response) = match upgraded.map_err(|late| broken(late.to_string()))? {
            Ok(upgraded) => upgraded,
            Err(Error::Http(response)) => {
                return Err(NotOpened::Declined(Declined::new(&response)))
            }
            Err(error) => return Err(broken(error.to_string())),
        };
        // Compressing costs many times more than sending: docs/performance.md.
        assert_eq!(response.headers().get("sec-websocket-extensions"), None);
        let protocol = response.headers().get("sec-websocket-protocol");
        let protocol = protocol.map(|name| name.to_str().unwrap().to_owned());
        let greeted = Client::greeted(socket, self.v1, protocol, self.known).await;
        greeted.map_err(NotOpened::Ended)
    }

    fn request(&self) -> Request {
        let carried = |by| self.token.as_ref().filter(|_| self.carrier == by);
        let resume = self.resume.iter().map(|position| format!("resume={position}"));
        let token = carried(Carrier::Query).map(|token| format!("token={token}"));
        let asked = Some(self.query.clone()).filter(|query| !query.is_empty());
        let query: Vec<_> = resume.chain(token).chain(asked).collect();
        let v1 = self.v1.then(|| "roomcast.v1".to_owned());
        let bearer = carried(Carrier::Subprotocol).map(|token| format!("roomcast.bearer.{token}"));
        let protocols: Vec<_> = v1.into_iter().chain(bearer).collect();
        let headers = [
            ("authorization", carried(Carrier::Authorization).map(|it| format!("Bearer {it}"))),
            ("cookie", carried(Carrier::Cookie).map(|it| format!("a=b; roomcast_token={it}"))),
            ("sec-websocket-protocol", Some(protocols.join(", ")).filter(|it| !it.is_empty())),
            ("origin", self.origin.clone()),
            ("x-address", self.address.clone()),
            ("x-forwarded-for", self.claimed.clone()),
            ("x-continent", self.continent.clone()),
            // As every browser does.
            ("sec-websocket-extensions", Some("permessage-deflate".to_owned())),
        ];
        let path = format!("{}?{}", self.path, query.join("&"));
        let request = format!("{}{path}", self.server).into_client_request();
        let mut request = request.expect("an address");
        for (name, value) in headers.into_iter().filter_map(|(name, it)| Some((name, it?))) {
            let value = HeaderValue::from_str(&value).expect("a header");
            request.headers_mut().insert(name, value);
        }
        request
    }
}

impl Declined {
    fn new(response: &Response) -> Self {
        let media_type = response.headers().get("content-type");
        let body = response.body().as_deref().unwrap_or_default();
        let retry = response.headers().get("retry-after");
        Self {
            retry_s: retry.map(|text| text.to_str().unwrap().parse().unwrap()),
            status: response.status().as_u16(),
            media_type: media_type.map_or("", |text| text.to_str().unwrap()).to_owned(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }
}
