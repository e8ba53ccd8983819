//! The state: the shortest list of updates that rebuilds the view, the latest per key.
//!
//! Knows keys and encodings, never what is in them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use crate::protocol::ids::Seq;

/// One update of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is the latest of.
    pub key: Rc<str>,
    /// Its encoding.
    pub text: Rc<str>,
}

/// The folded state of a room.
#[derive(Debug, Default)]
pub struct State {
    by_seq: BTreeMap<Seq, Kept>,
    by_key: HashMap<Rc<str>, VecDeque<Seq>>,
    bytes: usize,
}

impl State {
    /// Takes in the update `seq`. The `keep` latest of its key stay; beyond `limit` bytes the oldest
    /// updates of all leave.
    pub fn apply(&mut self, seq: Seq, key: &str, keep: usize, text: &str, limit: usize) {
        self.insert(seq, key, text);
        while self.count(key) > keep {
            let Some(oldest) = self.by_key.get(key).and_then(VecDeque::front) else { break };
            self.remove(*oldest);
        }
        while self.bytes > limit && self.by_seq.len() > 1 {
            let Some(oldest) = self.by_seq.keys().next() else { break };
            self.remove(*oldest);
        }
    }

    /// Takes in an update that is known to stay: from a checkpoint.
    pub fn insert(&mut self, seq: Seq, key: &str, text: &str) {
        let known = self.by_key.get_key_value(key).map(|(known, _)| known.clone());
        let key = known.unwrap_or_else(|| key.into());
        self.bytes += text.len();
        self.by_key.entry(key.clone()).or_default().push_back(seq);
        self.by_seq.insert(seq, Kept { key, text: text.into() });
    }

    /// The updates, in the order of their numbers.
    pub fn updates(&self) -> impl Iterator<Item = (Seq, &Kept)> {
        self.by_seq.iter().map(|(seq, kept)| (*seq, kept))
    }

    /// Their encodings, separated by commas.
    pub fn joined(&self) -> String {
        let mut joined = String::with_capacity(self.bytes + self.by_seq.len());
        for kept in self.by_seq.values() {
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(&kept.text);
        }
        joined
    }

    fn count(&self, key: &str) -> usize {
        self.by_key.get(key).map_or(0, VecDeque::len)
    }

    fn remove(&mut self, seq: Seq) {
        let Some(kept) = self.by_seq.remove(&seq) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(kept.text.len());
        let Some(seqs) = self.by_key.get_mut(&kept.key) else {
            return;
        };
        seqs.retain(|other| *other != seq);
        if seqs.is_empty() {
            self.by_key.remove(&kept.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: usize = 1_000;

    fn seqs(state: &State) -> Vec<Seq> {
        state.updates().map(|(seq, _)| seq).collect()
    }

    #[test]
    fn the_latest_of_a_key_replaces_the_one_before() {
        let mut state = State::default();
        state.apply(1, "a", 1, "one", ROOMY);
        state.apply(2, "b", 1, "two", ROOMY);
        state.apply(3, "a", 1, "three", ROOMY);
        assert_eq!(state.joined(), "two,three");
    }

    #[test]
    fn a_key_keeps_as_many_as_it_is_told() {
        let mut state = State::default();
        for seq in 1..=5 {
            state.apply(seq, "messages", 3, "m", ROOMY);
        }
        assert_eq!(seqs(&state), [3, 4, 5]);
        state.apply(6, "messages", 1, "m", ROOMY);
        assert_eq!(seqs(&state), [6], "a smaller number counts from then on");
    }

    #[test]
    fn beyond_the_limit_the_oldest_leave_first() {
        let mut state = State::default();
        for (seq, key) in [(1, "a"), (2, "b"), (3, "c")] {
            state.apply(seq, key, 1, "12345", 10);
        }
        assert_eq!(seqs(&state), [2, 3]);
        state.apply(4, "d", 1, "longer than the limit", 10);
        assert_eq!(seqs(&state), [4], "the latest always stays");
    }
}
