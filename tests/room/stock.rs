//! A stock client of Socket.IO: what `socket.io-client` 4.8 keeps of its own, and what its app shows.
//!
//! It keeps a `pid`, and as the offset the last argument of an event, if that is a text, if the event has no callback, and if it has a
//! `pid`. It forgets neither. Its app shows what it was sent, starts anew when `recovered` is false, and checks each event: an update
//! comes once, in order, for its topics, and between two offsets there is nothing that it has not been sent.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::Seq;
use roomcast::protocol::pattern::Pattern;
use roomcast::protocol::topics::{Permissions, Topics};
use roomcast::protocol::update::Entry;
use roomcast::room::view::View;
use serde_json::{json, Map, Value};

use crate::client::History;

/// What the test knows of a connection to the namespace, and the client does not.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    /// The last stored update when the room let it in.
    pub(crate) head: Seq,
    /// The topics with which the room let it in.
    pub(crate) topics: Topics,
    /// The number up to which it said that it has everything.
    pub(crate) shown: Option<Seq>,
    /// How many packets it was sent then: its greeting, and the state or what it missed.
    pub(crate) packets: usize,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Stock {
    pub(crate) user: String,
    pub(crate) permissions: Permissions,
    /// The topics that it gets if it does not say any.
    pub(crate) usual: Topics,
    /// Whether it acknowledges what it has to.
    pub(crate) acknowledges: bool,
    /// Whether some updates may be left out for later ones.
    pub(crate) conflates: bool,
    pid: Option<String>,
    offset: Option<String>,
    pub(crate) connected: bool,
    /// How often it has recovered, and how often not.
    pub(crate) returns: (usize, usize),
    /// The topics that its last offset says.
    topics: Topics,
    /// The number that its last offset says.
    position: Seq,
    /// What it has applied since it last began anew.
    pub(crate) applied: BTreeSet<Seq>,
    /// What has come since the last offset.
    fresh: Vec<Seq>,
    /// What it was sent since then that it has to acknowledge.
    repeated: BTreeSet<Seq>,
    /// Updates without an offset: they count when the next offset has come.
    pending: Vec<Seq>,
    entry: Option<Entered>,
    /// The number up to which it was sent the state since it last began anew.
    state: Seq,
    /// Whether it was sent all of that.
    complete: bool,
    packets: usize,
    /// Whether it has asked for the state since it connected, so that it may be sent anything once more.
    asked: bool,
    emits: u64,
}

impl Stock {
    pub(crate) fn new(user: &str, permissions: Permissions, usual: Topics) -> Self {
        Self {
            user: user.to_owned(),
            permissions,
            usual,
            acknowledges: true,
            conflates: false,
            pid: None,
            offset: None,
            connected: false,
            returns: (0, 0),
            topics: Topics::none(),
            position: 0,
            applied: BTreeSet::new(),
            fresh: Vec::new(),
            repeated: BTreeSet::new(),
            pending: Vec::new(),
            entry: None,
            state: 0,
            complete: false,
            packets: 0,
            asked: false,
            emits: 0,
        }
    }

    /// What it says of itself in CONNECT.
    pub(crate) fn auth(&self) -> Map<String, Value> {
        let mut auth = Map::new();
        if let Some(pid) = &self.pid {
            auth.insert("pid".into(), json!(pid));
            // `undefined` is not sent.
            auth.extend(self.offset.as_ref().map(|offset| ("offset".into(), json!(offset))));
        }
        auth
    }

    /// The room has let it in.
    pub(crate) fn let_in(&mut self, entry: Entered) {
        self.entry = Some(entry);
    }

    /// Its connection is lost.
    pub(crate) fn lose(&mut self) {
        (self.connected, self.entry, self.packets) = (false, None, 0);
        self.fresh.clear();
        self.pending.clear();
    }

    /// The packet of an event that it emits.
    pub(crate) fn emit(&mut self, name: &str, arg: &Value, asks: bool) -> String {
        self.asked |= name == "state";
        self.conflates |= name == "pace";
        self.emits += 1;
        let id = if asks { self.emits.to_string() } else { String::new() };
        format!("42{id}{}", json!([name, arg]))
    }

    /// A packet of Socket.IO arrived, as a message of Engine.IO. Returns its answer.
    pub(crate) fn hear(&mut self, packet: &str, history: &History) -> Option<String> {
        self.packets += 1;
        let (kind, rest) = packet.split_at(2);
        let answer = match kind {
            "40" => {
                self.enter(&serde_json::from_str(rest).unwrap(), history);
                None
            }
            "42" => self.event(rest, history),
            "43" => None,
            "41" | "44" => {
                self.connected = false;
                None
            }
            other => panic!("no packet: {other}"),
        };
        let entry = self.entry.as_ref();
        if self.connected && entry.is_some_and(|entry| self.packets >= entry.packets) {
            self.complete = true;
        }
        answer
    }

    fn enter(&mut self, answer: &Value, history: &History) {
        let pid = answer["pid"].as_str().unwrap().to_owned();
        let recovered = self.pid.as_ref() == Some(&pid);
        (self.connected, self.pid, self.asked) = (true, Some(pid), false);
        let entry = self.entry.as_ref().unwrap();
        if recovered {
            self.returns.0 += 1;
            if !self.complete {
                // It was cut off in the midst of the state, and goes on from there.
                (self.position, self.state) = (entry.shown.unwrap(), 0);
            }
            assert_eq!(self.topics, entry.topics, "it comes back with the topics that it had");
            return;
        }
        self.returns.1 += 1;
        (self.position, self.state, self.complete) = (entry.head, entry.head, false);
        self.topics = entry.topics.clone();
        self.applied.clear();
        self.repeated.clear();
        assert!(self.state == 0 || history.contains_key(&self.state), "that is stored");
    }

    fn event(&mut self, text: &str, history: &History) -> Option<String> {
        let start = text.find('[').unwrap();
        let (id, args) = text.split_at(start);
        let args: Vec<Value> = serde_json::from_str(args).unwrap();
        let name = args[0].as_str().unwrap();
        if name == "test" || name == "job" {
            let seq = args[2].as_u64().unwrap();
            self.take(seq, name == "job", args.last().unwrap().is_null(), history);
        }
        // `_lastOffset`: with a callback, the last argument is that.
        let offset = args.last().and_then(Value::as_str).filter(|_| id.is_empty());
        if let Some(offset) = offset {
            self.offset = Some(offset.to_owned());
            self.stand_at(offset, history);
        }
        (!id.is_empty() && self.acknowledges).then(|| format!("43{id}[]"))
    }

    /// An update arrived.
    fn take(&mut self, seq: Seq, repeats: bool, waits: bool, history: &History) {
        assert!(history.contains_key(&seq), "{seq} is not stored yet");
        if waits {
            self.pending.push(seq);
            return;
        }
        // What it has not acknowledged is sent again, even if it has left the topic meanwhile.
        if repeats && !self.repeated.insert(seq) {
            self.fresh.push(seq);
            return;
        }
        assert!(self.sees(seq, history), "{seq} is not for this client");
        let again = self.applied.contains(&seq);
        assert!(self.asked || !again, "{seq} comes twice");
        let begins = !self.complete && seq <= self.state;
        assert!(self.asked || begins || seq > self.position, "{seq} comes late");
        assert!(
            self.asked || !self.complete || seq > self.state,
            "{seq} is older than the state that it was sent"
        );
        self.applied.insert(seq);
        self.fresh.push(seq);
    }

    fn view(&self) -> View {
        let (topics, permissions) = (self.topics.clone(), self.permissions.clone());
        View { topics, permissions, ..View::of_all(Dialect::V1) }
    }

    fn sees(&self, seq: Seq, history: &History) -> bool {
        history.get(&seq).is_some_and(|entry| self.view().of(&self.user).sees(entry.label()))
    }

    /// An offset arrived: it has everything up to it.
    fn stand_at(&mut self, offset: &str, history: &History) {
        let (seq, topics) = match offset.split_once(' ') {
            None => (offset, Topics::default()),
            Some((seq, list)) => {
                (seq, Topics::parse(list.split(',').filter(|name| !name.is_empty())).unwrap())
            }
        };
        let seq: Seq = seq.parse().unwrap();
        if seq > self.position {
            for missed in self.position + 1..=seq {
                let fresh = self.fresh.contains(&missed) || !self.sees(missed, history);
                let (entry, mut later) = (&history[&missed], history.range(missed + 1..));
                let replaced = entry.keep > 0 || later.any(|(_, later)| ends(later, entry));
                let left_out = self.conflates && replaced;
                assert!(fresh || left_out, "{missed} was not sent before the offset {offset}");
            }
            self.position = seq;
        }
        self.fresh.clear();
        if self.topics != topics {
            self.topics = topics;
            let (view, user) = (self.view(), self.user.clone());
            let sees = |entry: &Entry| view.of(&user).sees(entry.label());
            self.applied.retain(|seq| history.get(seq).is_some_and(sees));
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.retain(|seq| self.sees(*seq, history));
        self.applied.extend(pending);
    }

    /// The topics that it believes to have.
    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }
}

/// Whether one update ends what is known under the key of another.
fn ends(later: &Entry, entry: &Entry) -> bool {
    let ends = |drop: &String| Pattern(drop.clone()).matches(&entry.key);
    later.drops.iter().any(ends) && later.label().covers(entry.label())
}
