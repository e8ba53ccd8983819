//! The state: the shortest list of updates that rebuilds what a dashboard shows, the latest per key.
//!
//! This file knows the keys and encodings of updates, but not what is in them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use super::row::kept_bytes;
use crate::protocol::ids::Seq;
use crate::protocol::parts::Parts;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{Audience, Entry};

/// One update of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its key.
    pub key: Rc<str>,
    /// When its event occurred, if its key is ordered by that time.
    pub occurred: Option<Timestamp>,
    /// Its topic.
    pub topic: Option<String>,
    /// Who may see it; everyone if absent.
    pub audience: Option<Box<Audience>>,
    /// Where its values are in its encoding.
    pub parts: Option<Parts>,
    /// Its encoding.
    pub text: Rc<str>,
}

/// The folded state of a room.
#[derive(Debug, Default)]
pub struct State {
    by_seq: BTreeMap<Seq, Kept>,
    by_key: HashMap<Rc<str>, VecDeque<Seq>>,
    /// Bytes that it takes as a row.
    bytes: usize,
}

impl State {
    /// Adds the update `seq`. Its entry says how many updates of its key stay. If the state takes more than `limit`
    /// bytes as stored, the oldest updates are removed, whatever their keys.
    pub fn apply(&mut self, seq: Seq, entry: &Entry, text: &str, limit: usize) {
        self.insert(seq, entry, text);
        while self.count(&entry.key) > entry.keep {
            let Some(oldest) = self.by_key.get(&*entry.key).and_then(VecDeque::front) else {
                break;
            };
            self.remove(*oldest);
        }
        while self.bytes > limit && self.by_seq.len() > 1 {
            let Some(oldest) = self.by_seq.keys().next() else { break };
            self.remove(*oldest);
        }
    }

    /// Adds an update and removes none. For updates of a checkpoint.
    pub fn insert(&mut self, seq: Seq, entry: &Entry, text: &str) {
        let Entry { key, occurred, topic, audience, parts, .. } = entry;
        let known = self.by_key.get_key_value(&**key).map(|(known, _)| known.clone());
        let key = known.unwrap_or_else(|| key.as_str().into());
        self.by_key.entry(key.clone()).or_default().push_back(seq);
        let (topic, audience) = (topic.clone(), audience.clone());
        let kept =
            Kept { key, occurred: *occurred, topic, audience, parts: *parts, text: text.into() };
        self.bytes += kept_bytes(seq, &kept);
        self.by_seq.insert(seq, kept);
    }

    /// The latest update of a key, and when its event occurred; `None` if the key is not ordered by that time.
    pub fn latest(&self, key: &str) -> Option<(Seq, Timestamp)> {
        let seq = self.by_key.get(key)?.back()?;
        Some((*seq, self.by_seq.get(seq)?.occurred?))
    }

    /// The updates, in the order of their numbers.
    pub fn updates(&self) -> impl Iterator<Item = (Seq, &Kept)> {
        self.by_seq.iter().map(|(seq, kept)| (*seq, kept))
    }

    /// Bytes that it takes as a row.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The encodings of its updates, separated by commas.
    pub fn joined(&self) -> String {
        let texts: Vec<&str> = self.by_seq.values().map(|kept| &*kept.text).collect();
        texts.join(",")
    }

    fn count(&self, key: &str) -> usize {
        self.by_key.get(key).map_or(0, VecDeque::len)
    }

    fn remove(&mut self, seq: Seq) {
        let Some(kept) = self.by_seq.remove(&seq) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(kept_bytes(seq, &kept));
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
    use super::super::row::CheckpointRow;
    use super::super::seen::Leaving;
    use super::*;

    const ROOMY: usize = 10_000;

    fn entry(key: &str, keep: usize) -> Entry {
        Entry { keep, ..Entry::new(key.into(), 0) }
    }

    fn seqs(state: &State) -> Vec<Seq> {
        state.updates().map(|(seq, _)| seq).collect()
    }

    fn row_bytes(state: &State) -> usize {
        let row = CheckpointRow::of(state, 1, 1, Leaving::default());
        row.body.len() + row.meta.len()
    }

    #[test]
    fn the_latest_update_of_a_key_replaces_the_previous_one() {
        let mut state = State::default();
        state.apply(1, &entry("a", 1), "one", ROOMY);
        state.apply(2, &entry("b", 1), "two", ROOMY);
        state.apply(3, &entry("a", 1), "three", ROOMY);
        assert_eq!(state.joined(), "two,three");
    }

    #[test]
    fn a_key_keeps_as_many_updates_as_its_entry_says() {
        let mut state = State::default();
        for seq in 1..=5 {
            state.apply(seq, &entry("messages", 3), "m", ROOMY);
        }
        assert_eq!(seqs(&state), [3, 4, 5]);
        state.apply(6, &entry("messages", 1), "m", ROOMY);
        assert_eq!(seqs(&state), [6], "a smaller number counts from then on");
    }

    #[test]
    fn the_oldest_updates_leave_first_beyond_the_limit() {
        let mut state = State::default();
        for (seq, key) in [(1, "a"), (2, "b"), (3, "c")] {
            state.apply(seq, &entry(key, 1), "12345", 90);
        }
        assert_eq!(seqs(&state), [2, 3]);
        state.apply(4, &entry("d", 1), &"longer than the limit".repeat(9), 90);
        assert_eq!(seqs(&state), [4], "the latest always stays");
    }

    #[test]
    fn keys_count_with_their_escapes() {
        let mut state = State::default();
        for seq in 0..200 {
            let key = format!("%25\u{1}\"é{seq}").repeat(9);
            state.apply(seq, &entry(&key, 1), "{}", ROOMY);
            assert!(row_bytes(&state) <= ROOMY, "{}", row_bytes(&state));
        }
        assert!(row_bytes(&state) > ROOMY * 9 / 10, "and the limit is reached");
    }

    #[test]
    fn a_removed_update_frees_its_bytes() {
        let mut state = State::default();
        for seq in 0..1_000 {
            state.apply(seq, &entry(&format!("k-{}", seq % 3), 1), "12345", ROOMY);
        }
        assert_eq!(state.bytes, row_bytes(&state));
    }
}
