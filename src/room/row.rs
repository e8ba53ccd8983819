//! The row formats of bursts and checkpoints: how they are written and read.
//!
//! `body` is what is sent: the encodings of the updates, separated by commas. `meta` is not sent: a JSON object per
//! update, so that replaying and folding decode no updates. What a waking room needs of every burst is short and is
//! kept apart ([`Head`]). Tests pin the formats, and [`SCHEMA`] is their version. A change needs a migration of
//! existing rooms; `row/schema_1.rs` is one. Storage is the shell's.

pub mod schema_1;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::seen::Leaving;
use super::state::{Kept, State};
use crate::limits::LOG_BURSTS;
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::parts::Parts;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{encoded_bytes, Audience, Entry};

/// The version of the rows. A release must not touch rows of a newer version than it knows.
///
/// 1: three tables, `meta` is a list of arrays. 2: one table, `meta` is a list of objects. 3: these objects may have a
/// topic, an audience and parts. An older release would ignore the audience and show the update to every member.
pub const SCHEMA: u64 = 3;

/// Slots of the ring in which bursts are stored: burst `n` is in slot `n % RING_SLOTS`. This is a format, not a limit:
/// with another number, existing bursts would be looked for in the wrong slots.
pub const RING_SLOTS: u64 = 512;

const _: () = assert!(LOG_BURSTS <= RING_SLOTS, "the ring has to hold the log");

/// The row of a burst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurstRow {
    /// Its number; the slot is this modulo [`RING_SLOTS`].
    pub number: u64,
    /// The number of its first update.
    pub first: Seq,
    /// The number of its last update.
    pub last: Seq,
    /// The encodings of its updates, separated by commas.
    pub body: Rc<str>,
    /// The metadata of its updates: a list of [`Entry`].
    pub meta: String,
}

/// The columns of a burst without its updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// The number of its first update.
    pub first: Seq,
    /// The number of its last update.
    pub last: Seq,
    /// Bytes of its body.
    pub bytes: usize,
    /// When it was stored.
    pub at: Timestamp,
    /// When the latest of its requests was signed.
    pub signed: Timestamp,
    /// The hashes of its events' ids, as [`super::seen`] writes them.
    pub ids: String,
}

/// The row of the checkpoint: the folded state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// The last burst that it covers.
    pub number: u64,
    /// The last update that it covers.
    pub seq: Seq,
    /// The encodings of the state's updates, separated by commas.
    pub body: String,
    /// The metadata of the state's updates: a list of `KeptEntry`.
    pub meta: String,
    /// The events that have left the log or soon will, but may still be repeated.
    pub leaving: Leaving,
}

/// The metadata of an update of the state.
#[derive(Serialize, Deserialize)]
struct KeptEntry<'a> {
    seq: Seq,
    key: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<Cow<'a, Audience>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<Parts>,
    bytes: usize,
}

/// Everything that is stored of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its epoch, if it has ever begun.
    pub epoch: Option<Epoch>,
    /// Whether it was stored by a release in which rooms did not end, so that the alarm for the end may be missing.
    pub endless: bool,
    /// The checkpoint, if there is one yet.
    pub checkpoint: Option<CheckpointRow>,
    /// The heads of the bursts in the ring, in the order of their numbers.
    pub heads: Vec<Head>,
    /// The bursts that the checkpoint does not cover.
    pub tail: Vec<BurstRow>,
}

/// A stored row cannot be read. The room fails instead of guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt(
    /// The kind of row.
    pub &'static str,
);

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a stored {} cannot be read", self.0)
    }
}

impl std::error::Error for Corrupt {}

impl BurstRow {
    /// The metadata of its updates.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` is not a list with one entry per update.
    pub fn entries(&self) -> Result<Vec<Entry>, Corrupt> {
        let entries: Vec<Entry> = read(&self.meta, "burst")?;
        let count = self.last.checked_sub(self.first).map(|span| span + 1);
        if count == u64::try_from(entries.len()).ok() {
            Ok(entries)
        } else {
            Err(Corrupt("burst"))
        }
    }

    /// Its updates: number, metadata, encoding.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn updates(&self) -> Result<Vec<(Seq, Entry, &str)>, Corrupt> {
        let entries = self.entries()?;
        let texts = cut(&self.body, entries.iter().map(|entry| entry.bytes), "burst")?;
        Ok((self.first..)
            .zip(entries)
            .zip(texts)
            .map(|((seq, entry), text)| (seq, entry, text))
            .collect())
    }

    /// The part of the body after the update `after`.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn body_after(&self, after: Seq) -> Result<&str, Corrupt> {
        let skipped = after.saturating_sub(self.first.saturating_sub(1));
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        if skipped == 0 {
            return Ok(&self.body);
        }
        let entries = self.entries()?;
        let skipped = entries.iter().take(skipped).map(|entry| entry.bytes);
        let start =
            skipped.fold(0, |start: usize, bytes| start.saturating_add(bytes).saturating_add(1));
        self.body.get(start..).ok_or(Corrupt("burst"))
    }
}

impl CheckpointRow {
    /// The state as a row, with the events that the log is about to forget.
    pub fn of(state: &State, number: u64, seq: Seq, leaving: Leaving) -> Self {
        let entries = state.updates().map(|(seq, kept)| KeptEntry::of(seq, kept));
        let meta = write(&entries.collect::<Vec<_>>());
        Self { number, seq, body: state.joined(), meta, leaving }
    }

    /// The state that it holds.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn state(&self) -> Result<State, Corrupt> {
        let entries: Vec<KeptEntry> = read(&self.meta, "checkpoint")?;
        let lengths: Vec<usize> = entries.iter().map(|entry| entry.bytes).collect();
        let texts = cut(&self.body, lengths.into_iter(), "checkpoint")?;
        let mut state = State::default();
        for (kept, text) in entries.into_iter().zip(texts) {
            let (seq, entry) = kept.entry();
            state.insert(seq, &entry, text);
        }
        Ok(state)
    }
}

impl<'a> KeptEntry<'a> {
    fn of(seq: Seq, kept: &'a Kept) -> Self {
        let Kept { key, occurred, topic, audience, parts, text } = kept;
        Self {
            seq,
            key: Cow::Borrowed(key),
            occurred: *occurred,
            topic: topic.as_deref().map(Cow::Borrowed),
            audience: audience.as_deref().map(Cow::Borrowed),
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
pub(super) fn kept_bytes(seq: Seq, kept: &Kept) -> usize {
    kept.text.len() + encoded_bytes(&KeptEntry::of(seq, kept)) + 2
}

/// Bytes that an update takes in a burst, commas included.
pub(super) fn entry_bytes(entry: &Entry) -> usize {
    entry.bytes + encoded_bytes(entry) + 2
}

/// Writes the metadata beside a body. It consists of numbers and strings, so encoding cannot fail.
pub(super) fn write<T: Serialize>(meta: &T) -> String {
    serde_json::to_string(meta).unwrap_or_default()
}

pub(super) fn read<T: DeserializeOwned>(meta: &str, what: &'static str) -> Result<T, Corrupt> {
    serde_json::from_str(meta).map_err(|_| Corrupt(what))
}

/// Cuts a body into encodings of the given lengths.
fn cut<'b>(
    body: &'b str,
    lengths: impl Iterator<Item = usize>,
    what: &'static str,
) -> Result<Vec<&'b str>, Corrupt> {
    let mut start = 0_usize;
    let texts: Option<Vec<_>> = lengths
        .map(|length| {
            let end = start.checked_add(length)?;
            let text = body.get(start..end)?;
            start = end.checked_add(1)?;
            let separated = end == body.len() || body.get(end..start) == Some(",");
            separated.then_some(text)
        })
        .collect();
    texts.filter(|_| start == body.len() + usize::from(!body.is_empty())).ok_or(Corrupt(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst() -> BurstRow {
        BurstRow {
            number: 7,
            first: 41,
            last: 42,
            body: r#"{"seq":41},{"seq":42,"é":1}"#.into(),
            meta: concat!(
                r#"[{"key":"a","bytes":10},{"key":"b","keep":50,"occurred":9,"topic":"project:7","#,
                r#""audience":{"users":["ada"],"permissions":["see"]},"parts":[1,2,0,4],"bytes":17}]"#
            )
            .into(),
        }
    }

    /// An entry with every field.
    fn full() -> Entry {
        let audience = Audience { users: vec!["ada".into()], permissions: vec!["see".into()] };
        Entry {
            keep: 50,
            occurred: Some(Timestamp(9)),
            topic: Some("project:7".into()),
            audience: Some(Box::new(audience)),
            parts: Some([1, 2, 0, 4].into()),
            ..Entry::new("b".into(), 17)
        }
    }

    #[test]
    fn the_format_of_a_burst_is_unchanged() {
        let a = Entry::new("a".into(), 10);
        let entries = vec![a, full()];
        assert_eq!(write(&entries), burst().meta);
        assert_eq!(burst().entries(), Ok(entries));
    }

    #[test]
    fn the_format_of_a_checkpoint_is_unchanged() {
        let mut state = State::default();
        state.insert(3, &Entry::new("a".into(), 2), "{}");
        state.insert(5, &full(), "[1]");
        let row = CheckpointRow::of(&state, 7, 5, Leaving::default());
        let meta = concat!(
            r#"[{"seq":3,"key":"a","bytes":2},{"seq":5,"key":"b","occurred":9,"topic":"project:7","#,
            r#""audience":{"users":["ada"],"permissions":["see"]},"parts":[1,2,0,4],"bytes":3}]"#
        );
        assert_eq!((row.body.as_str(), row.meta.as_str()), ("{},[1]", meta));
        assert_eq!(CheckpointRow::of(&row.state().unwrap(), 7, 5, Leaving::default()), row);
    }

    #[test]
    fn an_empty_state_is_a_checkpoint_too() {
        let row = CheckpointRow::of(&State::default(), 0, 0, Leaving::default());
        assert_eq!(CheckpointRow::of(&row.state().unwrap(), 0, 0, Leaving::default()), row);
    }

    #[test]
    fn a_burst_can_be_cut_between_its_updates() {
        let burst = burst();
        assert_eq!(burst.body_after(40), Ok(&*burst.body));
        assert_eq!(burst.body_after(41), Ok(r#"{"seq":42,"é":1}"#));
        let updates = burst.updates().unwrap();
        assert_eq!(updates[0].2, r#"{"seq":41}"#);
        assert_eq!(updates[1].0, 42);
    }

    #[test]
    fn a_meta_that_does_not_fit_is_corrupt_and_not_a_panic() {
        for meta in [
            "",
            "{}",
            "[]",
            r#"[{"key":"k","bytes":10}]"#,
            r#"[{"key":"k","bytes":10},{"key":"k","bytes":99}]"#,
            r#"[{"key":"k","bytes":24},{"key":"k","bytes":2}]"#,
            r#"[{"key":"k","bytes":1},{"key":"k","bytes":1}]"#,
            r#"[{"key":"k","bytes":10},{"key":7,"bytes":17}]"#,
        ] {
            let burst = BurstRow { meta: meta.into(), ..burst() };
            assert_eq!(burst.updates().map(|_| ()), Err(Corrupt("burst")), "{meta}");
        }
    }
}
