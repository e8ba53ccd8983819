//! The sessions of Socket.IO before a world, with the clients that have them.
//!
//! Does in memory what `src/shell/sessions.rs` and `src/shell/room_host/` do with requests and WebSockets. The clients' end of the
//! connections is in [`crate::lines`].

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, VecDeque};

use roomcast::dialect::socketio::engine::Sent;
use roomcast::dialect::socketio::packet::awaited;
use roomcast::dialect::socketio::recovery::{shown, Shown};
use roomcast::dialect::socketio::refusal::is_final;
use roomcast::dialect::socketio::session::{Act, Session};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::socket_io::SocketIo;
use roomcast::room::view::View;
use roomcast::room::{Door, Effect, Entry, Resume};
use serde_json::{Map, Value};

use crate::stock::{Entered, Stock};
use crate::world::World;

/// What the server has sent over a connection, and the client has not read.
#[derive(Debug)]
pub(crate) enum Down {
    /// A message of the WebSocket.
    Message(String),
    /// The answer to a poll.
    Answer(String),
    /// A message of the WebSocket to which the client wants to go over.
    Probe(String),
    /// The end.
    Closed,
}

/// How far a client is with going over to a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Going {
    Not,
    Asking,
    /// It polls no more, and goes over when its last poll is answered.
    Pausing,
    Over,
}

/// One connection: the session at the server, while there is one, and the client's end.
pub(crate) struct Link {
    pub(crate) owner: usize,
    pub(crate) session: Option<Session>,
    pub(crate) line: VecDeque<Down>,
    pub(crate) going: Going,
    /// Whether a poll has no answer.
    pub(crate) polls: bool,
}

pub(crate) struct Sessions {
    pub(crate) world: World,
    pub(crate) stocks: Vec<Stock>,
    pub(crate) form: SocketIo,
    pub(crate) links: BTreeMap<usize, Link>,
    /// The connection of each client, if it knows one.
    pub(crate) own: BTreeMap<usize, usize>,
    by_client: BTreeMap<ClientId, usize>,
    /// Who has asked to be let in and has no answer.
    knocking: VecDeque<(usize, Map<String, Value>)>,
    pub(crate) opened: usize,
    looked: usize,
    failures: usize,
}

impl Sessions {
    pub(crate) fn new(world: World, form: SocketIo) -> Self {
        Self {
            world,
            stocks: Vec::new(),
            form,
            links: BTreeMap::new(),
            own: BTreeMap::new(),
            by_client: BTreeMap::new(),
            knocking: VecDeque::new(),
            opened: 0,
            looked: 0,
            failures: 0,
        }
    }

    /// The server hears that connections with a WebSocket have ended.
    pub(crate) fn notice(&mut self) {
        let gone = |(sid, link): (&usize, &Link)| {
            let alive = self.own.get(&link.owner) == Some(sid);
            let session = link.session.as_ref()?;
            (!alive && session.has_socket()).then_some(*sid)
        };
        for sid in self.links.iter().filter_map(gone).collect::<Vec<_>>() {
            self.end(sid, 1006);
        }
    }

    /// Lets in who has knocked first. Nobody is asked about those whose session has ended.
    pub(crate) fn let_in(&mut self) -> bool {
        let links = &self.links;
        let waits = |sid: &usize| links.get(sid).is_some_and(|link| link.session.is_some());
        self.knocking.retain(|(sid, _)| waits(sid));
        let Some((sid, auth)) = self.knocking.pop_front() else { return false };
        self.enter(sid, &auth);
        true
    }

    /// As `RoomHost::connect` does.
    fn enter(&mut self, sid: usize, auth: &Map<String, Value>) {
        let Some(link) = self.links.get(&sid).filter(|link| link.session.is_some()) else { return };
        let stock = &self.stocks[link.owner];
        let shown = shown(auth);
        let had = shown.as_ref().and_then(|shown| shown.topics.clone());
        let topics = had.unwrap_or_else(|| stock.usual.clone());
        let position = shown.as_ref().map(|shown| shown.position.seq);
        let resume = match shown {
            Some(Shown { pid, position, .. }) => Resume::As { pid, position },
            None => Resume::State,
        };
        let dialect = Dialect::SocketIo { form: self.form.clone(), namespace: "/".into() };
        let permissions = stock.permissions.clone();
        let view = View { topics: topics.clone(), permissions, ..View::of_all(dialect) };
        let (user, owner) = (stock.user.clone(), link.owner);
        let admit = |runner: &mut roomcast::runner::Runner, world: &mut World| {
            runner.admit(view.of(&user), (&resume, Entry::default()), world)
        };
        let door = self.world.with_runner(admit);
        self.settle();
        let id = self.world.next_id();
        if door != Ok(Door::Open) {
            self.end(sid, 1006);
            return;
        }
        let session = self.links.get_mut(&sid).and_then(|link| link.session.as_mut());
        if !session.is_some_and(|session| session.enter("/", id.clone())) {
            return;
        }
        self.by_client.insert(id.clone(), sid);
        self.world.let_in(view, &user, resume);
        let packets = self.world.packets.iter().filter(|(to, _)| *to == id).count();
        let entered = Entered { head: self.world.disk.head(), topics, shown: position, packets };
        if self.own.get(&owner) == Some(&sid) {
            self.stocks[owner].let_in(entered);
        }
        self.settle();
    }

    /// As `RoomHost::perform_acts` does.
    pub(crate) fn perform(&mut self, sid: usize, acts: Vec<Act>) {
        for act in acts {
            let link = self.links.get_mut(&sid).unwrap();
            match act {
                Act::Send(Sent::Text(text)) => link.line.push_back(Down::Message(text)),
                Act::Answer(text) => link.line.push_back(Down::Answer(text)),
                Act::Probe(Sent::Text(text)) => link.line.push_back(Down::Probe(text)),
                Act::DropProbe => self.drop_probe(sid),
                Act::Adopt | Act::GaveUp { .. } => {}
                Act::Connect { auth, .. } => self.knocking.push_back((sid, auth)),
                Act::Said { client, said } => {
                    self.world.take_turn(|runner, world| runner.say(&client, said, world));
                    self.settle();
                }
                Act::Leave { client } => {
                    self.world.disconnect(&client);
                    self.settle();
                }
                Act::Close => {
                    self.end(sid, 1000);
                    return;
                }
                Act::Send(sent) | Act::Probe(sent) => panic!("{sent:?}"),
            }
        }
    }

    /// The WebSocket to which a client wants to go over is closed. It goes on polling, unless it has stopped that.
    fn drop_probe(&mut self, sid: usize) {
        let link = self.links.get_mut(&sid).unwrap();
        link.line.retain(|down| !matches!(down, Down::Probe(_)));
        match link.going {
            Going::Asking => link.going = Going::Not,
            Going::Pausing | Going::Over => link.line.push_back(Down::Closed),
            Going::Not => {}
        }
    }

    /// Ends a session, and tells the room.
    fn end(&mut self, sid: usize, code: u16) {
        let link = self.links.get_mut(&sid).unwrap();
        let Some(mut session) = link.session.take() else { return };
        if let Some(Act::Answer(text)) = session.farewell() {
            link.line.push_back(Down::Answer(text));
        }
        link.line.push_back(Down::Closed);
        let members: Vec<ClientId> = session.members().map(|(_, client)| client.clone()).collect();
        for client in members {
            self.by_client.remove(&client);
            if self.world.clients.contains_key(&client) {
                self.world.step(roomcast::room::Input::Disconnected { client: &client, code });
            }
        }
        self.settle();
    }

    /// Hands out what the last turns have sent, and ends the sessions whose members they have closed.
    pub(crate) fn settle(&mut self) {
        let mut doomed = Vec::new();
        for (client, text) in std::mem::take(&mut self.world.packets) {
            let Some(sid) = self.by_client.get(&client).copied() else { continue };
            let (form, now) = (self.form.clone(), self.world.now);
            let session = self.links.get_mut(&sid).and_then(|link| link.session.as_mut());
            let Some(session) = session else { continue };
            let mut acts: Vec<Act> =
                session.send(Sent::Text(text.to_string())).into_iter().collect();
            if let Some((namespace, id, name)) = awaited(&text) {
                let repeat = form.form().acknowledged.get(&name);
                acts.extend(repeat.and_then(|repeat| {
                    session.await_ack((&namespace, id), (text.clone(), *repeat), now)
                }));
            }
            self.perform(sid, acts);
        }
        for effect in &self.world.trace[self.looked..] {
            match effect {
                Effect::Close { client, reason, .. } if !is_final(*reason) => {
                    doomed.extend(self.by_client.get(client).copied());
                }
                _ => {}
            }
        }
        for effect in &self.world.trace[self.looked..] {
            let Effect::Left { client, .. } = effect else { continue };
            let Some(sid) = self.by_client.remove(client) else { continue };
            let session = self.links.get_mut(&sid).and_then(|link| link.session.as_mut());
            session.and_then(|session| session.forget(client, self.world.now));
        }
        self.looked = self.world.trace.len();
        if self.world.failures > self.failures || !self.world.dropped.is_empty() {
            self.failures = self.world.failures;
            self.world.dropped.clear();
            self.forget();
        }
        for sid in doomed {
            self.end(sid, 1000);
        }
    }

    /// All sessions are gone.
    fn forget(&mut self) {
        self.by_client.clear();
        for link in self.links.values_mut() {
            if link.session.take().is_some() {
                link.line.push_back(Down::Closed);
            }
        }
    }

    /// The server dies.
    pub(crate) fn kill(&mut self) {
        self.world.kill();
        self.settle();
        self.forget();
    }

    /// The room is evicted, if the platform may do that.
    pub(crate) fn evict(&mut self) {
        let mut sessions = self.links.values().filter_map(|link| link.session.as_ref());
        let is_busy = sessions.any(|session| session.due().is_some());
        if is_busy || !self.knocking.is_empty() || !self.world.runner.is_resting() {
            return;
        }
        self.world.evict();
        let (form, now) = (self.form.clone(), self.world.now);
        for session in self.links.values_mut().filter_map(|link| link.session.as_mut()) {
            let members = session.members().map(|(name, id)| (name.to_owned(), id.clone()));
            *session = Session::restored(form.clone(), members.collect::<Vec<_>>(), now);
        }
        self.settle();
    }

    /// Lets time pass. Whoever is connected by a WebSocket answers pings.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        let now = self.world.now;
        for (sid, link) in &mut self.links {
            let alive = self.own.get(&link.owner) == Some(sid);
            let Some(session) = &mut link.session else { continue };
            if alive && session.has_socket() {
                session.beat(Some(now), now);
            }
            for (_, client) in session.members() {
                if let Some(known) = self.world.clients.get_mut(client) {
                    known.pinged = known.pinged.max(Some(session.last_heard()));
                }
            }
        }
        self.world.pass_ms(ms);
        self.settle();
        for sid in self.links.keys().copied().collect::<Vec<_>>() {
            let now = self.world.now;
            let session = self.links.get_mut(&sid).and_then(|link| link.session.as_mut());
            let acts = session.filter(|one| one.due().is_some_and(|at| at <= now));
            let acts = acts.map(|session| session.tick(now)).unwrap_or_default();
            self.perform(sid, acts);
        }
        self.settle();
    }

    /// The member of a client, if it is in the room.
    pub(crate) fn member(&self, owner: usize) -> Option<&ClientId> {
        let sid = self.own.get(&owner)?;
        Some(self.links[sid].session.as_ref()?.members().next()?.1)
    }
}
