//! A dashboard: it reads frames, and checks that nothing is missing or duplicated.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use roomcast::deployment::inflater::Inflater;
use serde_json::{json, Value};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::tracker::Tracker;
use super::WAIT;

/// The text that is answered without waking the room.
pub(crate) const PING: &str = r#"{"type":"ping"}"#;

/// The connection itself.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a connection ended: close code and reason, or 1006 and what the network said.
pub(crate) type Ended = (u16, String);

/// A dashboard that is connected.
#[derive(Debug)]
pub(crate) struct Client {
    socket: Socket,
    v1: bool,
    /// The subprotocol that the server chose.
    pub(crate) protocol: Option<String>,
    /// The first frame.
    pub(crate) hello: Value,
    /// What it has seen. For a plain client, which gets no positions, this is only its updates.
    pub(crate) seen: Tracker,
    /// How long it waits for a frame.
    pub(crate) patience: Duration,
    /// The first byte of each compressed frame, and its bytes.
    pub(crate) deflated: Vec<(u8, usize)>,
    inflater: Inflater,
}

impl Client {
    /// Reads the first frame of a connection that was made with the position of `known`.
    pub(crate) async fn greeted(
        socket: Socket,
        v1: bool,
        protocol: Option<String>,
        known: Tracker,
    ) -> Result<Self, Ended> {
        let (hello, seen, patience) = (Value::Null, known, WAIT);
        let (deflated, inflater) = (Vec::new(), Inflater::default());
        let mut client = Self { socket, v1, protocol, hello, seen, patience, deflated, inflater };
        client.hello = client.try_frame().await?;
        Ok(client)
    }

    /// The next frame, which has to continue what was seen.
    pub(crate) async fn next_frame(&mut self) -> Value {
        let frame = self.try_frame().await;
        frame.unwrap_or_else(|ended| panic!("{ended:?} after {}", self.seen.position()))
    }

    /// The next frame, unless the connection ends.
    pub(crate) async fn try_frame(&mut self) -> Result<Value, Ended> {
        loop {
            match self.message().await {
                Ok(Message::Text(text)) => return Ok(self.read(&text)),
                Ok(Message::Binary(bytes)) => {
                    self.deflated.push((bytes[0], bytes.len()));
                    let text = self.inflater.text(&bytes).expect("a compressed frame");
                    return Ok(self.read(&text));
                }
                Ok(Message::Close(Some(frame))) => {
                    return Err((frame.code.into(), frame.reason.to_string()))
                }
                Ok(Message::Close(None)) => return Err((1005, String::new())),
                Ok(_) => {}
                Err(why) => return Err((1006, why)),
            }
        }
    }

    fn read(&mut self, text: &str) -> Value {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        self.check(&frame);
        frame
    }

    async fn message(&mut self) -> Result<Message, String> {
        let message = timeout(self.patience, self.socket.next()).await;
        match message.unwrap_or_else(|_| panic!("nothing came after {}", self.seen.position())) {
            Some(message) => message.map_err(|error| error.to_string()),
            None => Err("the connection has ended".to_owned()),
        }
    }

    fn check(&mut self, frame: &Value) {
        if self.v1 {
            let taken = self.seen.take(frame);
            taken.unwrap_or_else(|wrong| panic!("{wrong}"));
        } else if frame["type"] == "dashboard.update" {
            self.seen.updates.push(frame.clone());
        }
    }

    /// Reads until `seq` has been seen. Returns the updates that came meanwhile.
    pub(crate) async fn updates_until(&mut self, seq: u64) -> Vec<Value> {
        let before = self.seen.updates.len();
        while self.seen.seq() < seq {
            self.next_frame().await;
        }
        self.seen.updates[before..].to_vec()
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a text frame.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Sends a binary frame.
    pub(crate) async fn send_binary(&mut self, bytes: usize) {
        self.send_message(Message::binary(vec![7; bytes])).await;
    }

    async fn send_message(&mut self, message: Message) {
        let sent = self.try_send(message).await;
        sent.unwrap_or_else(|ended| panic!("not sent: {ended:?}"));
    }

    /// Sends a text frame, unless the connection has ended.
    pub(crate) async fn try_send_text(&mut self, text: &str) -> Result<(), Ended> {
        self.try_send(Message::text(text)).await
    }

    async fn try_send(&mut self, message: Message) -> Result<(), Ended> {
        let sent = timeout(WAIT, self.socket.send(message)).await;
        sent.expect("a frame sent in time").map_err(|error| (1006, error.to_string()))
    }

    /// Pings, and reads up to the answer. Everything that was sent before the answer has then arrived.
    pub(crate) async fn ping(&mut self) {
        self.send_text(PING).await;
        while self.next_frame().await != json!({"type": "pong"}) {}
    }

    /// Waits for the server to close. No other frame may come before.
    pub(crate) async fn expect_close(&mut self) -> Ended {
        match self.try_frame().await {
            Ok(frame) => panic!("not closed, but sent {frame}"),
            Err(ended) => ended,
        }
    }

    /// Closes, and waits for the server's answer.
    pub(crate) async fn close(self, code: u16, reason: &str) -> Ended {
        let (code, reason) = (code.into(), reason.to_owned().into());
        self.close_with(Some(CloseFrame { code, reason })).await
    }

    /// Closes, with or without a code.
    pub(crate) async fn close_with(mut self, frame: Option<CloseFrame>) -> Ended {
        self.send_message(Message::Close(frame)).await;
        self.expect_close().await
    }
}
