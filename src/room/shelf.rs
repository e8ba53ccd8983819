//! A shelf of the state: the updates with one label, the latest per key.
//!
//! This file knows the keys and encodings of updates, but not what is in them, and no other shelf.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use super::row::kept_bytes;
use crate::protocol::ids::Seq;
use crate::protocol::label::{Label, OwnedLabel};
use crate::protocol::parts::Parts;
use crate::protocol::pattern::Pattern;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Entry;

/// One update of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its key.
    pub key: Rc<str>,
    /// When its event occurred, if its key is ordered by that time.
    pub occurred: Option<Timestamp>,
    /// Where its values are in its encoding.
    pub parts: Option<Parts>,
    /// Its encoding.
    pub text: Rc<str>,
    /// Bytes that it takes in a row.
    size: usize,
}

/// The updates with one label.
#[derive(Debug)]
pub struct Shelf {
    label: OwnedLabel,
    by_seq: BTreeMap<Seq, Kept>,
    by_key: HashMap<Rc<str>, VecDeque<Seq>>,
    /// Bytes that its updates take in a row.
    bytes: usize,
    /// The number of its last update, even if that is no longer in the state.
    last: Seq,
}

impl Shelf {
    /// A shelf whose last update had this number, and is not in the state.
    pub fn empty(label: OwnedLabel, last: Seq) -> Self {
        Self { label, by_seq: BTreeMap::new(), by_key: HashMap::new(), bytes: 0, last }
    }

    /// The label of its updates.
    pub fn label(&self) -> Label<'_> {
        self.label.label()
    }

    /// Bytes that its updates take in a row.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of its last update, even if that is no longer in the state.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Whether none of its updates is in the state.
    pub fn is_empty(&self) -> bool {
        self.by_seq.is_empty()
    }

    /// Whether its last update is in the state.
    pub fn has_last(&self) -> bool {
        self.by_seq.contains_key(&self.last)
    }

    /// Its updates, in the order of their numbers.
    pub fn updates(&self) -> impl Iterator<Item = (Seq, &Kept)> {
        self.by_seq.iter().map(|(seq, kept)| (*seq, kept))
    }

    /// The latest update of a key, and when its event occurred; `None` if the key is not ordered by that time.
    pub fn latest(&self, key: &str) -> Option<(Seq, Timestamp)> {
        let seq = self.by_key.get(key)?.back()?;
        Some((*seq, self.by_seq.get(seq)?.occurred?))
    }

    /// Adds the update `seq`. Its entry says how many updates of its key stay.
    pub fn apply(&mut self, seq: Seq, entry: &Entry, text: Rc<str>) {
        self.insert(seq, entry, text);
        while self.count(&entry.key) > entry.keep {
            let Some(oldest) = self.by_key.get(&*entry.key).and_then(VecDeque::front) else {
                break;
            };
            self.remove(*oldest);
        }
    }

    /// Adds an update and removes none. For updates of a checkpoint.
    pub fn insert(&mut self, seq: Seq, entry: &Entry, text: Rc<str>) {
        let Entry { key, occurred, parts, .. } = entry;
        let known = self.by_key.get_key_value(&**key).map(|(known, _)| known.clone());
        let key = known.unwrap_or_else(|| key.as_str().into());
        self.by_key.entry(key.clone()).or_default().push_back(seq);
        let mut kept = Kept { key, occurred: *occurred, parts: *parts, text, size: 0 };
        kept.size = kept_bytes(seq, self.label(), &kept);
        self.bytes += kept.size;
        self.by_seq.insert(seq, kept);
        self.last = self.last.max(seq);
    }

    /// The number of its oldest update.
    pub fn oldest(&self) -> Option<Seq> {
        self.by_seq.keys().next().copied()
    }

    /// Removes its oldest update.
    pub fn remove_oldest(&mut self) {
        if let Some(oldest) = self.oldest() {
            self.remove(oldest);
        }
    }

    /// Removes the updates of all keys that match.
    pub fn remove_keys(&mut self, pattern: &Pattern) {
        let of_keys = self.by_key.iter().filter(|(key, _)| pattern.matches(key));
        let seqs: Vec<Seq> = of_keys.flat_map(|(_, seqs)| seqs.iter().copied()).collect();
        for seq in seqs {
            self.remove(seq);
        }
    }

    fn count(&self, key: &str) -> usize {
        self.by_key.get(key).map_or(0, VecDeque::len)
    }

    fn remove(&mut self, seq: Seq) {
        let Some(kept) = self.by_seq.remove(&seq) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(kept.size);
        let Some(seqs) = self.by_key.get_mut(&kept.key) else {
            return;
        };
        seqs.retain(|other| *other != seq);
        if seqs.is_empty() {
            self.by_key.remove(&kept.key);
        }
    }
}
