//! The row of the checkpoint: how the folded state is written and read.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{countable, cut, read, write, Corrupt};
use crate::protocol::defaults::is_default;
use crate::protocol::ids::Seq;
use crate::protocol::label::{Audience, Label, OwnedLabel};
use crate::protocol::parts::Parts;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{encoded_bytes, Entry};
use crate::room::seen::Leaving;
use crate::room::shelf::{Kept, Shelf};
use crate::room::state::{Held, State};

/// The row of the checkpoint: the folded state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// The last burst that it covers.
    pub number: u64,
    /// The last update that it covers.
    pub seq: Seq,
    /// The encodings of the state's updates, separated by commas.
    pub body: String,
    /// The metadata of the state: a `Meta`. Before schema 4, a list of `KeptEntry`.
    pub meta: String,
    /// The events that have left the log or soon will, but may still be repeated.
    pub leaving: Leaving,
    /// The tallies, as [`crate::room::tallies`] writes them; a row of its own. Empty if there are none.
    pub tallies: String,
}

/// The metadata of an update of the state.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptEntry<'a> {
    pub(super) seq: Seq,
    pub(super) key: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) occurred: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audience: Option<Cow<'a, Audience>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<Parts>,
    pub(super) bytes: usize,
}

/// The metadata of a state.
#[derive(Serialize, Deserialize)]
struct Meta<'a> {
    /// The metadata of its updates, in the order of their numbers.
    entries: Vec<KeptEntry<'a>>,
    /// Its shelves whose last update is not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    empty: Vec<ShelfEnd>,
    /// The highest last number of the shelves that were forgotten.
    #[serde(default, skip_serializing_if = "is_default")]
    forgotten: Seq,
}

/// The label of a shelf, and the number of its last update.
#[derive(Serialize, Deserialize)]
struct ShelfEnd(OwnedLabel, Seq);

impl CheckpointRow {
    /// The state as a row, with the events that the log is about to forget.
    pub fn of(state: &State, number: u64, seq: Seq, leaving: Leaving) -> Self {
        let updates = state.updates();
        let texts: Vec<&str> = updates.iter().map(|held| &*held.kept.text).collect();
        let body = texts.join(",");
        let entry = |Held { seq, label, kept }| KeptEntry::of(seq, label, kept);
        let meta = Meta {
            entries: updates.into_iter().map(entry).collect(),
            empty: state.without_last().map(ShelfEnd::of).collect(),
            forgotten: state.forgotten(),
        };
        Self { number, seq, body, meta: write(&meta), leaving, tallies: String::new() }
    }

    /// The state that it holds.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn state(&self) -> Result<State, Corrupt> {
        let Meta { entries, empty, forgotten } = self.meta()?;
        let numbers = entries.iter().map(|entry| entry.seq);
        let numbers = numbers.chain(empty.iter().map(|ShelfEnd(_, last)| *last));
        for number in numbers.chain([self.number, self.seq, forgotten]) {
            countable(number, "checkpoint")?;
        }
        let lengths: Vec<usize> = entries.iter().map(|entry| entry.bytes).collect();
        let texts = cut(&self.body, lengths.into_iter(), "checkpoint")?;
        let empty = empty.into_iter().map(|ShelfEnd(label, last)| Shelf::empty(label, last));
        let mut state = State::restore(forgotten, empty);
        for (kept, text) in entries.into_iter().zip(texts) {
            let (seq, entry) = kept.entry();
            state.insert(seq, &entry, text);
        }
        Ok(state)
    }

    fn meta(&self) -> Result<Meta<'_>, Corrupt> {
        if self.meta.starts_with('[') {
            let entries = read(&self.meta, "checkpoint")?;
            return Ok(Meta { entries, empty: Vec::new(), forgotten: 0 });
        }
        read(&self.meta, "checkpoint")
    }
}

impl ShelfEnd {
    fn of(shelf: &Shelf) -> Self {
        Self(shelf.label().to_owned(), shelf.last())
    }
}

impl<'a> KeptEntry<'a> {
    fn of(seq: Seq, label: Label<'a>, kept: &'a Kept) -> Self {
        let Kept { key, occurred, parts, text, .. } = kept;
        let Label { topic, audience } = label;
        Self {
            seq,
            key: Cow::Borrowed(key),
            occurred: *occurred,
            topic: topic.map(Cow::Borrowed),
            audience: audience.map(Cow::Borrowed),
            parts: *parts,
            bytes: text.len(),
        }
    }

    fn entry(self) -> (Seq, Entry) {
        let Self { seq, key, occurred, topic, audience, parts, bytes } = self;
        let topic = topic.map(Cow::into_owned);
        let audience = audience.map(|audience| Box::new(audience.into_owned()));
        let entry = Entry::new(key.into_owned(), bytes);
        (seq, Entry { occurred, topic, audience, parts, ..entry })
    }
}

/// Bytes that an update takes in a checkpoint, commas included.
pub(in crate::room) fn kept_bytes(seq: Seq, label: Label<'_>, kept: &Kept) -> usize {
    kept.text.len() + encoded_bytes(&KeptEntry::of(seq, label, kept)) + 2
}

/// Bytes that the end of a shelf takes in a checkpoint.
pub(in crate::room) fn empty_bytes(shelf: &Shelf) -> usize {
    encoded_bytes(&ShelfEnd::of(shelf)) + 1
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;

    #[test]
    fn the_format_of_a_checkpoint_is_unchanged() {
        let mut state = State::default();
        state.insert(3, &Entry::new("a".into(), 2), "{}");
        state.insert(5, &full(), "[1]");
        let row = CheckpointRow::of(&state, 7, 5, Leaving::default());
        let meta = concat!(
            r#"{"entries":[{"seq":3,"key":"a","bytes":2},{"seq":5,"key":"b","occurred":9,"topic":"project:7","#,
            r#""audience":{"users":["ada"],"permissions":["see"]},"parts":[1,2,0,4],"bytes":3}]}"#
        );
        assert_eq!((row.body.as_str(), row.meta.as_str()), ("{},[1]", meta));
        assert_eq!(CheckpointRow::of(&row.state().unwrap(), 7, 5, Leaving::default()), row);
    }

    #[test]
    fn a_checkpoint_of_schema_3_is_a_list() {
        let meta = r#"[{"seq":3,"key":"a","bytes":2}]"#.to_owned();
        let (body, leaving) = ("{}".to_owned(), Leaving::default());
        let state =
            CheckpointRow { number: 7, seq: 3, body, meta, leaving, tallies: String::new() }
                .state()
                .unwrap();
        let row = CheckpointRow::of(&state, 7, 3, Leaving::default());
        assert_eq!(row.meta, r#"{"entries":[{"seq":3,"key":"a","bytes":2}]}"#);
    }

    #[test]
    fn an_empty_state_is_a_checkpoint_too() {
        let row = CheckpointRow::of(&State::default(), 0, 0, Leaving::default());
        assert_eq!(CheckpointRow::of(&row.state().unwrap(), 0, 0, Leaving::default()), row);
    }
}
