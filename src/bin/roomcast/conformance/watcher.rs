//! A client of a session, as its frames come. It sends no ping by itself: a check takes seconds.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use roomcast::deployment::failure::root_cause;
use roomcast::protocol::ids::SessionId;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{connect_async, MaybeTlsStream, WebSocketStream};

use super::asking::{is_kind, kind, number, text, updates};
use super::subject::Subject;

const COMES_WITHIN: Duration = Duration::from_secs(10);
/// What comes at once has come by then.
const NOTHING_FOR: Duration = Duration::from_millis(700);

/// How a client connects.
#[derive(Default)]
pub(super) struct Opening<'a> {
    pub(super) token: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    /// The position from which it comes back.
    pub(super) resume: Option<&'a str>,
    /// Whether it names no subprotocol.
    pub(super) plain: bool,
}

/// What became of an attempt to connect.
pub(super) enum Opened {
    /// It was let in, and greeted with this frame.
    Greeted(Box<Watcher>, Value),
    /// It was closed before anything else.
    Closed(u16, String),
    /// The upgrade was refused, with this status. The rest of the answer may not have arrived.
    Refused(u16),
}

/// A client that was let in.
pub(super) struct Watcher {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

enum Came {
    Frame(Value),
    Closed(u16, String),
}

impl Subject {
    /// Tries to connect to a session.
    pub(super) async fn open(
        &self,
        session: &SessionId,
        opening: &Opening<'_>,
    ) -> Result<Opened, String> {
        let mut url = self.endpoint.live(session, None);
        if let Some(position) = opening.resume {
            url.query_pairs_mut().append_pair("resume", position);
        }
        let request = url.as_str().into_client_request();
        let mut request = request.map_err(|error| error.to_string())?;
        for (name, value) in opening.headers() {
            let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
            request.headers_mut().insert(name, value);
        }
        let socket = match timeout(COMES_WITHIN, connect_async(request)).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(Error::Http(answer))) => return Ok(Opened::Refused(answer.status().as_u16())),
            Ok(Err(error)) => return Err(format!("no connection: {}", root_cause(&error))),
            Err(_) => return Err("no connection: the upgrade was not answered in time".to_owned()),
        };
        let mut watcher = Watcher { socket };
        Ok(match watcher.next().await? {
            Came::Frame(frame) => Opened::Greeted(Box::new(watcher), frame),
            Came::Closed(code, reason) => Opened::Closed(code, reason),
        })
    }

    /// Connects to a session, and is greeted.
    pub(super) async fn watch(
        &self,
        session: &SessionId,
        resume: Option<&str>,
    ) -> Result<(Watcher, Value), String> {
        let token = self.token(session)?;
        let opening = Opening { token: Some(&token), resume, ..Opening::default() };
        let (watcher, greeting) = self.open(session, &opening).await?.greeted()?;
        is_kind(&greeting, "connected")?;
        Ok((watcher, greeting))
    }
}

impl Opening<'_> {
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        match (self.plain, self.token) {
            (false, Some(token)) => {
                let offer = format!("roomcast.v1, roomcast.bearer.{token}");
                headers.push(("sec-websocket-protocol", offer));
            }
            (false, None) => headers.push(("sec-websocket-protocol", "roomcast.v1".to_owned())),
            (true, Some(token)) => headers.push(("authorization", format!("Bearer {token}"))),
            (true, None) => {}
        }
        headers.extend(self.origin.map(|origin| ("origin", origin.to_owned())));
        headers
    }
}

impl Opened {
    /// The client, if it was let in.
    pub(super) fn greeted(self) -> Result<(Watcher, Value), String> {
        match self {
            Self::Greeted(watcher, greeting) => Ok((*watcher, greeting)),
            Self::Closed(code, reason) => {
                Err(format!("the connection was closed with {code} {reason}"))
            }
            Self::Refused(status) => Err(format!("the upgrade was refused with {status}")),
        }
    }

    /// The code and reason with which the client was closed.
    pub(super) fn closed(self) -> Result<(u16, String), String> {
        match self {
            Self::Closed(code, reason) => Ok((code, reason)),
            Self::Greeted(_, frame) => {
                Err(format!("the client was let in, and got `{}`", kind(&frame)))
            }
            Self::Refused(status) => Err(format!("the upgrade was refused with {status}")),
        }
    }
}

impl Watcher {
    /// Sends a text.
    pub(super) async fn send(&mut self, text: &str) -> Result<(), String> {
        let sent = self.socket.send(Message::text(text)).await;
        sent.map_err(|error| format!("nothing can be sent: {}", root_cause(&error)))
    }

    async fn next(&mut self) -> Result<Came, String> {
        loop {
            let came = timeout(COMES_WITHIN, self.socket.next()).await;
            match came.map_err(|_| "no frame came in time".to_owned())? {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text);
                    return frame
                        .map(Came::Frame)
                        .map_err(|error| format!("a frame is not JSON: {error}"));
                }
                Some(Ok(Message::Close(close))) => {
                    let close = close.map(|close| (close.code.into(), close.reason.to_string()));
                    let (code, reason) = close.unwrap_or((1005, String::new()));
                    return Ok(Came::Closed(code, reason));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return Err(format!("the connection broke: {}", root_cause(&error)))
                }
                None => return Err("the connection ended without a close".to_owned()),
            }
        }
    }

    /// The next frame.
    pub(super) async fn frame(&mut self) -> Result<Value, String> {
        match self.next().await? {
            Came::Frame(frame) => Ok(frame),
            Came::Closed(code, reason) => {
                Err(format!("the connection was closed with {code} {reason}"))
            }
        }
    }

    /// So many updates, however they are spread over frames.
    pub(super) async fn updates(&mut self, many: usize) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        while all.len() < many {
            all.extend(updates(&self.frame().await?)?);
        }
        Ok(all)
    }

    /// Nothing more comes for a while.
    pub(super) async fn is_quiet(&mut self) -> Result<(), String> {
        match timeout(NOTHING_FOR, self.frame()).await {
            Err(_) => Ok(()),
            Ok(Ok(frame)) => Err(format!("a frame `{}` came where none should", kind(&frame))),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Waits until it is closed.
    pub(super) async fn closed(&mut self) -> Result<(u16, String), String> {
        match self.next().await? {
            Came::Closed(code, reason) => Ok((code, reason)),
            Came::Frame(frame) => Err(format!("a frame `{}` came, not a close", kind(&frame))),
        }
    }
}

/// The position that a greeting names.
pub(super) fn position(greeting: &Value) -> Result<String, String> {
    Ok(format!("{}:{}", text(greeting, "epoch")?, number(greeting, "seq")?))
}
