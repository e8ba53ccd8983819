//! Whether what a client is sent is what `docs/protocol.md` promises: no gap, no duplicate, and
//! nothing from beyond the head.

use serde_json::Value;

/// What a client of `roomcast.v1` has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker {
    /// Of the room.
    pub(crate) epoch: String,
    /// The last update that was seen.
    pub(crate) seq: u64,
    /// States that were taken over.
    pub(crate) snapshots: usize,
    /// Updates that came as such, not as part of a state.
    pub(crate) updates: Vec<Value>,
    /// The latest state.
    pub(crate) state: Vec<Value>,
}

impl Tracker {
    /// Takes in a frame.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn take(&mut self, frame: &Value) -> Result<(), String> {
        match frame["type"].as_str() {
            Some("connected") => self.connected(frame),
            Some("dashboard.update") => self.update(frame),
            Some("dashboard.updates") => self.burst(frame),
            Some("dashboard.state") => self.state(frame),
            _ => Ok(()),
        }
    }

    /// Where it would resume.
    pub(crate) fn position(&self) -> String {
        format!("{}:{}", self.epoch, self.seq)
    }

    fn connected(&mut self, frame: &Value) -> Result<(), String> {
        let (head, epoch) = (number(frame, "seq")?, frame["epoch"].as_str());
        let epoch = epoch.ok_or("no epoch")?.to_owned();
        let same = self.epoch == epoch;
        match frame["recovery"].as_str() {
            Some("none") if head == 0 => self.seq = 0,
            Some("replayed") if same && self.seq <= head => {}
            // The state follows, and says where it is.
            Some("snapshot") if head > 0 => {}
            other => return Err(format!("recovery {other:?} at {head}, from {}", self.position())),
        }
        self.epoch = epoch;
        Ok(())
    }

    fn update(&mut self, frame: &Value) -> Result<(), String> {
        let seq = number(frame, "seq")?;
        if seq != self.seq + 1 {
            return Err(format!("update {seq} follows {}", self.seq));
        }
        self.seq = seq;
        self.updates.push(frame.clone());
        Ok(())
    }

    fn burst(&mut self, frame: &Value) -> Result<(), String> {
        let (prev, seq) = (number(frame, "prev")?, number(frame, "seq")?);
        if prev != self.seq {
            return Err(format!("a burst after {prev} follows {}", self.seq));
        }
        for update in list(frame)? {
            self.update(update)?;
        }
        if self.seq == seq {
            Ok(())
        } else {
            Err(format!("a burst up to {seq} ends at {}", self.seq))
        }
    }

    fn state(&mut self, frame: &Value) -> Result<(), String> {
        let (seq, updates) = (number(frame, "seq")?, list(frame)?);
        let seqs: Result<Vec<u64>, String> =
            updates.iter().map(|update| number(update, "seq")).collect();
        let seqs = seqs?;
        if frame["epoch"] != self.epoch || !seqs.is_sorted_by(|a, b| a < b) {
            return Err(format!("a state of {}, ordered {seqs:?}", frame["epoch"]));
        }
        if seqs.last() != Some(&seq).filter(|seq| **seq > 0) {
            return Err(format!("a state at {seq} ends at {:?}", seqs.last()));
        }
        self.seq = seq;
        self.snapshots += 1;
        self.state.clone_from(updates);
        Ok(())
    }
}

fn number(frame: &Value, field: &str) -> Result<u64, String> {
    frame[field].as_u64().ok_or_else(|| format!("no {field} in {frame}"))
}

fn list(frame: &Value) -> Result<&Vec<Value>, String> {
    frame["updates"].as_array().ok_or_else(|| format!("no updates in {frame}"))
}
