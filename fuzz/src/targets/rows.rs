//! Stored rows: a room is restored from whatever is stored, or fails; never half. One that is restored shows the same after
//! an eviction, and goes on.

use roomcast::limits::RoomLimits;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::Epoch;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::{Entry, Update};
use roomcast::room::publish::Posted;
use roomcast::room::row::{schema_1, BurstRow, CheckpointRow, Head, Stored};
use roomcast::room::seen::Leaving;
use roomcast::room::view::View;
use roomcast::room::Resume;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::posts::dispatched;
use crate::seeds;
use crate::stage::Stage;

/// The rows of a room as one document.
#[derive(Serialize, Deserialize)]
struct Rows {
    epoch: Option<Epoch>,
    endless: bool,
    checkpoint: Option<Checkpoint>,
    bursts: Vec<Burst>,
}

#[derive(Serialize, Deserialize)]
struct Checkpoint {
    number: u64,
    seq: u64,
    body: String,
    meta: String,
    unsure_until: u64,
    groups: String,
    tallies: String,
}

#[derive(Serialize, Deserialize)]
struct Burst {
    number: u64,
    first: u64,
    last: u64,
    body: String,
    meta: String,
    at: u64,
    signed: u64,
    ids: String,
}

/// The target `rows`: the rows of a room.
pub(super) fn rows(input: &[u8]) {
    let Ok(rows) = serde_json::from_slice::<Rows>(input) else { return };
    old(&rows);
    let stored = rows.stored();
    stored.tail.iter().for_each(is_cut_right);
    if let Some(row) = &stored.checkpoint {
        comes_back(row);
    }
    goes_on(stored);
}

/// Rows of schema 1 have another `meta`.
fn old(rows: &Rows) {
    for burst in &rows.bursts {
        let _ = schema_1::burst(&burst.meta, &Epoch::none());
        let _ = schema_1::checkpoint(&burst.meta);
    }
}

fn is_cut_right(row: &BurstRow) {
    for after in [0, row.first, row.last, u64::MAX] {
        let _ = row.body_after(after);
    }
    let Ok(updates) = row.updates() else { return };
    let joined: Vec<&str> = updates.iter().map(|(_, _, text)| *text).collect();
    assert_eq!(joined.join(","), *row.body, "an update is lost");
    let numbers: Vec<u64> = updates.iter().map(|(seq, _, _)| *seq).collect();
    assert_eq!((numbers.first(), numbers.last()), (Some(&row.first), Some(&row.last)));
}

/// A state that can be read is written and read back the same.
fn comes_back(row: &CheckpointRow) {
    let Ok(state) = row.state() else { return };
    let written = CheckpointRow::of(&state, row.number, row.seq, Leaving::default());
    let again = written.state().expect("a checkpoint that was written can be read");
    assert_eq!(CheckpointRow::of(&again, row.number, row.seq, Leaving::default()), written);
}

fn goes_on(stored: Stored) {
    let mut stage = Stage::of(stored, RoomLimits::default());
    let view = View::of_all(Dialect::V1);
    let Ok(shown) = stage.read(&view, "ada") else { return };
    stage.evict();
    assert_eq!(stage.read(&view, "ada"), Ok(shown), "an eviction changes what is shown");
    for (number, resume) in (0..).zip([Resume::State, Resume::OnRequest]) {
        let joined = stage.join(number, View::of_all(Dialect::Plain), resume);
        assert!(joined.is_ok(), "{:?}", stage.failure());
    }
    let (event_id, content) = ("fuzz".to_owned(), "\"updateType\":\"x\",\"data\":{}".to_owned());
    let entry = Entry::new("fuzz".to_owned(), content.len());
    if stage.publish(vec![Update { event_id, entry, content }]).is_err() {
        return;
    }
    match stage.outcomes() {
        [Posted::Accepted(_)] => {
            let shown = stage.read(&view, "ada");
            stage.evict();
            assert_eq!(stage.read(&view, "ada"), shown, "an eviction changes what is shown");
        }
        outcomes => assert!(matches!(outcomes, [Posted::Duplicate(_) | Posted::Stale])),
    }
}

impl Rows {
    fn stored(self) -> Stored {
        let checkpoint = self.checkpoint.map(Checkpoint::row);
        let covered = checkpoint.as_ref().map_or(0, |row| row.number);
        let mut stored =
            Stored { epoch: self.epoch, endless: self.endless, checkpoint, ..Stored::default() };
        for burst in self.bursts {
            let Burst { number, first, last, body, meta, at, signed, ids } = burst;
            let (bytes, at, signed) = (body.len(), Timestamp(at), Timestamp(signed));
            stored.heads.push(Head { number, first, last, bytes, at, signed, ids });
            if number > covered {
                stored.tail.push(BurstRow { number, first, last, body: body.into(), meta });
            }
        }
        // As the database returns them: in the order of their numbers, each once.
        stored.heads.sort_by_key(|head| head.number);
        stored.heads.dedup_by_key(|head| head.number);
        stored.tail.sort_by_key(|row| row.number);
        stored.tail.dedup_by_key(|row| row.number);
        stored
    }

    fn of(stored: &Stored) -> Self {
        let heads = stored.heads.iter();
        let bursts = heads.filter_map(|head| {
            let row = stored.tail.iter().find(|row| row.number == head.number)?;
            Some(Burst {
                number: head.number,
                first: head.first,
                last: head.last,
                body: row.body.to_string(),
                meta: row.meta.clone(),
                at: head.at.0,
                signed: head.signed.0,
                ids: head.ids.clone(),
            })
        });
        let checkpoint = stored.checkpoint.as_ref().map(|row| Checkpoint {
            number: row.number,
            seq: row.seq,
            body: row.body.clone(),
            meta: row.meta.clone(),
            unsure_until: row.leaving.unsure_until.0,
            groups: row.leaving.groups.clone(),
            tallies: row.tallies.clone(),
        });
        Self { epoch: stored.epoch.clone(), endless: false, checkpoint, bursts: bursts.collect() }
    }
}

impl Checkpoint {
    fn row(self) -> CheckpointRow {
        let Self { number, seq, body, meta, unsure_until, groups, tallies } = self;
        let leaving = Leaving { unsure_until: Timestamp(unsure_until), groups };
        CheckpointRow { number, seq, body, meta, leaving, tallies }
    }
}

/// Seeds of `rows`: what the examples of each document store, with and without a checkpoint.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let small = RoomLimits { checkpoint_bursts: 4, log_bursts: 6, ..RoomLimits::default() };
    let names = ["sessions", "admin", "projects", "stats"].into_iter().zip(seeds::EXAMPLES);
    let mut all = vec![empty()];
    for (name, example) in names {
        for limits in [RoomLimits::default(), small] {
            let mut stage = Stage::of(Stored::default(), limits);
            for update in updates(name, example) {
                stage.publish(vec![update]).unwrap();
            }
            all.push(serde_json::to_vec(&Rows::of(stage.stored())).unwrap());
        }
    }
    all
}

fn empty() -> Vec<u8> {
    serde_json::to_vec(&Rows::of(&Stored::default())).unwrap()
}

fn updates(name: &str, example: &str) -> Vec<Update> {
    let presets = roomcast::preset::presets::Presets::parse(name).unwrap();
    let body = Value::Array(seeds::events(example)).to_string();
    let events = roomcast::ingest::envelope::decode(body.as_bytes()).unwrap();
    let deliveries = dispatched(&presets, events).unwrap().deliveries;
    deliveries.into_iter().flat_map(|delivery| delivery.updates).take(9).collect()
}
