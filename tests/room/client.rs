//! A correct client: it follows its position and fails the test on a gap or a duplicate.
//!
//! It is stricter than a real client. A real client may skip updates that it has already, but here they are an error.

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::follow::{Follower, Heard, Step};
use roomcast::protocol::ids::{Position, Seq};
use roomcast::protocol::server_frame::Recovery;
use roomcast::protocol::time::Timestamp;
use serde_json::Value;

pub(crate) struct Client {
    pub(crate) dialect: Dialect,
    pub(crate) pinged: Option<Timestamp>,
    /// Every frame, in order.
    pub(crate) frames: Vec<Value>,
    /// The ids of the events whose updates it has applied since it connected, in order.
    pub(crate) applied: Vec<String>,
    follower: Follower,
    /// The head in `connected`, which the client must reach.
    promised: Option<Position>,
    /// A state has been announced. Until it comes, the client has no valid position.
    awaits_state: bool,
}

impl Client {
    pub(crate) fn new(dialect: Dialect, resume: Option<&Position>) -> Self {
        Self {
            dialect,
            pinged: None,
            frames: Vec::new(),
            applied: Vec::new(),
            follower: Follower::new(resume.cloned()),
            promised: None,
            awaits_state: false,
        }
    }

    /// The position to resume from.
    pub(crate) fn position(&self) -> Position {
        self.try_position().unwrap()
    }

    /// The position to resume from, if it has one.
    pub(crate) fn try_position(&self) -> Option<Position> {
        self.follower.position().filter(|_| !self.awaits_state).cloned()
    }

    /// The same client on its next connection, with its position and what it has applied.
    pub(crate) fn again(self) -> Self {
        let follower = Follower::new(self.try_position());
        Self { follower, applied: self.applied, ..Self::new(self.dialect, None) }
    }

    pub(crate) fn types(&self) -> Vec<&str> {
        self.frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
    }

    pub(crate) fn receive(&mut self, text: &str, durable: Seq) {
        let frame: Value = serde_json::from_str(text).unwrap();
        let kind = frame["type"].as_str().unwrap();
        assert!(KNOWN.contains(&kind), "not a frame: {kind}");
        assert!(frame["seq"].as_u64().unwrap_or(0) <= durable, "the update is not durable yet");
        assert_eq!(
            kind == "connected",
            self.frames.is_empty(),
            "`connected` comes first and only once"
        );
        match self.dialect {
            Dialect::V1 => self.follow(&frame),
            Dialect::Plain => self.show(&frame),
        }
        self.frames.push(frame);
    }

    fn follow(&mut self, frame: &Value) {
        let heard = Heard::read(frame).unwrap();
        let step = self.follower.hear(&heard);
        match heard {
            Heard::Connected { head, recovery } => {
                assert_ne!(step, Step::Stranger, "replayed into another log");
                self.awaits_state = recovery == Recovery::Snapshot;
                self.promised = Some(head);
            }
            Heard::Updates { prev, seq } => {
                assert!(!self.awaits_state, "the state comes first");
                assert_eq!(
                    step,
                    Step::Continues { after: prev },
                    "there is no gap and no duplicate"
                );
                let updates = updates(frame);
                let seqs = updates.iter().map(|update| update["seq"].as_u64().unwrap());
                assert!(seqs.eq(prev + 1..=seq), "every update, once and in order");
                self.applied.extend(updates.iter().map(event_id));
            }
            Heard::State { head } => {
                let seqs: Vec<_> =
                    updates(frame).iter().map(|update| update["seq"].as_u64().unwrap()).collect();
                assert!(seqs.is_sorted_by(|a, b| a < b), "a state is in order");
                assert!(seqs.iter().all(|seq| *seq <= head.seq), "a state ends at its position");
                self.awaits_state = false;
            }
            Heard::Other => {}
        }
    }

    /// A plain client gets a state that it asked for as single updates, which may be older than its last update.
    fn show(&mut self, frame: &Value) {
        assert!(frame.get("updates").is_none(), "a plain client gets one update per frame");
        if let Some(seq) = frame["seq"].as_u64() {
            self.follower.stand_at(seq);
            self.applied.push(event_id(frame));
        }
    }

    /// Whether it has reached the head in `connected`.
    pub(crate) fn is_level(&self) -> bool {
        let there = |head: &Position| self.try_position().is_some_and(|own| own.seq >= head.seq);
        self.promised.as_ref().is_none_or(there)
    }
}

const KNOWN: [&str; 6] =
    ["connected", "dashboard.state", "dashboard.update", "dashboard.updates", "error", "pong"];

/// The updates in a frame, which may itself be an update.
fn updates(frame: &Value) -> &[Value] {
    let Some(updates) = frame["updates"].as_array() else {
        return std::slice::from_ref(frame);
    };
    let one_is_no_list = frame["type"] == "dashboard.updates" && updates.len() < 2;
    assert!(!one_is_no_list, "a single update is a frame of its own");
    updates
}

fn event_id(update: &Value) -> String {
    update["data"]["id"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    const GREETING: &str = r#"{"type":"connected","epoch":"5b1d000000000000","seq":4,"#;

    /// Whether a client that has received `connected`, and has seen four updates, accepts the frame.
    fn takes(recovery: &str, frame: &str) -> bool {
        let resume = "5b1d000000000000:4".parse().unwrap();
        let receiving = || {
            let mut client = Client::new(Dialect::V1, Some(&resume));
            client.receive(&format!(r#"{GREETING}"recovery":"{recovery}"}}"#), 99);
            client.receive(frame, 99);
        };
        catch_unwind(receiving).is_ok()
    }

    fn burst(prev: u64, seq: u64, seqs: &[u64]) -> String {
        let update =
            |seq: &u64| format!(r#"{{"type":"dashboard.update","seq":{seq},"data":{{}}}}"#);
        let updates = seqs.iter().map(update).collect::<Vec<_>>().join(",");
        format!(r#"{{"type":"dashboard.updates","prev":{prev},"seq":{seq},"updates":[{updates}]}}"#)
    }

    #[test]
    fn the_client_rejects_gaps_repetitions_and_disorder() {
        assert!(takes("replayed", &burst(4, 6, &[5, 6])));
        for frame in [
            burst(5, 7, &[6, 7]),
            burst(3, 6, &[4, 5, 6]),
            burst(2, 4, &[3, 4]),
            burst(4, 6, &[6, 5]),
            burst(4, 7, &[5, 6]),
            burst(4, 5, &[5]),
            burst(4, 100, &[5, 6]),
        ] {
            assert!(!takes("replayed", &frame), "{frame}");
        }
        assert!(!takes("snapshot", &burst(4, 6, &[5, 6])), "before the state");
    }
}
