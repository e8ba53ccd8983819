//! How bursts and checkpoints are stored, and how they are read back.
//!
//! `body` is what is sent: updates' encodings, separated by commas. `meta` is what is not: for each
//! update a JSON array, so that replaying and folding need no decoding of updates. The formats are
//! pinned by tests: a change needs a migration of rooms that exist.

use std::fmt;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::state::State;
use crate::protocol::ids::{Epoch, Seq};

/// A burst on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurstRow {
    /// Its number; the slot is this modulo the slots of the ring.
    pub number: u64,
    /// The number of its first update.
    pub first: Seq,
    /// The number of its last update.
    pub last: Seq,
    /// What is sent.
    pub body: Rc<str>,
    /// What is not: a list of [`Entry`].
    pub meta: String,
}

/// What is known of an update without decoding it: event id, key, how many of the key the state
/// keeps, bytes of the encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry(pub String, pub String, pub usize, pub usize);

/// The folded state on its way into storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// The last burst that it covers.
    pub number: u64,
    /// The last update that it covers.
    pub seq: Seq,
    /// Encodings, separated by commas.
    pub body: String,
    /// For each: its number, its key, bytes of its encoding.
    pub meta: String,
}

#[derive(Serialize, Deserialize)]
struct KeptEntry(Seq, String, usize);

/// All that is stored of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its epoch, if it has ever begun.
    pub epoch: Option<Epoch>,
    /// The folded state, if there were enough bursts.
    pub checkpoint: Option<CheckpointRow>,
    /// The bursts in the ring, in the order of their numbers.
    pub bursts: Vec<BurstRow>,
}

/// A stored row cannot be read: the room refuses to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt(
    /// Which kind of row.
    pub &'static str,
);

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a stored {} cannot be read", self.0)
    }
}

impl std::error::Error for Corrupt {}

impl BurstRow {
    /// What is known of its updates.
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

    /// Its updates: number, what is known, encoding.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn updates(&self) -> Result<Vec<(Seq, Entry, &str)>, Corrupt> {
        let entries = self.entries()?;
        let texts = cut(&self.body, entries.iter().map(|entry| entry.3), "burst")?;
        Ok((self.first..)
            .zip(entries)
            .zip(texts)
            .map(|((seq, entry), text)| (seq, entry, text))
            .collect())
    }

    /// The encodings after `after`, separated by commas, as they stand in the body.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn body_after(&self, after: Seq) -> Result<&str, Corrupt> {
        let skipped = after.saturating_sub(self.first.saturating_sub(1));
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        if skipped == 0 {
            return Ok(&self.body);
        }
        let start: usize = self.entries()?.iter().take(skipped).map(|entry| entry.3 + 1).sum();
        self.body.get(start..).ok_or(Corrupt("burst"))
    }
}

impl CheckpointRow {
    /// The state as a row.
    pub fn of(state: &State, number: u64, seq: Seq) -> Self {
        let meta: Vec<_> = state
            .updates()
            .map(|(seq, kept)| KeptEntry(seq, kept.key.to_string(), kept.text.len()))
            .collect();
        Self { number, seq, body: state.joined(), meta: write(&meta) }
    }

    /// The state that it holds.
    ///
    /// # Errors
    /// [`Corrupt`] when `meta` does not fit `body`.
    pub fn state(&self) -> Result<State, Corrupt> {
        let entries: Vec<KeptEntry> = read(&self.meta, "checkpoint")?;
        let texts = cut(&self.body, entries.iter().map(|entry| entry.2), "checkpoint")?;
        let mut state = State::default();
        for (KeptEntry(seq, key, _), text) in entries.iter().zip(texts) {
            state.insert(*seq, key, text);
        }
        Ok(state)
    }
}

/// Writes what is stored beside a body: numbers and strings, which cannot fail to encode.
pub(super) fn write<T: Serialize>(meta: &T) -> String {
    serde_json::to_string(meta).unwrap_or_default()
}

fn read<T: DeserializeOwned>(meta: &str, what: &'static str) -> Result<T, Corrupt> {
    serde_json::from_str(meta).map_err(|_| Corrupt(what))
}

/// Cuts a body into encodings of the given lengths.
fn cut<'b>(
    body: &'b str,
    lengths: impl Iterator<Item = usize>,
    what: &'static str,
) -> Result<Vec<&'b str>, Corrupt> {
    let mut start = 0;
    let texts: Option<Vec<_>> = lengths
        .map(|length| {
            let text = body.get(start..start + length);
            start += length + 1;
            text
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
            meta: r#"[["e-1","a",1,10],["e-2","b",50,17]]"#.into(),
        }
    }

    #[test]
    fn the_format_of_a_burst_is_unchanged() {
        let entries =
            vec![Entry("e-1".into(), "a".into(), 1, 10), Entry("e-2".into(), "b".into(), 50, 17)];
        assert_eq!(write(&entries), burst().meta);
        assert_eq!(burst().entries(), Ok(entries));
    }

    #[test]
    fn the_format_of_a_checkpoint_is_unchanged() {
        let mut state = State::default();
        state.apply(3, "a", 1, "{}", 100);
        state.apply(5, "b:é", 2, "[1]", 100);
        let row = CheckpointRow::of(&state, 7, 5);
        assert_eq!(
            (row.body.as_str(), row.meta.as_str()),
            ("{},[1]", r#"[[3,"a",2],[5,"b:é",3]]"#)
        );
        assert_eq!(CheckpointRow::of(&row.state().unwrap(), 7, 5), row);
    }

    #[test]
    fn an_empty_state_is_a_checkpoint_too() {
        let row = CheckpointRow::of(&State::default(), 0, 0);
        assert_eq!(CheckpointRow::of(&row.state().unwrap(), 0, 0), row);
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
            r#"[["e","k",1,10]]"#,
            r#"[["e","k",1,10],["f","k",1,99]]"#,
            r#"[["e","k",1,24],["f","k",1,2]]"#,
            r#"[["e","k",1,1],["f","k",1,1]]"#,
        ] {
            let burst = BurstRow { meta: meta.into(), ..burst() };
            assert_eq!(burst.updates().map(|_| ()), Err(Corrupt("burst")), "{meta}");
        }
    }
}
