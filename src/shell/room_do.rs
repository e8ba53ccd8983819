//! The Durable Object of a room: one event of the platform becomes one turn of the room.
//!
//! Only the front Worker calls it, with requests that it has verified; [`crate::hop`] has their form. A room that fails
//! answers 503, and is restored from storage at the next event.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt as _;
use worker::{
    durable_object, DurableObject, Env, Method, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair,
};

use super::answer;
use super::attachment::{owner, Owner};
use super::environment::now;
use super::headers::header;
use super::room_host::{set_heartbeat, Requested, RoomHost};
use crate::dialect::{Received, ROOMCAST};
use crate::hop::delivery::{Charge, Delivered, NotADelivery};
use crate::hop::engine::{self, Knock};
use crate::hop::join::{Join, HEADER};
use crate::hop::reading::{self, Reading};
use crate::hop::revocation::Revoked;
use crate::hop::seat::{Attempted, Reserve};
use crate::hop::tenant::Ruled;
use crate::hop::{
    self, delivery, COMPANY, END, ENGINE, FEED, HUNGER, LIVE, LOG, PLACE, PRESENT, REPORT, RESERVE,
    REVOKE, RULE, STATE, UPDATES,
};
use crate::protocol::codes::{close_answer, ABNORMAL, NO_CODE, PROTOCOL_ERROR};
use crate::protocol::cost::Cost;
use crate::protocol::dialect::Dialect;
use crate::protocol::etag;
use crate::protocol::json;
use crate::quota::rate::Window;
use crate::room::view::View;
use crate::room::{Entry, Input};
use crate::runner::RoomFailed;

/// Milliseconds in which the events of a room are counted, if it has a limit.
const SECOND_MS: u64 = 1_000;

/// The Durable Object `tenant/session`.
#[durable_object]
pub struct Room {
    host: Rc<RoomHost>,
    /// The events of the last second, if the room has a limit.
    events: RefCell<Window>,
}

impl DurableObject for Room {
    fn new(state: State, env: Env) -> Self {
        // A room with clients of Socket.IO has theirs, and keeps it.
        if state.get_websocket_auto_response().is_none() {
            set_heartbeat(&state, ROOMCAST);
        }
        let host = Rc::new(RoomHost::new(state, env));
        Self { host, events: RefCell::new(Window::new(SECOND_MS)) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let answer = match (request.method(), path.as_str()) {
            (Method::Get, LIVE) => self.join(&request).await,
            (_, UPDATES) => {
                let short = header(request.inner(), delivery::HEADER);
                match short.map(|value| delivery::from_header(&value)) {
                    None => self.publish(&request.bytes().await?).await,
                    Some(Ok(body)) => self.publish(&body).await,
                    Some(Err(NotADelivery)) => return Response::error("not a delivery", 400),
                }
            }
            // Boxed, so that V8 does not compile it with the two above, while clients wait.
            _ => return self.fetch_other(request).boxed_local().await,
        };
        answer.unwrap_or_else(|RoomFailed| Response::error("room failed", 503))
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        let client = match owner(&socket) {
            Owner::Client(client) => client,
            Owner::Session(sid) => {
                self.host.hear_session(&sid, &socket, message).await;
                return Ok(());
            }
            Owner::Probe(sid) => {
                self.host.hear_probe(&sid, &socket, message).await;
                return Ok(());
            }
            Owner::Nobody => return Ok(()),
        };
        let frame = match &message {
            WebSocketIncomingMessage::String(text) => Received::Text(text),
            WebSocketIncomingMessage::Binary(bytes) => Received::Binary(bytes.len()),
        };
        // The failure is in the log, and nobody waits for the result.
        let (Ok(()) | Err(RoomFailed)) = self.host.hear(&client, frame).await;
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        was_clean: bool,
    ) -> Result<()> {
        let received = u16::try_from(code).unwrap_or(NO_CODE);
        // A client that sends this code itself has not lost its connection.
        let pretends = was_clean && received == ABNORMAL;
        let code = if pretends { PROTOCOL_ERROR } else { received };
        self.left(&socket, code).await;
        answer_close(&socket, received);
        Ok(())
    }

    /// The client broke the WebSocket protocol. A lost connection is reported as a close.
    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        self.left(&socket, PROTOCOL_ERROR).await;
        answer_close(&socket, PROTOCOL_ERROR);
        Ok(())
    }

    /// If this fails, the runtime repeats the alarm.
    async fn alarm(&self) -> Result<Response> {
        self.host.wake().await?;
        Response::empty()
    }
}

/// Answers a close frame. With the hibernation API the object has to do so (the runtime's automatic answer,
/// compatibility date 2026-04-07, is for other sockets). An error means that the frame was answered already.
fn answer_close(socket: &WebSocket, code: u16) {
    let _ = socket.close(Some(close_answer(code)), Some(""));
}

impl Room {
    /// The requests that are neither a client that joins nor a delivery.
    async fn fetch_other(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let answer = match (request.method(), path.as_str()) {
            (_, ENGINE) => self.engine(&mut request).await,
            (Method::Get, STATE | LOG) => self.read(&request).await,
            (Method::Post, RULE) => {
                let begun = self.host.follow(serde_json::from_str(&request.text().await?)?).await;
                begun.map(|begun| Response::from_json(&Ruled { begun }))
            }
            (Method::Post, REPORT) => {
                let report = self.host.survey();
                report.map(|report| answer::typed(200, "application/json", report))
            }
            (Method::Post, REVOKE) => self.revoke(&request.bytes().await?).await,
            (Method::Post, PRESENT) => self.present(&request.bytes().await?),
            (Method::Post, PLACE | HUNGER | FEED | COMPANY) => {
                self.host.answer_tree(&path, &request.text().await?).await
            }
            (Method::Post, END) => {
                self.host.abolish().await.map(|()| Ok(Response::empty()?.with_status(204)))
            }
            (Method::Post, RESERVE) => {
                let Reserve { events, limit } = serde_json::from_str(&request.text().await?)?;
                let retry_ms = self.charge(Charge { events, limit });
                return Response::from_json(&Attempted { retry_ms });
            }
            _ => return Response::error("not found", 404),
        };
        answer.unwrap_or_else(|RoomFailed| Response::error("room failed", 503))
    }

    /// Tells the room that a connection has ended. A failure is in the log, and nobody waits for the result.
    async fn left(&self, socket: &WebSocket, code: u16) {
        match owner(socket) {
            Owner::Client(client) => {
                let input = Input::Disconnected { client: &client, code };
                let (Ok(()) | Err(RoomFailed)) = self.host.turn(input).await;
            }
            Owner::Session(sid) => self.host.lose_session(&sid, code).await,
            Owner::Probe(sid) => self.host.lose_probe(&sid),
            Owner::Nobody => {}
        }
    }

    /// A request of Engine.IO.
    async fn engine(&self, request: &mut Request) -> Result<Result<Response>, RoomFailed> {
        let knock = header(request.inner(), engine::HEADER).and_then(|text| Knock::decode(&text));
        let Some(knock) = knock else { return Ok(Response::error("not found", 404)) };
        let is_upgrade = header(request.inner(), "upgrade").is_some();
        let post = match request.method() {
            Method::Post => Some(request.text().await.map_err(|_| RoomFailed)?),
            _ => None,
        };
        self.host.engine(Requested { knock, is_upgrade, post }).await
    }

    async fn join(&self, request: &Request) -> Result<Result<Response>, RoomFailed> {
        let header = request.headers().get(HEADER).ok().flatten();
        let Some(join) = header.and_then(|text| Join::decode(&text)) else {
            return Ok(Response::error("not found", 404));
        };
        if let Some(barred) = self.host.bars(&join.client, (&join.grant, &join.leases))? {
            return Ok(Response::error("cannot join any more", hop::barred(barred)));
        }
        self.host.hear_watched(join.watched);
        let (address, company) = (join.address(), join.company);
        let position = join.resume();
        let (dialect, resumed) = (join.dialect, position.is_some());
        let (resume, name) = (dialect.resume(position), dialect.name());
        let speaks_v1 = dialect == Dialect::V1;
        let (topics, permissions) = (join.topics, join.grant.permissions.clone());
        // The frames of other dialects are texts.
        let (pace_ms, deflate) = (join.pace_ms, join.deflate && speaks_v1);
        let view = View { topics, permissions, pace_ms, deflate, ..View::of_all(dialect) };
        let entry = Entry { capacity: join.capacity, above: join.above };
        let door = self.host.admit_up_to_date(view.of(&join.grant.user), (&resume, entry)).await?;
        if let Some(status) = hop::refusal(door) {
            return Ok(Response::error("no room", status));
        }
        // A relay that has asked its parent may have said meanwhile that it is absent.
        if let Some(barred) = self.host.bars(&join.client, (&join.grant, &join.leases))? {
            return Ok(Response::error("cannot join any more", hop::barred(barred)));
        }
        let WebSocketPair { client, server } = WebSocketPair::new().map_err(|_| RoomFailed)?;
        let accepted = self.host.sockets().accept(self.host.state(), server, &join.client);
        accepted.map_err(|_| RoomFailed)?;
        let (id, user) = (join.client.clone(), join.grant.user.clone());
        let (client_id, grant, resume_topics) = (join.client, join.grant, join.resume_topics);
        let input = Input::Connected {
            client: client_id,
            grant,
            view,
            company,
            resume,
            resume_topics,
            address,
        };
        self.host.turn(input).await?;
        self.host.record_join(&id, &user, name, resumed);
        Ok(answer::upgraded(client, speaks_v1))
    }

    async fn publish(&self, body: &[u8]) -> Result<Result<Response>, RoomFailed> {
        let (charge, body) = delivery::charge(body).map_err(|_| RoomFailed)?;
        let retry_ms = charge.and_then(|charge| self.charge(charge));
        if retry_ms.is_some() {
            let (outcomes, cost) = (Vec::new(), Cost::default());
            return Ok(delivered_response(&Delivered { outcomes, cost, retry_ms }));
        }
        let (docket, updates) = delivery::decode(body).map_err(|_| RoomFailed)?;
        self.host.hear_watched(docket.watched);
        let delivered = self.host.publish(docket, updates).await?;
        Ok(delivered_response(&delivered))
    }

    async fn revoke(&self, body: &[u8]) -> Result<Result<Response>, RoomFailed> {
        let Ok(revocation) = json::read(body) else {
            return Ok(Response::error("not a revocation", 400));
        };
        let closed = self.host.revoke(revocation).await?;
        Ok(answer::json(200, &Revoked { closed }))
    }

    fn present(&self, body: &[u8]) -> Result<Result<Response>, RoomFailed> {
        let Ok(asked) = json::read(body) else {
            return Ok(Response::error("not a roll call", 400));
        };
        Ok(answer::json(200, &self.host.present(asked)?))
    }

    /// Counts events, if there is room for them; else says after how many milliseconds there is.
    fn charge(&self, charge: Charge) -> Option<u64> {
        let mut events = self.events.borrow_mut();
        events.take(charge.events, charge.limit.into(), now()).err().map(|over| over.retry_ms)
    }

    async fn read(&self, request: &Request) -> Result<Result<Response>, RoomFailed> {
        let header = request.headers().get(reading::HEADER).ok().flatten();
        let Some(reading) = header.and_then(|text| Reading::decode(&text)) else {
            return Ok(Response::error("not found", 404));
        };
        let known = request.headers().get("if-none-match").ok().flatten();
        if reading.presence {
            let (tag, text) = self.host.who_is_here().await?;
            return Ok(state_response(&tag, known.as_deref(), Some(text)));
        }
        let Reading { user, topics, permissions, latest, page, .. } = reading;
        let view = View { topics, permissions, ..View::of_all(Dialect::V1) };
        let viewer = view.of(&user);
        if let Some(range) = page {
            let page = self.host.page(viewer, range)?;
            return Ok(answer::typed(200, "application/json", page));
        }
        let (tag, text) = match latest {
            None => self.host.read(viewer).map(|(tag, frame)| (tag, Some(frame)))?,
            Some(kind) => self.host.latest(viewer, &kind)?,
        };
        Ok(state_response(&tag, known.as_deref(), text))
    }
}

fn delivered_response(delivered: &Delivered) -> Result<Response> {
    let mut response = Response::empty()?;
    response.headers_mut().set(delivery::HEADER, &serde_json::to_string(delivered)?)?;
    Ok(response)
}

fn state_response(tag: &str, known: Option<&str>, text: Option<String>) -> Result<Response> {
    let mut response = match text {
        _ if known.is_some_and(|known| etag::matches(known, tag)) => {
            Response::empty()?.with_status(304)
        }
        Some(text) => answer::typed(200, "application/json", text)?,
        None => Response::empty()?.with_status(204),
    };
    response.headers_mut().set("etag", tag)?;
    Ok(response)
}
