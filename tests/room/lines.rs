//! The clients' end of the connections to sessions of Socket.IO.
//!
//! A connection is a line of what the server has sent: a client reads as much of it as a test says, and when the connection is cut, it
//! never sees the rest. Packets of a poll come together or not at all.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::VecDeque;

use roomcast::dialect::socketio::poll::Polled;
use roomcast::dialect::socketio::session::Session;
use serde_json::Value;

use crate::sessions::{Down, Going, Link, Sessions};

/// Separates the packets of a poll.
const SEPARATOR: char = '\u{1e}';

impl Sessions {
    /// A client connects, unless it is connected.
    pub(crate) fn open(&mut self, owner: usize, polls: bool) {
        if self.own.contains_key(&owner) {
            return;
        }
        self.opened += 1;
        let (form, now) = (self.form.clone(), self.world.now);
        let session = if polls { Session::polling(form, now) } else { Session::socket(form, now) };
        let (going, line) = (if polls { Going::Not } else { Going::Over }, VecDeque::new());
        self.links
            .insert(self.opened, Link { owner, session: Some(session), line, going, polls: false });
        self.own.insert(owner, self.opened);
        let auth = Value::Object(self.stocks[owner].auth());
        self.say(owner, &format!("40{auth}"));
        if polls {
            self.poll(self.opened);
        }
    }

    /// A client sends a packet.
    pub(crate) fn say(&mut self, owner: usize, packet: &str) {
        let Some(sid) = self.own.get(&owner).copied() else { return };
        let now = self.world.now;
        let link = self.links.get_mut(&sid).unwrap();
        let polling = link.going != Going::Over;
        let Some(session) = &mut link.session else { return };
        let acts = if polling {
            session.receive_post(packet, now).unwrap()
        } else {
            session.receive(packet, now)
        };
        self.perform(sid, acts);
    }

    fn poll(&mut self, sid: usize) {
        let link = self.links.get_mut(&sid).unwrap();
        link.polls = true;
        match link.session.as_mut().map(Session::poll) {
            Some(Polled::Now(text)) => link.line.push_back(Down::Answer(text)),
            Some(Polled::Later) => {}
            // A session that is not known is 400.
            None => link.line.push_back(Down::Closed),
            Some(refused @ Polled::Refused { .. }) => panic!("{refused:?}"),
        }
    }

    /// A client that polls opens a WebSocket, to go over to it.
    pub(crate) fn upgrade(&mut self, owner: usize) {
        let Some(sid) = self.own.get(&owner).copied() else { return };
        let now = self.world.now;
        let link = self.links.get_mut(&sid).unwrap();
        let Some(session) = link.session.as_mut().filter(|_| link.going == Going::Not) else {
            return;
        };
        if session.probe(now) {
            link.going = Going::Asking;
            let acts = session.receive_probe("2probe", now);
            self.perform(sid, acts);
        }
    }

    /// The client goes over, if its last poll is answered.
    fn go_over(&mut self, sid: usize) {
        let now = self.world.now;
        let link = self.links.get_mut(&sid).unwrap();
        if link.going != Going::Pausing || link.polls {
            return;
        }
        link.going = Going::Over;
        let acts = link.session.as_mut().map(|session| session.receive_probe("5", now));
        self.perform(sid, acts.unwrap_or_default());
    }

    /// A client reads what has come next over its connection. Returns whether there was anything.
    pub(crate) fn read(&mut self, owner: usize) -> bool {
        let Some(sid) = self.own.get(&owner).copied() else { return false };
        let link = self.links.get_mut(&sid).unwrap();
        let Some(down) = link.line.pop_front() else { return false };
        match down {
            Down::Message(text) => self.hear(owner, &text),
            Down::Answer(text) => {
                link.polls = false;
                for packet in text.split(SEPARATOR) {
                    self.hear(owner, packet);
                }
                // It may have been disconnected meanwhile.
                if self.own.get(&owner) == Some(&sid) {
                    match self.links[&sid].going {
                        Going::Pausing => self.go_over(sid),
                        Going::Not | Going::Asking => self.poll(sid),
                        Going::Over => {}
                    }
                }
            }
            Down::Probe(text) => {
                assert_eq!(text, "3probe");
                link.going = Going::Pausing;
                self.go_over(sid);
            }
            Down::Closed => self.lose(owner),
        }
        true
    }

    fn hear(&mut self, owner: usize, packet: &str) {
        match packet {
            "2" => self.say(owner, "3"),
            "6" => {}
            "1" => self.lose(owner),
            _ => {
                let stock = &mut self.stocks[owner];
                let (answer, was) = (stock.hear(packet, &self.world.history), stock.connected);
                if let Some(answer) = answer {
                    self.say(owner, &answer);
                }
                if !was {
                    self.lose(owner);
                }
            }
        }
    }

    /// A client loses its connection. The server does not know.
    pub(crate) fn lose(&mut self, owner: usize) {
        self.own.remove(&owner);
        self.stocks[owner].lose();
    }

    /// Lets everyone come back and read everything.
    pub(crate) fn come_to_rest(&mut self) {
        self.notice();
        for round in 0.. {
            assert!(round < 50, "it comes to rest");
            self.world.rest();
            self.settle();
            let mut changed = false;
            for owner in 0..self.stocks.len() {
                self.open(owner, owner.is_multiple_of(2));
            }
            while self.let_in() {
                changed = true;
            }
            for owner in 0..self.stocks.len() {
                while self.read(owner) {
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }
}
