//! The row formats of bursts and checkpoints: how they are written and read.
//!
//! `body` is what is sent: the encodings of the updates, separated by commas. `meta` is not sent: a JSON object per
//! update, so that replaying and folding decode no updates. What a waking room needs of every burst is short and is
//! kept apart ([`Head`]). Tests pin the formats, and [`SCHEMA`] is their version. A change needs a migration of
//! existing rooms; `row/schema_1.rs` is one. Storage is the shell's.

mod checkpoint;
pub mod schema_1;

use std::fmt;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::limits::LOG_BURSTS;
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::time::Timestamp;
use crate::protocol::update::{encoded_bytes, Entry};

pub use checkpoint::CheckpointRow;
pub(super) use checkpoint::{empty_bytes, kept_bytes};

/// The version of the rows. A release must not touch rows of a newer version than it knows.
///
/// 1: three tables, `meta` is a list of arrays. 2: one table, `meta` is a list of objects. 3: these objects may have a
/// topic, an audience and parts. An older release would ignore the audience and show the update to every member. 4: `meta`
/// of a checkpoint is an object, whose `entries` are that list.
pub const SCHEMA: u64 = 4;

/// Slots of the ring in which bursts are stored: burst `n` is in slot `n % RING_SLOTS`. This is a format, not a limit:
/// with another number, existing bursts would be looked for in the wrong slots.
pub const RING_SLOTS: u64 = 512;

/// The highest number of an update or a burst that can be stored: JavaScript counts no further. With it, numbers can be added
/// to without a check.
pub const LAST_NUMBER: u64 = (1 << 53) - 1;

/// The highest number with which a room goes on: far enough from [`LAST_NUMBER`] for whatever one turn adds.
pub const LAST_HEAD: u64 = LAST_NUMBER / 2;

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

/// Everything that is stored of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its epoch, if it has ever begun.
    pub epoch: Option<Epoch>,
    /// The epoch by which ids of events are hashed, if that is another.
    pub hashed: Option<Epoch>,
    /// Whether it was stored by a release in which rooms did not end, so that the alarm for the end may be missing.
    pub endless: bool,
    /// The checkpoint, if there is one yet.
    pub checkpoint: Option<CheckpointRow>,
    /// The heads of the bursts in the ring, in the order of their numbers.
    pub heads: Vec<Head>,
    /// The bursts that the checkpoint does not cover.
    pub tail: Vec<BurstRow>,
}

/// Reads the epoch of a room as it is stored: after a blank may stand the epoch by which ids of events are hashed. That is the one in which the
/// room began, if it was put back from a copy and got another epoch with that (`selfhost/backup.mjs`). `None` if it is malformed.
pub fn epochs(text: &str) -> Option<(Epoch, Option<Epoch>)> {
    match text.split_once(' ') {
        Some((epoch, hashed)) => Some((epoch.parse().ok()?, Some(hashed.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
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
        countable(self.number, "burst")?;
        let entries: Vec<Entry> = read(&self.meta, "burst")?;
        if span(self.first, self.last)? == entries.len() {
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

    /// Whether every view shows all its updates, as far as can be told without reading `meta`. `false` may be wrong.
    pub fn is_public(&self) -> bool {
        !self.meta.contains("\"topic\":") && !self.meta.contains("\"audience\":")
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

impl Head {
    /// The same, if its numbers can be those of a burst.
    ///
    /// # Errors
    /// [`Corrupt`] when they cannot.
    pub(super) fn checked(&self) -> Result<&Self, Corrupt> {
        countable(self.number, "burst")?;
        span(self.first, self.last).map(|_| self)
    }
}

/// How many updates a burst has.
fn span(first: Seq, last: Seq) -> Result<usize, Corrupt> {
    let count = countable(last, "burst")?.checked_sub(first).map(|span| span + 1);
    count.and_then(|count| usize::try_from(count).ok()).ok_or(Corrupt("burst"))
}

/// A stored number, if it can be one.
pub(super) fn countable(number: u64, what: &'static str) -> Result<u64, Corrupt> {
    (number <= LAST_NUMBER).then_some(number).ok_or(Corrupt(what))
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
    use crate::protocol::label::Audience;

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
    pub(in crate::room::row) fn full() -> Entry {
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
    fn a_room_that_was_put_back_has_a_second_epoch_by_which_ids_are_hashed() {
        let [one, other] = [1, 2].map(|byte| Epoch::from_random([byte; 8]));
        assert_eq!(epochs(one.as_str()), Some((one.clone(), None)));
        assert_eq!(epochs(&format!("{one} {other}")), Some((one, Some(other.clone()))));
        for bad in ["", " ", "x", &format!("{other} "), &format!("{other} {other} {other}")] {
            assert_eq!(epochs(bad), None, "{bad:?}");
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

    #[test]
    fn numbers_beyond_what_can_be_counted_are_corrupt_and_not_a_panic() {
        let head = |number, first, last| {
            let (bytes, at, signed, ids) = (0, Timestamp(0), Timestamp(0), String::new());
            Head { number, first, last, bytes, at, signed, ids }.checked().is_ok()
        };
        assert!(head(LAST_NUMBER, 1, LAST_NUMBER));
        for (number, first, last) in [(u64::MAX, 1, 1), (1, 0, u64::MAX), (1, 2, 1)] {
            assert!(!head(number, first, last), "{number} {first} {last}");
            let burst = BurstRow { number, first, last, ..burst() };
            assert_eq!(burst.entries(), Err(Corrupt("burst")));
        }
    }
}
