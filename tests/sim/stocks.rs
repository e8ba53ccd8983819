//! Stock clients of Socket.IO in a run: they speak to the sessions of their room over lines of their own ([`Sessions`]), which are cut like
//! the others. They are not counted by seats.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::protocol::socket_io::{Engine, SocketIo};
use roomcast::protocol::topics::{Permissions, Topics};
use serde_json::{json, Value};

use crate::documents::{tenant, TOPICS};
use crate::events::Event;
use crate::sessions::Sessions;
use crate::stock::Stock;
use crate::system::System;

pub(crate) fn form(document: &Value) -> SocketIo {
    tenant(document.clone()).presets.get(0).unwrap().socket_io(Engine::default())
}

impl System {
    /// Some rooms have clients of Socket.IO.
    pub(crate) fn add_stocks(&mut self, name: &str) {
        if name != "acme/b-0" {
            return;
        }
        let room = self.rooms.get_mut(name).unwrap();
        let reads = Permissions::from(vec!["read".to_owned()]);
        let some = Topics::parse(["a", "c:*"]).unwrap();
        let clients =
            [("stock-0", reads, Topics::default()), ("stock-1", Permissions::default(), some)];
        for (user, permissions, usual) in clients {
            let mut stock = Stock::new(user, permissions, usual);
            stock.conflates = true;
            room.sessions.stocks.push(stock);
        }
        self.later(10, Event::Stock(name.to_owned()));
    }

    pub(crate) fn stocks_act(&mut self, name: &str) {
        let ms = if self.active {
            self.chance.between(10, 250)
        } else {
            self.chance.between(1_000, 5_000)
        };
        if self.frozen {
            return;
        }
        self.later(ms, Event::Stock(name.to_owned()));
        let who = self.chance.index(self.rooms[name].sessions.stocks.len());
        self.turn(name, "a heartbeat", beat);
        if self.deserted {
            self.turn(name, "SocketIo", |sessions| {
                (0..sessions.stocks.len()).for_each(|who| sessions.lose(who));
                sessions.notice();
            });
            return;
        }
        // In the calm nobody is without a turn for as long as a ping may wait.
        let everyone = 0..self.rooms[name].sessions.stocks.len();
        let turns = if self.active { who..who + 1 } else { everyone };
        for who in turns {
            self.stock_acts(name, who);
        }
    }

    fn stock_acts(&mut self, name: &str, who: usize) {
        let polls = self.chance.happens(400);
        self.turn(name, "SocketIo", |sessions| sessions.open(who, polls));
        // The tenant is asked about each of them, and lets nobody in while it is suspended.
        if !self.tenant.suspended {
            self.turn(name, "SocketIo connects", Sessions::let_in);
        }
        self.stock_reads(name, who);
        if self.active {
            self.stock_does_something(name, who);
        } else {
            self.turn(name, "SocketIo", Sessions::notice);
        }
    }

    fn stock_reads(&mut self, name: &str, who: usize) {
        let most = if self.active { self.chance.below(8) } else { 50 };
        for _ in 0..most {
            // Nobody reads what is not durable.
            let room = &self.rooms[name];
            if room.pending || !has_something(&room.sessions, who) {
                break;
            }
            let sid = room.sessions.own.get(&who).copied();
            let down = sid.and_then(|sid| room.sessions.links.get(&sid)?.line.front());
            let down = down.map(|down| format!("client {who} of Socket.IO reads {down:?}"));
            self.remark(|| down.unwrap_or_default());
            self.turn(name, "SocketIo", |sessions| sessions.read(who));
            self.rooms.get_mut(name).unwrap().has_read(sid);
        }
    }

    fn stock_does_something(&mut self, name: &str, who: usize) {
        let topic = json!(*self.chance.pick(&TOPICS));
        let (act, asks) = (self.chance.below(100), self.chance.happens(500));
        if act < 15 {
            self.counts.disconnects += u64::from(self.rooms[name].sessions.own.contains_key(&who));
        }
        self.turn(name, "SocketIo", |sessions| match act {
            0..15 => sessions.lose(who),
            15..25 => sessions.notice(),
            25..32 => sessions.upgrade(who),
            32..42 => emit(sessions, who, ("join", &topic), asks),
            42..50 => emit(sessions, who, ("leave", &topic), asks),
            50..53 => emit(sessions, who, ("state", &json!({})), asks),
            53..56 => emit(sessions, who, ("pace", &json!({"ms": 500})), true),
            _ => {}
        });
    }
}

/// Whether there is something on the line of a client that it has not read.
fn has_something(sessions: &Sessions, who: usize) -> bool {
    let link = sessions.own.get(&who).and_then(|sid| sessions.links.get(sid));
    link.is_some_and(|link| !link.line.is_empty())
}

fn emit(sessions: &mut Sessions, who: usize, (name, arg): (&str, &Value), asks: bool) {
    if sessions.stocks[who].connected {
        let packet = sessions.stocks[who].emit(name, arg, asks);
        sessions.say(who, &packet);
    }
}

/// Whoever is connected by a WebSocket answers pings; sessions do what is due.
fn beat(sessions: &mut Sessions) {
    let now = sessions.world.now;
    for (sid, link) in &mut sessions.links {
        let alive = sessions.own.get(&link.owner) == Some(sid);
        let Some(session) = &mut link.session else { continue };
        if alive && session.has_socket() {
            session.beat(Some(now), now);
        }
        for (_, client) in session.members() {
            if let Some(known) = sessions.world.clients.get_mut(client) {
                known.pinged = known.pinged.max(Some(session.last_heard()));
            }
        }
    }
    for sid in sessions.links.keys().copied().collect::<Vec<_>>() {
        let session = sessions.links.get_mut(&sid).and_then(|link| link.session.as_mut());
        let acts = session.filter(|one| one.due().is_some_and(|at| at <= now));
        let acts = acts.map(|session| session.tick(now)).unwrap_or_default();
        sessions.perform(sid, acts);
    }
    // Lines that both sides have left are history.
    let (own, gone) = (&sessions.own, |link: &crate::sessions::Link| link.session.is_none());
    sessions.links.retain(|sid, link| !gone(link) || own.get(&link.owner) == Some(sid));
}
