//! Checks that the frames of a client keep what `docs/protocol.md` promises: no gap, no duplicate, and nothing beyond
//! the head.
//!
//! It is stricter than a real client. A real client may skip updates that it has already, but here they are an error.

use roomcast::protocol::follow::{Follower, Heard, Step};
use roomcast::protocol::ids::Position;
use roomcast::protocol::server_frame::Recovery;
use serde_json::Value;

/// What a client of `roomcast.v1` has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker {
    follower: Follower,
    /// The epoch in the last `connected`.
    epoch: String,
    /// Whether the client need not see every update.
    part: bool,
    /// The number of states that it was sent.
    pub(crate) snapshots: usize,
    /// Updates that were received by tail or replay, and not as part of a state.
    pub(crate) updates: Vec<Value>,
    /// The latest state.
    pub(crate) state: Vec<Value>,
}

impl Tracker {
    /// A tracker that has seen everything up to a position, or nothing if `position` is malformed.
    pub(crate) fn at(position: &str) -> Self {
        Self { follower: Follower::new(position.parse().ok()), ..Self::default() }
    }

    /// The same tracker, of a client that need not see every update.
    pub(crate) fn of_a_part(self) -> Self {
        Self { part: true, ..self }
    }

    /// Checks a frame, and follows it.
    ///
    /// # Errors
    /// What is wrong with the frame.
    pub(crate) fn take(&mut self, frame: &Value) -> Result<(), String> {
        let before = self.position();
        let heard = Heard::read(frame).ok_or_else(|| format!("not a frame: {frame}"))?;
        let step = self.follower.hear(&heard);
        match &heard {
            Heard::Connected { head, recovery } => {
                self.epoch = head.epoch.to_string();
                greeting(head, *recovery, &step, self.seq())
            }
            Heard::Updates { prev, seq } => {
                let seqs = self.updated(frame)?;
                if self.part {
                    return partly(*seq, &seqs, &step);
                }
                follows(*prev, *seq, &seqs, &step)
            }
            Heard::Subscribed { .. } => self.updated(frame).map(drop),
            Heard::State { head } => self.rebuilt(frame, head),
            Heard::Other => Ok(()),
        }
        .map_err(|wrong| format!("{wrong}, after {before}"))
    }

    /// The epoch in the last `connected`.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The last update that was seen.
    pub(crate) fn seq(&self) -> u64 {
        self.follower.position().map_or(0, |position| position.seq)
    }

    /// The position from which it would resume.
    pub(crate) fn position(&self) -> String {
        self.follower.position().map(ToString::to_string).unwrap_or_default()
    }

    /// Keeps the updates of a frame, and returns their seqs.
    fn updated(&mut self, frame: &Value) -> Result<Vec<u64>, String> {
        let updates = match frame["updates"].as_array() {
            Some(updates) => updates.clone(),
            None => vec![alone(frame)],
        };
        let seqs = seqs(&updates)?;
        self.updates.extend(updates);
        Ok(seqs)
    }

    fn rebuilt(&mut self, frame: &Value, head: &Position) -> Result<(), String> {
        let updates = frame["updates"].as_array().ok_or("a state without updates")?;
        let seqs = seqs(updates)?;
        if head.epoch.as_str() != self.epoch || !seqs.is_sorted_by(|a, b| a < b) {
            return Err(format!("a state of {}, ordered {seqs:?}", head.epoch));
        }
        if !self.part && seqs.last() != Some(&head.seq).filter(|seq| **seq > 0) {
            return Err(format!("a state at {} ends at {:?}", head.seq, seqs.last()));
        }
        self.snapshots += 1;
        self.state.clone_from(updates);
        Ok(())
    }
}

fn greeting(head: &Position, recovery: Recovery, step: &Step, own: u64) -> Result<(), String> {
    let right = match recovery {
        Recovery::None => head.seq == 0,
        Recovery::Replayed => *step == Step::Stays && own <= head.seq,
        // The state follows, with its own position.
        Recovery::Snapshot => head.seq > 0,
    };
    right.then_some(()).ok_or_else(|| format!("recovery {recovery:?} at {head}"))
}

/// Checks that a frame has new updates only, in order, up to its own position.
fn partly(seq: u64, seqs: &[u64], step: &Step) -> Result<(), String> {
    let new = matches!(step, Step::Continues { after } if seqs.first().is_some_and(|first| first > after));
    if !new || !seqs.is_sorted_by(|a, b| a < b) || seqs.last() != Some(&seq) {
        return Err(format!("updates {seqs:?} up to {seq}: {step:?}"));
    }
    Ok(())
}

/// Checks that a frame has every update after the client's position, each once.
fn follows(prev: u64, seq: u64, seqs: &[u64], step: &Step) -> Result<(), String> {
    let wanted = Step::Continues { after: prev };
    if *step != wanted || !seqs.iter().copied().eq(prev + 1..=seq) {
        return Err(format!("updates {seqs:?} after {prev} up to {seq}: {step:?}"));
    }
    Ok(())
}

/// The update that is a frame of its own. When it was sent is no part of it.
pub(crate) fn alone(frame: &Value) -> Value {
    let mut update = frame.clone();
    if let Some(fields) = update.as_object_mut() {
        fields.remove("sentAt");
    }
    update
}

fn seqs(updates: &[Value]) -> Result<Vec<u64>, String> {
    let seq = |update: &Value| update["seq"].as_u64().ok_or_else(|| format!("no seq: {update}"));
    updates.iter().map(seq).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(seq: u64) -> Value {
        json!({"type": "dashboard.update", "seq": seq})
    }

    fn burst(prev: u64, seq: u64, seqs: &[u64]) -> Value {
        let updates: Vec<Value> = seqs.iter().map(|seq| update(*seq)).collect();
        json!({"type": "dashboard.updates", "prev": prev, "seq": seq, "updates": updates})
    }

    fn takes(frame: &Value) -> bool {
        Tracker::at("5b1d000000000000:4").take(frame).is_ok()
    }

    #[test]
    fn updates_that_continue_are_accepted() {
        assert!(takes(&update(5)) && takes(&burst(4, 6, &[5, 6])));
    }

    #[test]
    fn gaps_repetitions_and_disorder_are_errors() {
        for frame in [
            update(6),
            update(4),
            burst(5, 7, &[6, 7]),
            burst(3, 5, &[4, 5]),
            burst(4, 6, &[6, 5]),
            burst(4, 6, &[5, 5]),
            burst(4, 7, &[5, 6]),
            burst(4, 6, &[5, 6, 7]),
            json!({"type": "connected", "epoch": "07aa000000000000", "seq": 9, "recovery": "replayed"}),
            json!({"type": "connected", "epoch": "5b1d000000000000", "seq": 3, "recovery": "replayed"}),
            json!({"type": "dashboard.state", "epoch": "07aa000000000000", "seq": 9, "updates": []}),
            json!({"type": "dashboard.update"}),
        ] {
            assert!(!takes(&frame), "{frame}");
        }
    }
}
