//! Socket.IO in a room: requests of Engine.IO, and what the packets of its sessions ask for.
//!
//! What a packet means is decided in [`crate::dialect::socketio`]; who may join, by the tenant, the seats and the room.

use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{select, Either};
use serde_json::{Map, Value};
use worker::{
    Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    WebSocketRequestResponsePair,
};

use super::RoomHost;
use crate::dialect::socketio::engine::Malformed;
use crate::dialect::socketio::packet;
use crate::dialect::socketio::poll::Polled;
use crate::dialect::socketio::refusal::{connect_error, passes, BadRequest, Wait};
use crate::dialect::socketio::session::Act;
use crate::dialect::{Heartbeat, ENGINE};
use crate::hop::engine::{sid_at, Handshake, Knock};
use crate::limits::GUESTS;
use crate::protocol::codes::{Refusal, ABNORMAL, NORMAL};
use crate::protocol::ids::ClientId;
use crate::room::Input;
use crate::runner::RoomFailed;
use crate::shell::answer;
use crate::shell::environment::{now, sid};
use crate::shell::record::{write, Line};
use crate::shell::sockets::Sockets;
use crate::shell::timer::Timer;

/// The media type of polls.
const TEXT: &str = "text/plain; charset=UTF-8";

/// The answer to a post.
const OK: &str = "ok";

/// A request of Engine.IO: what it belongs to, whether it is an upgrade, and its body if it is a post.
pub(in crate::shell) struct Requested {
    pub(in crate::shell) knock: Knock,
    pub(in crate::shell) is_upgrade: bool,
    pub(in crate::shell) post: Option<String>,
}

impl RoomHost {
    /// Answers a request.
    pub(in crate::shell) async fn engine(
        self: &Rc<Self>,
        requested: Requested,
    ) -> std::result::Result<Result<Response>, RoomFailed> {
        self.restored()?;
        let Requested { knock, is_upgrade, post } = requested;
        let answer = match (knock, is_upgrade, post) {
            (Knock::Open(handshake), _, None) => self.open(*handshake, is_upgrade),
            (Knock::Of(sid), true, _) => self.probe(&sid),
            (Knock::Of(sid), false, Some(text)) => self.post(&sid, &text).await,
            (Knock::Of(sid), false, None) => self.poll(&sid).await,
            (Knock::Open(_), ..) => refuse(BadRequest::BadMethod),
        };
        self.settle().await;
        Ok(answer)
    }

    /// Restores the room if it is not in memory, because its sessions are restored with it.
    fn restored(self: &Rc<Self>) -> std::result::Result<(), RoomFailed> {
        self.runner.borrow_mut().restored(&mut self.clone())
    }

    fn open(self: &Rc<Self>, handshake: Handshake, is_upgrade: bool) -> Result<Response> {
        if let Some(status) = self.sends_on(&handshake) {
            return Response::error("another object of the room", status);
        }
        let sessions = self.sockets.sessions();
        if sessions.guests() >= GUESTS {
            return Response::error("too many clients that have not connected", 503);
        }
        if handshake.form.form().rests() {
            set_heartbeat(&self.state, ENGINE);
        }
        let sid = sid_at(self.relay(), &sid()?);
        if !is_upgrade {
            let opening = sessions.open(&sid, handshake, None, now());
            return answer::typed(200, TEXT, opening);
        }
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        Sockets::accept_for_session(&self.state, &server)?;
        let opening = sessions.open(&sid, handshake, Some(server.clone()), now());
        server.send_with_str(opening)?;
        answer::upgraded(client, false)
    }

    fn probe(self: &Rc<Self>, sid: &str) -> Result<Response> {
        let sessions = self.sockets.sessions();
        let Some(is_allowed) = sessions.with(sid, |held| held.session.probe(now())) else {
            return refuse(BadRequest::UnknownSession);
        };
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        if !is_allowed {
            // The session has a WebSocket. The client hears of that by a close, as with other servers.
            server.accept()?;
            server.close(Some(NORMAL), Some(""))?;
            return answer::upgraded(client, false);
        }
        Sockets::accept_for_session(&self.state, &server)?;
        Sockets::mark_probe(&server, sid)?;
        sessions.with(sid, |held| held.hold_probe(server));
        answer::upgraded(client, false)
    }

    async fn post(self: &Rc<Self>, sid: &str, text: &str) -> Result<Response> {
        let sessions = self.sockets.sessions();
        match sessions.with(sid, |held| held.session.receive_post(text, now())) {
            None => refuse(BadRequest::UnknownSession),
            Some(Ok(acts)) => {
                self.perform_acts(sid, acts).await;
                answer::typed(200, "text/html", OK.to_owned())
            }
            Some(Err(Malformed)) => {
                let has_socket = sessions.with(sid, |held| held.session.has_socket());
                if has_socket == Some(false) {
                    self.end_session(sid, NORMAL).await;
                }
                refuse(BadRequest::Other)
            }
        }
    }

    async fn poll(self: &Rc<Self>, sid: &str) -> Result<Response> {
        self.tick().await;
        let sessions = self.sockets.sessions();
        let polled = sessions.with(sid, |held| match held.session.poll() {
            Polled::Later => Err(held.hold_poll()),
            other => Ok(other),
        });
        match polled {
            None => refuse(BadRequest::UnknownSession),
            Some(Ok(Polled::Now(text))) => answer::typed(200, TEXT, text),
            Some(Ok(Polled::Refused { first: None } | Polled::Later)) => refuse(BadRequest::Other),
            Some(Ok(Polled::Refused { first: Some(first) })) => {
                sessions.with(sid, |held| held.send(Act::Answer(first)));
                self.end_session(sid, NORMAL).await;
                refuse(BadRequest::Other)
            }
            Some(Err(answer)) => {
                self.wind();
                match answer.await {
                    Ok(text) => answer::typed(200, TEXT, text),
                    // The session has ended, or the room has failed.
                    Err(oneshot::Canceled) => refuse(BadRequest::UnknownSession),
                }
            }
        }
    }

    /// A message arrived over the WebSocket of a session.
    pub(in crate::shell) async fn hear_session(
        self: &Rc<Self>,
        sid: &str,
        socket: &WebSocket,
        message: WebSocketIncomingMessage,
    ) {
        if self.restored().is_err() {
            return;
        }
        let acts = self.sockets.sessions().with(sid, |held| match message {
            WebSocketIncomingMessage::String(text) => held.session.receive(&text, now()),
            WebSocketIncomingMessage::Binary(bytes) => held.session.receive_binary(bytes, now()),
        });
        match acts {
            Some(acts) => self.perform_acts(sid, acts).await,
            // It has ended. An error means that its connection has, too.
            None => drop(socket.close(Some(NORMAL), Some(""))),
        }
        self.settle().await;
    }

    /// A message arrived over a WebSocket to which a session wants to go over.
    pub(in crate::shell) async fn hear_probe(
        self: &Rc<Self>,
        sid: &str,
        socket: &WebSocket,
        message: WebSocketIncomingMessage,
    ) {
        let text = match &message {
            WebSocketIncomingMessage::String(text) => text,
            WebSocketIncomingMessage::Binary(_) => "",
        };
        let acts =
            self.sockets.sessions().with(sid, |held| held.session.receive_probe(text, now()));
        match acts {
            Some(acts) => self.perform_acts(sid, acts).await,
            None => drop(socket.close(Some(NORMAL), Some(""))),
        }
        self.settle().await;
    }

    /// The WebSocket of a session has ended.
    pub(in crate::shell) async fn lose_session(self: &Rc<Self>, sid: &str, code: u16) {
        if self.restored().is_ok() {
            self.end_session(sid, code).await;
            self.settle().await;
        }
    }

    /// A WebSocket to which a session wanted to go over has ended. Its session goes on by polling.
    pub(in crate::shell) fn lose_probe(&self, sid: &str) {
        self.sockets.sessions().with(sid, |held| held.session.lose_probe());
    }

    /// Does what a session asks for.
    async fn perform_acts(self: &Rc<Self>, sid: &str, acts: Vec<Act>) {
        for act in acts {
            let left = self.sockets.sessions().with(sid, |held| held.send(act)).flatten();
            let turned = match left {
                Some(Act::Adopt) => {
                    self.sockets.adopt(sid);
                    Ok(())
                }
                Some(Act::Connect { namespace, auth }) => {
                    self.connect_later(sid, namespace, auth);
                    Ok(())
                }
                Some(Act::Said { client, said }) => self.say(&client, said).await,
                Some(Act::Leave { client }) => {
                    self.turn(Input::Disconnected { client: &client, code: NORMAL }).await
                }
                Some(Act::Close) => {
                    self.end_session(sid, NORMAL).await;
                    return;
                }
                Some(Act::GaveUp { client, seq, attempts }) => {
                    write(&Line::Unacknowledged {
                        room: &self.name(),
                        client: &client,
                        seq,
                        attempts,
                    });
                    Ok(())
                }
                // It was sent.
                Some(_) | None => Ok(()),
            };
            if turned.is_err() {
                // The failure is in the log, and all connections are closed.
                return;
            }
        }
    }

    fn connect_later(self: &Rc<Self>, sid: &str, namespace: String, auth: Map<String, Value>) {
        let (host, sid) = (self.clone(), sid.to_owned());
        self.state.wait_until(async move {
            host.connect(&sid, namespace, auth).await;
            host.settle().await;
        });
    }

    /// Tells a client that it cannot connect; or ends its session, so that it tries again by itself.
    pub(super) async fn refuse_client(
        self: &Rc<Self>,
        sid: &str,
        namespace: &str,
        (refusal, wait): (Refusal, Wait),
    ) {
        if passes(refusal) {
            self.end_session(sid, ABNORMAL).await;
            return;
        }
        let error = connect_error(refusal, wait);
        let sessions = self.sockets.sessions();
        sessions.send(sid, &packet::refused(namespace, &error));
        let goes_on = sessions.with(sid, |held| held.session.refuse(namespace, now()));
        if goes_on == Some(false) {
            sessions.doom(sid);
        }
    }

    /// Ends a session, and tells the room that its members have left.
    async fn end_session(self: &Rc<Self>, sid: &str, code: u16) {
        for client in self.sockets.sessions().end(sid) {
            // A failure is in the log.
            let (Ok(()) | Err(RoomFailed)) =
                self.turn(Input::Disconnected { client: &client, code }).await;
        }
    }

    /// Ends the sessions that the last turns have doomed, and minds the next time at which one has something to do.
    pub(super) async fn settle(self: &Rc<Self>) {
        for sid in self.sockets.sessions().take_doomed() {
            self.end_session(&sid, NORMAL).await;
        }
        self.wind();
    }

    async fn tick(self: &Rc<Self>) {
        for (sid, acts) in self.sockets.sessions().tick(now()) {
            self.perform_acts(&sid, acts).await;
        }
        for sid in self.sockets.sessions().take_doomed() {
            self.end_session(&sid, NORMAL).await;
        }
    }

    /// Waits for the next time at which a session has something to do, if there is one. The room stays in memory meanwhile, which is
    /// so while clients poll or have not connected yet.
    pub(super) fn wind(self: &Rc<Self>) {
        if let Some(changed) = self.winding.borrow_mut().take() {
            // If the wait has just ended, it looks by itself.
            let _ = changed.send(());
            return;
        }
        if self.is_winding.get() || self.sockets.sessions().next_due().is_none() {
            return;
        }
        self.is_winding.set(true);
        let host = self.clone();
        self.state.wait_until(async move {
            while let Some(due) = host.sockets.sessions().next_due() {
                let (sender, changed) = oneshot::channel();
                *host.winding.borrow_mut() = Some(sender);
                let timer = Timer::new(Duration::from_millis(due.ms_since(now())));
                let woken = select(changed, Box::pin(timer.over())).await;
                let is_due = matches!(woken, Either::Right(_));
                host.winding.borrow_mut().take();
                if is_due {
                    host.tick().await;
                }
            }
            host.is_winding.set(false);
        });
    }

    /// Welcomes a client, where the document wants that. Its token is its own secret.
    pub(super) fn greet(
        &self,
        client: &ClientId,
        handshake: &Handshake,
        namespace: &str,
        mut auth: Map<String, Value>,
    ) {
        for secret in [handshake.form.form().token_name(), "pid", "offset"] {
            auth.remove(secret);
        }
        let Some(name) = &handshake.form.form().welcome else { return };
        let text = packet::event_text(namespace, None, name, &Value::Object(auth).to_string());
        self.sockets.send(client, &text);
    }
}

/// The text that the runtime answers without waking the room. There can be one for all connections of an object.
pub(in crate::shell) fn set_heartbeat(state: &State, heartbeat: Heartbeat) {
    let Heartbeat { ping, pong } = heartbeat;
    let set = state.get_websocket_auto_response();
    if set.is_some_and(|pair| pair.request() == ping) {
        return;
    }
    if let Ok(pair) = WebSocketRequestResponsePair::new(ping, pong) {
        state.set_websocket_auto_response(&pair);
    }
}

fn refuse(bad: BadRequest) -> Result<Response> {
    answer::typed(bad.status(), "application/json", bad.body())
}
