//! The WebSocket of one client: what is sent over it arrives in order, until it is cut, at any byte, in either direction.
//!
//! Frames that had not arrived as a whole when it was cut are never seen. The room learns of it later, or, if it asks for pings, by their
//! absence.

use std::collections::VecDeque;
use std::rc::Rc;

use roomcast::protocol::ids::ClientId;

use crate::events::{Event, Said};
use crate::system::System;

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Line {
    pub(crate) room: String,
    pub(crate) agent: usize,
    /// Whether the client has it open: it knows its answer, and has not lost it.
    pub(crate) open: bool,
    /// Whether a client has ever taken it.
    pub(crate) taken: bool,
    /// Whether nothing arrives at the room any more.
    pub(crate) mute: bool,
    /// Whether the room has it.
    pub(crate) held: bool,
    /// What the room has sent and the client has not read; at last `None`, the end.
    pub(crate) down: VecDeque<Option<Rc<str>>>,
    /// When the last message of each direction arrives.
    pub(crate) arrives: (u64, u64),
    /// The last update when the client joined.
    pub(crate) head: u64,
    /// Whether the client was ever sent less because it did not keep up.
    pub(crate) slow: bool,
}

impl Line {
    /// One that the room has not accepted yet.
    pub(crate) fn new(room: String, agent: usize) -> Self {
        let (open, taken, mute, held, slow) = (false, false, false, false, false);
        let (down, arrives) = (VecDeque::new(), (0, 0));
        Self { room, agent, open, taken, mute, held, down, arrives, head: 0, slow }
    }
}

impl System {
    /// The room sends a frame, or ends the connection.
    pub(crate) fn send_down(&mut self, client: &ClientId, frame: Option<Rc<str>>) {
        let delay = self.delay();
        let Some(line) = self.lines.get_mut(client) else { return };
        line.down.push_back(frame);
        line.arrives.0 = line.arrives.0.max(self.now + delay);
        let at = line.arrives.0;
        self.calendar.enter(at, Event::Down(client.clone()));
    }

    pub(crate) fn send_up(&mut self, client: &ClientId, said: Said) {
        let delay = self.delay();
        let Some(line) = self.lines.get_mut(client) else { return };
        line.arrives.1 = line.arrives.1.max(self.now + delay);
        let at = line.arrives.1;
        self.calendar.enter(at, Event::Up(client.clone(), said));
    }

    /// The connection is cut at a byte. The client reads what had arrived, and knows; the room hears of it some time later, or never.
    pub(crate) fn cut(&mut self, client: &ClientId) {
        let Some(line) = self.lines.get(client) else { return };
        let bytes: usize = line.down.iter().flatten().map(|frame| frame.len()).sum();
        let mut left = self.chance.index(bytes + 1);
        while let Some(Some(frame)) = self.lines.get(client).and_then(|line| line.down.front()) {
            if frame.len() > left {
                break;
            }
            left -= frame.len();
            self.reads(client);
        }
        self.client_loses(client);
        let mute = self.chance.happens(500);
        if let Some(line) = self.lines.get_mut(client) {
            line.down.clear();
            line.mute = mute;
        }
        if !self.chance.happens(100) {
            let ms = self.chance.between(0, 4_000);
            self.later(ms, Event::Ended(client.clone(), 1006));
        }
    }

    /// Forgets a connection that nobody has any more.
    pub(crate) fn forget_line(&mut self, client: &ClientId) {
        if self.lines.get(client).is_some_and(|line| !line.open && !line.held) {
            self.lines.remove(client);
        }
    }
}
