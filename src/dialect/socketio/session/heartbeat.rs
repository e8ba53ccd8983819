//! The times of a session: when it is pinged, when it is given up.
//!
//! A session with a WebSocket in a room that rests has no times of its own: the sweep of the room pings it.

use super::{Act, Session, Transport};
use crate::dialect::socketio::engine::{Sent, PING};
use crate::limits::{SILENT_AFTER_MS, UPGRADE_TIMEOUT_MS};
use crate::protocol::socket_io::Engine;
use crate::protocol::time::Timestamp;

impl Session {
    /// When [`Session::tick`] has something to do, if it has.
    pub fn due(&self) -> Option<Timestamp> {
        let form = self.form.form();
        let connects = self.idle.filter(|_| form.engine == Engine::SocketIo);
        let connects = connects.map(|since| since.plus_ms(form.connect_timeout_ms()));
        let beats = (!(self.has_socket() && form.rests())).then(|| self.next_beat());
        let upgrades = match &self.transport {
            Transport::Polling(poll) => poll.probed().map(|at| at.plus_ms(UPGRADE_TIMEOUT_MS)),
            Transport::Socket => None,
        };
        [connects, beats, upgrades, self.next_repeat()].into_iter().flatten().min()
    }

    fn awaits_pong(&self) -> bool {
        self.pinged > self.heard
    }

    fn next_beat(&self) -> Timestamp {
        let form = self.form.form();
        let wait =
            if self.awaits_pong() { form.ping_timeout_ms() } else { form.ping_interval_ms() };
        self.pinged.plus_ms(wait)
    }

    /// Does what is due: pings, gives up an upgrade, ends a session that is silent or connects to nothing.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Act> {
        let form = self.form.form();
        let late = |since: Timestamp| now >= since.plus_ms(form.connect_timeout_ms());
        if form.engine == Engine::SocketIo && self.idle.is_some_and(late) {
            return vec![Act::Close];
        }
        let mut acts = self.repeat(now);
        if let Transport::Polling(poll) = &self.transport {
            let given_up = poll.probed().is_some_and(|at| now >= at.plus_ms(UPGRADE_TIMEOUT_MS));
            acts.extend(given_up.then(|| self.lose_probe()).into_iter().flatten());
        }
        if self.has_socket() && self.form.form().rests() {
            return acts;
        }
        while now >= self.next_beat() {
            if self.awaits_pong() {
                return vec![Act::Close];
            }
            // Not `now`: a timer that is late must not lengthen the time-out.
            self.pinged = self.next_beat();
            acts.extend(self.send(Sent::Text(PING.to_owned())));
        }
        acts
    }

    /// The sweep of a room that rests: pings, or ends a session that has been silent. `pong` is when the runtime last answered
    /// a pong of the client.
    pub fn beat(&mut self, pong: Option<Timestamp>, now: Timestamp) -> Option<Act> {
        self.heard = self.heard.max(pong.unwrap_or_default());
        if now.ms_since(self.heard) > SILENT_AFTER_MS {
            return Some(Act::Close);
        }
        self.pinged = now;
        self.send(Sent::Text(PING.to_owned()))
    }
}
