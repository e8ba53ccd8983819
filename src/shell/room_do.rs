//! The Durable Object of a room: one event of the platform becomes one turn of the room.
//!
//! Reached only by the front Worker, which has verified what it sends:
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /live` with the header `roomcast-join` | 101, or 429 when the room is full |
//! | `POST /updates` with a delivery | 200 with the outcomes, when they are durable |
//! | `GET /state` | 200, or 304 when `If-None-Match` names the head |
//!
//! A room that fails answers 503 and is restored from storage at the next event.

use std::rc::Rc;
use std::time::Duration;

use worker::{
    durable_object, DurableObject, Env, Method, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair,
};

use super::answer;
use super::environment::now;
use super::objects::FULL;
use super::room_host::{Alarm, RoomFailed, RoomHost};
use super::sockets::client_of;
use crate::protocol::codes::{close_answer, NO_CODE};
use crate::protocol::join::{Join, HEADER};
use crate::protocol::server_frame::{Dialect, PING, PONG};
use crate::room::{delivery, Input, Received};

/// The Durable Object `tenant/session`.
#[durable_object]
pub struct Room {
    host: Rc<RoomHost>,
}

impl DurableObject for Room {
    fn new(state: State, _env: Env) -> Self {
        if let Ok(pair) = WebSocketRequestResponsePair::new(PING, PONG) {
            state.set_websocket_auto_response(&pair);
        }
        Self { host: Rc::new(RoomHost::new(state)) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let answer = match (request.method(), path.as_str()) {
            (Method::Get, "/live") => self.join(&request).await,
            (Method::Post, "/updates") => {
                let body = request.bytes().await?;
                self.publish(&body).await
            }
            (Method::Get, "/state") => self.read(&request),
            _ => return Response::error("not found", 404),
        };
        answer.unwrap_or_else(|RoomFailed| Response::error("room failed", 503))
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        let Some(client) = client_of(&socket) else {
            return Ok(());
        };
        let frame = match &message {
            WebSocketIncomingMessage::String(text) => Received::Text(text),
            WebSocketIncomingMessage::Binary(bytes) => Received::Binary(bytes.len()),
        };
        self.turn(Input::Frame { client: &client, frame }).await
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        let code = u16::try_from(code).unwrap_or(NO_CODE);
        let left = match client_of(&socket) {
            Some(client) => self.turn(Input::Disconnected { client: &client, code }).await,
            None => Ok(()),
        };
        answer_close(&socket, code);
        left
    }

    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        match client_of(&socket) {
            Some(client) => {
                self.turn(Input::Disconnected { client: &client, code: ABNORMAL }).await
            }
            None => Ok(()),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        // The sessions have to be in memory before their connections can be asked.
        if self.host.with_room(|_| ()).is_ok() {
            let pinged = self.host.sockets().pinged(self.host.state());
            self.turn(Input::Woken { pinged }).await?;
        }
        Response::empty()
    }
}

/// What the platform reports when there was no close frame.
const ABNORMAL: u16 = 1006;

/// The hibernation API leaves answering a close frame to the object (the runtime's automatic
/// answer, compatibility date 2026-04-07, is for other sockets). An error means that it has been answered
/// already.
fn answer_close(socket: &WebSocket, code: u16) {
    let _ = socket.close(Some(close_answer(code)), Some(""));
}

impl Room {
    async fn turn(&self, input: Input<'_>) -> Result<()> {
        // A failure has been written down, and nobody waits for this event's outcome.
        match self.host.turn(input) {
            Ok(alarm) => self.arm(alarm).await,
            Err(RoomFailed) => Ok(()),
        }
    }

    async fn arm(&self, alarm: Alarm) -> Result<()> {
        let storage = self.host.state().storage();
        match alarm {
            Alarm::Keep => Ok(()),
            Alarm::Set(at) => storage.set_alarm(Duration::from_millis(at.ms_since(now()))).await,
            Alarm::Clear => storage.delete_alarm().await,
        }
    }

    async fn join(&self, request: &Request) -> Result<Result<Response>, RoomFailed> {
        let header = request.headers().get(HEADER).ok().flatten();
        let Some(join) = header.and_then(|text| Join::decode(&text)) else {
            return Ok(Response::error("not found", 404));
        };
        if self.host.with_room(|room| room.is_full())? {
            return Ok(Response::error("full", FULL));
        }
        let WebSocketPair { client, server } = WebSocketPair::new().map_err(|_| RoomFailed)?;
        let (dialect, resume) = (join.dialect, join.resume());
        let accepted = self.host.sockets().accept(self.host.state(), server, &join.client);
        accepted.map_err(|_| RoomFailed)?;
        let (id, user, resumed) = (join.client.clone(), join.grant.user.clone(), resume.is_some());
        let input = Input::Connected { client: join.client, grant: join.grant, dialect, resume };
        let alarm = self.host.turn(input)?;
        self.host.record_join(&id, &user, dialect, resumed);
        self.arm(alarm).await.map_err(|_| RoomFailed)?;
        Ok(answer::upgraded(client, dialect == Dialect::V1))
    }

    async fn publish(&self, body: &[u8]) -> Result<Result<Response>, RoomFailed> {
        let updates = delivery::decode(body).map_err(|_| RoomFailed)?;
        let delivered = self.host.publish(updates).await?;
        Ok(answer::json(200, &delivered))
    }

    fn read(&self, request: &Request) -> Result<Result<Response>, RoomFailed> {
        let read = |room: &mut crate::room::Room| (room.state(), room.head());
        let ((effects, frame), head) = self.host.with_room(read)?;
        self.host.run(effects)?;
        let tag = format!("\"{head}\"");
        let known = request.headers().get("if-none-match").ok().flatten();
        Ok(state_response(&tag, known.as_deref(), &frame))
    }
}

fn state_response(tag: &str, known: Option<&str>, frame: &str) -> Result<Response> {
    let matches =
        |list: &str| list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if known.is_some_and(matches) {
        Response::empty()?.with_status(304)
    } else {
        answer::typed(200, "application/json", frame.to_owned())?
    };
    response.headers_mut().set("etag", tag)?;
    response.headers_mut().set("cache-control", "no-cache")?;
    Ok(response)
}
