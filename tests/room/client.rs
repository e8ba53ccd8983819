//! A client as it should be: follows its position and takes neither a gap nor a duplicate.

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{Epoch, Position, Seq};
use roomcast::protocol::time::Timestamp;
use serde_json::Value;

pub(crate) struct Client {
    pub(crate) dialect: Dialect,
    pub(crate) pinged: Option<Timestamp>,
    /// Every frame, in order.
    pub(crate) frames: Vec<Value>,
    /// The ids of the events whose updates it has applied since it connected, in order.
    pub(crate) applied: Vec<String>,
    epoch: Option<Epoch>,
    seq: Option<Seq>,
    /// How many frames follow before the client is at the position that the greeting promised.
    promised: Option<Seq>,
}

impl Client {
    pub(crate) fn new(dialect: Dialect, resume: Option<&Position>) -> Self {
        Self {
            dialect,
            pinged: None,
            frames: Vec::new(),
            applied: Vec::new(),
            epoch: resume.map(|position| position.epoch.clone()),
            seq: resume.map(|position| position.seq),
            promised: None,
        }
    }

    /// What to come back with.
    pub(crate) fn position(&self) -> Position {
        Position { epoch: self.epoch.clone().unwrap(), seq: self.seq.unwrap_or(0) }
    }

    /// The same, if it has got as far as to have one.
    pub(crate) fn try_position(&self) -> Option<Position> {
        Some(Position { epoch: self.epoch.clone()?, seq: self.seq? })
    }

    /// The same client on its next connection: it knows what it has applied and where it is.
    pub(crate) fn again(self) -> Self {
        let frames = Vec::new();
        Self { frames, promised: None, pinged: None, ..self }
    }

    pub(crate) fn types(&self) -> Vec<&str> {
        self.frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
    }

    pub(crate) fn receive(&mut self, text: &str, durable: Seq) {
        let frame: Value = serde_json::from_str(text).unwrap();
        match frame["type"].as_str().unwrap() {
            "connected" => self.greeted(&frame),
            "dashboard.state" => self.restart(&frame),
            "dashboard.update" => self.apply(&frame),
            "dashboard.updates" => self.apply_all(&frame),
            "error" | "pong" => {}
            other => panic!("not a frame: {other}"),
        }
        assert!(frame["seq"].as_u64().unwrap_or(0) <= durable, "saw what is not durable");
        self.frames.push(frame);
    }

    fn greeted(&mut self, frame: &Value) {
        assert!(self.frames.is_empty(), "greeted once, first");
        if self.dialect == Dialect::Plain {
            return;
        }
        let epoch: Epoch = frame["epoch"].as_str().unwrap().parse().unwrap();
        self.promised = frame["seq"].as_u64();
        match frame["recovery"].as_str().unwrap() {
            "none" => self.seq = Some(0),
            "replayed" => assert!(self.epoch.as_ref() == Some(&epoch), "replayed into another log"),
            "snapshot" => self.seq = None,
            other => panic!("no such recovery: {other}"),
        }
        self.epoch = Some(epoch);
    }

    fn restart(&mut self, frame: &Value) {
        let head = frame["seq"].as_u64().unwrap();
        let updates = frame["updates"].as_array().unwrap();
        let seqs: Vec<_> = updates.iter().map(|update| update["seq"].as_u64().unwrap()).collect();
        assert!(seqs.is_sorted_by(|a, b| a < b), "a state is in order");
        assert!(seqs.iter().all(|seq| *seq <= head), "a state ends at its position");
        self.seq = Some(head);
    }

    fn apply_all(&mut self, frame: &Value) {
        assert_eq!(self.dialect, Dialect::V1, "a plain client gets one update per frame");
        let updates = frame["updates"].as_array().unwrap();
        assert!(updates.len() > 1, "a single update is its own frame");
        let prev = frame["prev"].as_u64();
        assert!(self.seq.is_none() || self.seq == prev, "`prev` is where the client is");
        for update in updates {
            self.apply(update);
        }
        assert_eq!(self.seq, frame["seq"].as_u64());
    }

    fn apply(&mut self, update: &Value) {
        let seq = update["seq"].as_u64().unwrap();
        // A plain client that asked for the state gets it as updates, from anywhere before the tail.
        if self.dialect == Dialect::V1 {
            assert_eq!(
                self.seq.map(|position| position + 1),
                Some(seq),
                "neither gap nor duplicate"
            );
        }
        self.seq = Some(seq);
        self.applied.push(update["data"]["id"].as_str().unwrap_or_default().to_owned());
    }

    /// Whether it has got to where the greeting said it would.
    pub(crate) fn is_level(&self) -> bool {
        self.promised.is_none_or(|promised| self.seq.is_some_and(|seq| seq >= promised))
    }
}
