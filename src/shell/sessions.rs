//! The sessions of Socket.IO in a room: their WebSockets, the polls that are held for them, and what is kept with them.
//!
//! Does what [`crate::dialect::socketio::session`] asks for as far as it is sending; `room_host/engine.rs` does the rest. A session
//! with a WebSocket is kept in the connection's attachment, as members are. One that polls is in memory only: its client polls
//! all the time, so the room stays there too.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::oneshot;
use serde::{Deserialize, Serialize};
use worker::WebSocket;

use crate::dialect::socketio::engine::Sent;
use crate::dialect::socketio::session::{Act, Session};
use crate::hop::engine::Handshake;
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::latin1::narrow;
use crate::protocol::socket_io::SocketIo;
use crate::protocol::time::Timestamp;
use crate::room::member::Member;

/// Milliseconds between two pings that the room sends on its own account, at least.
const BEAT_EVERY_MS: u64 = 1_000;

/// What is kept with the WebSocket of a session.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) sid: String,
    handshake: Handshake,
    /// The namespace of each member.
    members: Vec<(String, ClientId, Member)>,
}

/// A session, and what it is connected by.
pub(super) struct Held {
    pub(super) session: Session,
    pub(super) handshake: Handshake,
    socket: Option<WebSocket>,
    probe: Option<WebSocket>,
    poll: Option<oneshot::Sender<String>>,
    members: HashMap<ClientId, Member>,
}

/// All sessions of a room.
#[derive(Default)]
pub(super) struct Sessions {
    by_id: RefCell<HashMap<String, Held>>,
    /// When those have something to do that do not rest. Most do, so this is short.
    due: RefCell<HashMap<String, Timestamp>>,
    /// How clients are spoken to, kept once for all of them.
    form: RefCell<Option<SocketIo>>,
    /// Sessions that are to be ended as soon as the turn is over.
    doomed: RefCell<Vec<String>>,
    beaten: Cell<Timestamp>,
    /// What is left to do when the turn is over.
    late: RefCell<Vec<(String, Vec<Act>)>>,
}

impl Held {
    /// Sends what an act wants sent. Returns the act if it wants something else.
    pub(super) fn send(&mut self, act: Act) -> Option<Act> {
        match act {
            Act::Send(sent) => put(self.socket.as_ref(), &sent),
            Act::Probe(sent) => put(self.probe.as_ref(), &sent),
            // If nobody waits any more, the client has gone, and its session ends by itself.
            Act::Answer(text) => drop(self.poll.take().map(|poll| poll.send(text))),
            Act::DropProbe => drop(self.probe.take().map(|probe| close(&probe))),
            other => return Some(other),
        }
        None
    }

    /// Holds a poll until there is something to answer.
    pub(super) fn hold_poll(&mut self) -> oneshot::Receiver<String> {
        let (sender, answer) = oneshot::channel();
        self.poll = Some(sender);
        answer
    }

    /// Takes a WebSocket to which the session wants to go over.
    pub(super) fn hold_probe(&mut self, probe: WebSocket) {
        self.probe = Some(probe);
    }

    /// The WebSocket to which it went over is its own from now on.
    fn adopt(&mut self, sid: &str) -> bool {
        self.socket = self.probe.take();
        self.keep(sid)
    }

    /// Stores what is kept with its WebSocket. Returns whether it could: there may be too much, or the connection is gone.
    fn keep(&self, sid: &str) -> bool {
        let Some(socket) = &self.socket else { return true };
        let members = self.session.members().filter_map(|(namespace, client)| {
            let member = self.members.get(client)?;
            Some((namespace.to_owned(), client.clone(), member.clone()))
        });
        let (sid, handshake, members) = (sid.to_owned(), self.handshake.clone(), members.collect());
        let text = serde_json::to_string(&Kept { sid, handshake, members }).unwrap_or_default();
        socket.serialize_attachment(narrow(&text)).is_ok()
    }
}

/// An error means that the connection has ended; its close event follows.
fn put(socket: Option<&WebSocket>, sent: &Sent) {
    let Some(socket) = socket else { return };
    let _ = match sent {
        Sent::Text(text) => socket.send_with_str(text),
        Sent::Binary(bytes) => socket.send_with_bytes(bytes),
    };
}

/// An error means that it is closed already.
fn close(socket: &WebSocket) {
    let _ = socket.close(Some(1000), Some(""));
}

impl Sessions {
    /// How many have no member.
    pub(super) fn guests(&self) -> usize {
        self.by_id.borrow().values().filter(|held| held.members.is_empty()).count()
    }

    /// Adds a new session, with its WebSocket or polling. Returns its first packet.
    pub(super) fn open(
        &self,
        sid: &str,
        mut handshake: Handshake,
        socket: Option<WebSocket>,
        now: Timestamp,
    ) -> String {
        let form = self.share(&mut handshake);
        let session = match &socket {
            Some(_) => Session::socket(form, now),
            None => Session::polling(form, now),
        };
        let opening = session.opening(sid);
        let (probe, poll, members) = (None, None, HashMap::new());
        let held = Held { session, handshake, socket, probe, poll, members };
        held.keep(sid);
        self.add(sid.to_owned(), held);
        opening
    }

    fn add(&self, sid: String, held: Held) {
        self.remind(&sid, held.session.due());
        self.by_id.borrow_mut().insert(sid, held);
    }

    /// Makes the clients of a document share its description, and returns it.
    fn share(&self, handshake: &mut Handshake) -> SocketIo {
        let mut known = self.form.borrow_mut();
        match known.as_ref().filter(|known| **known == handshake.form) {
            Some(known) => handshake.form = known.clone(),
            None => *known = Some(handshake.form.clone()),
        }
        handshake.form.clone()
    }

    fn remind(&self, sid: &str, due: Option<Timestamp>) {
        let mut all = self.due.borrow_mut();
        match due {
            Some(at) => drop(all.insert(sid.to_owned(), at)),
            None => drop(all.remove(sid)),
        }
    }

    /// Takes a session back that has outlived the memory of its room. Returns its members.
    pub(super) fn restore(
        &self,
        kept: Kept,
        socket: WebSocket,
        now: Timestamp,
    ) -> Vec<(ClientId, Member)> {
        let Kept { sid, mut handshake, members } = kept;
        let form = self.share(&mut handshake);
        let names =
            members.iter().map(|(namespace, client, _)| (namespace.clone(), client.clone()));
        let session = Session::restored(form, names, now);
        let members: Vec<_> =
            members.into_iter().map(|(_, client, member)| (client, member)).collect();
        let (probe, poll) = (None, None);
        let by_client = members.iter().cloned().collect();
        let held =
            Held { session, handshake, socket: Some(socket), probe, poll, members: by_client };
        self.add(sid, held);
        members
    }

    /// Forgets all, because the room has failed or is restored.
    pub(super) fn clear(&self) {
        self.by_id.borrow_mut().clear();
        self.due.borrow_mut().clear();
        self.doomed.borrow_mut().clear();
    }

    /// Does something with a session; `None` if there is none of this id.
    pub(super) fn with<T>(&self, sid: &str, act: impl FnOnce(&mut Held) -> T) -> Option<T> {
        let mut by_id = self.by_id.borrow_mut();
        let held = by_id.get_mut(sid)?;
        let done = act(held);
        self.remind(sid, held.session.due());
        Some(done)
    }

    /// The WebSocket of a session, if it has one.
    pub(super) fn socket(&self, sid: &str) -> Option<WebSocket> {
        self.by_id.borrow().get(sid)?.socket.clone()
    }

    /// Sends a packet to a session. One that cannot take it is ended after the turn.
    pub(super) fn send(&self, sid: &str, text: &str) {
        let act = self.with(sid, |held| {
            let act = held.session.send(Sent::Text(text.to_owned()))?;
            held.send(act)
        });
        if act.flatten() == Some(Act::Close) {
            self.doom(sid);
        }
    }

    /// Notes that a member was sent an update that it has to acknowledge, if its document says so of the update's type.
    pub(super) fn await_ack(
        &self,
        sid: &str,
        (namespace, id, name): &(String, Seq, String),
        text: &Rc<str>,
        now: Timestamp,
    ) {
        let act = self.with(sid, |held| {
            let repeat = *held.session.form().form().acknowledged.get(name)?;
            held.session.await_ack((namespace, *id), (text.clone(), repeat), now)
        });
        if let Some(act) = act.flatten() {
            self.late.borrow_mut().push((sid.to_owned(), vec![act]));
        }
    }

    /// Keeps a member with its session. A session that cannot be kept would forget its members without their knowing, so it is
    /// ended, and its client comes back.
    pub(super) fn remember(&self, sid: &str, client: &ClientId, member: Member) {
        let kept = self.with(sid, |held| {
            held.members.insert(client.clone(), member);
            held.keep(sid)
        });
        if kept == Some(false) {
            self.doom(sid);
        }
    }

    /// A member has left the room.
    pub(super) fn forget(&self, sid: &str, client: &ClientId, now: Timestamp) {
        self.with(sid, |held| {
            held.members.remove(client);
            held.session.forget(client, now);
            held.keep(sid);
        });
    }

    /// The WebSocket to which a session went over is its own from now on. Returns the members of the session.
    pub(super) fn adopt(&self, sid: &str) -> Vec<ClientId> {
        let adopted = self.with(sid, |held| {
            let kept = held.adopt(sid);
            (kept, held.members.keys().cloned().collect())
        });
        let (kept, members) = adopted.unwrap_or((true, Vec::new()));
        if !kept {
            self.doom(sid);
        }
        members
    }

    /// Ends a session as soon as the turn is over.
    pub(super) fn doom(&self, sid: &str) {
        self.doomed.borrow_mut().push(sid.to_owned());
    }

    /// The sessions that are to be ended.
    pub(super) fn take_doomed(&self) -> Vec<String> {
        std::mem::take(&mut self.doomed.borrow_mut())
    }

    /// Ends a session. Returns its members.
    pub(super) fn end(&self, sid: &str) -> Vec<ClientId> {
        let Some(mut held) = self.by_id.borrow_mut().remove(sid) else { return Vec::new() };
        self.remind(sid, None);
        if let Some(farewell) = held.session.farewell() {
            held.send(farewell);
        }
        for socket in [&held.socket, &held.probe].into_iter().flatten() {
            close(socket);
        }
        held.members.into_keys().collect()
    }

    /// When the next of them has something to do.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        if !self.doomed.borrow().is_empty() || !self.late.borrow().is_empty() {
            return Some(Timestamp::default());
        }
        self.due.borrow().values().min().copied()
    }

    /// Does what is due in each. Returns what is left to do.
    pub(super) fn tick(&self, now: Timestamp) -> Vec<(String, Vec<Act>)> {
        let mut left = std::mem::take(&mut *self.late.borrow_mut());
        let mut due: Vec<String> = Vec::new();
        for (sid, at) in self.due.borrow().iter() {
            due.extend((*at <= now).then(|| sid.clone()));
        }
        for sid in due {
            let acts = self.with(&sid, |held| {
                let acts = held.session.tick(now).into_iter();
                acts.filter_map(|act| held.send(act)).collect::<Vec<_>>()
            });
            left.extend(acts.filter(|acts| !acts.is_empty()).map(|acts| (sid, acts)));
        }
        left
    }

    /// Pings the sessions that have a WebSocket and rest, unless that was just done, and dooms those that have been silent. `pong` says
    /// when the runtime last answered a pong.
    pub(super) fn beat(&self, pong: impl Fn(&WebSocket) -> Option<Timestamp>, now: Timestamp) {
        if now.ms_since(self.beaten.get()) < BEAT_EVERY_MS {
            return;
        }
        self.beaten.set(now);
        for (sid, held) in self.by_id.borrow_mut().iter_mut() {
            let Some(socket) = held.socket.as_ref().filter(|_| held.session.form().form().rests())
            else {
                continue;
            };
            let act = held.session.beat(pong(socket), now);
            if act.and_then(|act| held.send(act)) == Some(Act::Close) {
                self.doom(sid);
            }
        }
    }

    /// When a packet of a session last arrived.
    pub(super) fn last_heard(&self, sid: &str) -> Option<Timestamp> {
        self.by_id.borrow().get(sid).map(|held| held.session.last_heard())
    }
}
