//! The table of a room, and rows ↔ domain types.
//!
//! There is one table, because creating a table is billed as two rows and most rooms have few. It has one row for the
//! epoch, one for the checkpoint, and a ring of bursts: a burst takes the slot of the burst that is `RING_SLOTS` older, so
//! forgetting costs nothing. `INSERT OR REPLACE` on an `INTEGER PRIMARY KEY` writes one row. There is no index, no
//! AUTOINCREMENT and no DELETE, because each would write more. Long columns stand last, so that reading the short ones
//! does not read them.

mod tree;

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde::Deserialize;
use worker::{Result, SqlCursor, SqlStorage, SqlStorageValue};

use super::environment::now;
use super::schema_1;
use crate::protocol::cost::Cost;
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::time::Timestamp;
use crate::room::occupancy::Kept;
use crate::room::row::{epochs, BurstRow, CheckpointRow, Head, Stored, RING_SLOTS, SCHEMA};
use crate::room::seen::Leaving;

/// The id of the row with the schema (in `number`), the epoch (in `meta`; see [`epochs`]) and, once the tenant knows of the room, the
/// milliseconds for which it is kept (in `at`), or [`LISTED`]; in rooms whose tenant has hooks, what they keep of their occupancy
/// (in `body`); in rooms with relays, which these are (in `ids`). Slots are never negative.
const EPOCH: i64 = -1;

/// In `at` of the row [`EPOCH`]: the tenant knows of the room, and has not said for how long it is kept.
const LISTED: u64 = 1;

/// The id of the row with the checkpoint. Its `at` and `ids` are those of events that leave the log.
const CHECKPOINT: i64 = -2;

/// The id of the row with the tallies of the checkpoint (in `meta`). Rooms without tallies do not have it.
const TALLIES: i64 = -3;

pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS room (id INTEGER PRIMARY KEY, \
     number INTEGER NOT NULL, first INTEGER, last INTEGER, at INTEGER, signed INTEGER, \
     bytes INTEGER, ids TEXT, meta TEXT NOT NULL, body TEXT)";

/// The storage of one room.
#[derive(Debug)]
pub(super) struct Storage {
    sql: SqlStorage,
    spent: Cell<Cost>,
    /// The epoch of a room that has begun and whose tenant has not confirmed yet that it knows of it.
    unlisted: RefCell<Option<Epoch>>,
}

#[derive(Deserialize)]
struct Table {
    name: String,
}

/// The columns that are read of every row.
#[derive(Deserialize)]
struct Short {
    id: i64,
    number: u64,
    first: Option<Seq>,
    last: Option<Seq>,
    at: Option<u64>,
    signed: Option<u64>,
    bytes: Option<usize>,
    ids: Option<String>,
    /// Only in the row [`EPOCH`].
    epoch: Option<String>,
}

/// What is read before the log: the row [`EPOCH`].
#[derive(Debug, Deserialize)]
pub(super) struct Begun {
    epoch: String,
    at: Option<u64>,
    /// What it keeps of its occupancy, as JSON.
    occupancy: Option<String>,
    /// What it keeps of its relays, as JSON.
    tree: Option<String>,
}

impl Begun {
    /// The epoch, if it can be read.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        epochs(&self.epoch).map(|(epoch, _)| epoch)
    }

    /// What it keeps of its occupancy and of its relays, as JSON.
    pub(super) fn kept(&self) -> (Option<&str>, Option<&str>) {
        (self.occupancy.as_deref(), self.tree.as_deref())
    }

    /// Milliseconds for which the room is kept, if its tenant has said so.
    pub(super) fn retention_ms(&self) -> Option<u64> {
        self.at.filter(|at| *at != LISTED)
    }
}

#[derive(Deserialize)]
struct BurstColumns {
    number: u64,
    first: Seq,
    last: Seq,
    meta: String,
    body: String,
}

#[derive(Deserialize)]
struct CheckpointColumns {
    id: i64,
    number: u64,
    last: Seq,
    at: u64,
    ids: String,
    meta: String,
    body: String,
}

impl Storage {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql, spent: Cell::default(), unlisted: RefCell::default() }
    }

    /// The cost since the last call. Rows that are read to restore a room, and rows of a turn that fails, are billed too;
    /// they count for the next request that is answered.
    pub(super) fn take_spent(&self) -> Cost {
        self.spent.take()
    }

    /// What there is to know of a room before its log is read; `None` if it has not begun. Creates no table.
    pub(super) fn begun(&self) -> Result<Option<Begun>> {
        let tables: Vec<Table> =
            self.select("SELECT name FROM sqlite_master WHERE name = 'room'")?;
        if tables.is_empty() {
            return Ok(None);
        }
        let rows = self.select(
            "SELECT meta AS epoch, at, body AS occupancy, ids AS tree FROM room WHERE id = -1",
        )?;
        Ok(rows.into_iter().next())
    }

    /// All that the room has to know of its log. Writes nothing, unless the room is of an older schema.
    pub(super) fn load(&self) -> Result<Stored> {
        let tables = "SELECT name FROM sqlite_master WHERE name IN ('room', 'burst')";
        let tables: Vec<Table> = self.select(tables)?;
        // While an old table exists, the migration is not complete and starts again.
        let endless = tables.iter().any(|table| table.name == "burst");
        if endless {
            self.add(schema_1::migrate(&self.sql, now())?);
        } else if tables.is_empty() {
            self.unlisted.take();
            return Ok(Stored::default());
        }
        let rows = "SELECT id, number, first, last, at, signed, bytes, ids, \
                    CASE id WHEN -1 THEN meta END AS epoch FROM room WHERE id >= -1";
        let mut rows: Vec<Short> = self.select(rows)?;
        let begun = rows.iter().find(|row| row.id == EPOCH);
        let epochs = begun.map(|row| self.open(row)).transpose()?;
        let (epoch, hashed) = epochs.map_or((None, None), |(epoch, hashed)| (Some(epoch), hashed));
        // Sorted here, because sorting in SQL would read each row twice, and reading is billed.
        rows.sort_by_key(|row| row.number);
        let heads: Vec<Head> = rows.into_iter().filter_map(Short::head).collect();
        let checkpoint = self.read_checkpoint()?;
        let tail = self.read_tail(checkpoint.as_ref(), &heads)?;
        Ok(Stored { epoch, hashed, endless, checkpoint, heads, tail })
    }

    /// The epochs of a room whose schema is known. Rows of schemas 2 and 3 are valid rows of schema 4. The room is marked as
    /// schema 4, so that no older release touches it from now on.
    fn open(&self, row: &Short) -> Result<(Epoch, Option<Epoch>)> {
        let stored = row.epoch.as_deref().unwrap_or_default();
        let (epoch, hashed) = epochs(stored).ok_or("the epoch cannot be read")?;
        match row.number {
            SCHEMA => {}
            2 | 3 => self.mark(stored)?,
            other => return Err(format!("the room is of schema {other}, not {SCHEMA}").into()),
        }
        *self.unlisted.borrow_mut() = row.at.is_none().then(|| epoch.clone());
        Ok((epoch, hashed))
    }

    /// The epoch of the room, if the tenant has to be told of it.
    pub(super) fn unlisted(&self) -> Option<Epoch> {
        self.unlisted.borrow().clone()
    }

    /// The tenant knows of the room with this epoch.
    pub(super) fn list(&self, epoch: &Epoch) -> Result<()> {
        if self.unlisted.borrow().as_ref() == Some(epoch) {
            self.retain(LISTED)?;
        }
        Ok(())
    }

    /// The tenant knows of the room, and says for how many milliseconds it is kept. The row is not counted: no post waits for it.
    pub(super) fn retain(&self, ms: u64) -> Result<()> {
        let update = "UPDATE room SET at = ? WHERE id = ?";
        self.sql.exec(update, vec![number(ms), integer(EPOCH)])?;
        self.unlisted.take();
        Ok(())
    }

    /// Stores what the room keeps of its occupancy. The row is not counted: no post waits for it.
    pub(super) fn occupy(&self, kept: &Kept) -> Result<()> {
        let update = "UPDATE room SET body = ? WHERE id = ?";
        self.sql.exec(update, vec![serde_json::to_string(kept)?.into(), integer(EPOCH)])?;
        Ok(())
    }

    fn read_checkpoint(&self) -> Result<Option<CheckpointRow>> {
        let select = "SELECT id, number, last, at, ids, meta, body FROM room WHERE id <= -2";
        let (mut checkpoint, mut tallies) = (None, String::new());
        for row in self.select::<CheckpointColumns>(select)? {
            match row.id {
                CHECKPOINT => checkpoint = Some(CheckpointRow::from(row)),
                _ => tallies = row.meta,
            }
        }
        Ok(checkpoint.map(|row| CheckpointRow { tallies, ..row }))
    }

    /// The bursts that the checkpoint does not cover.
    fn read_tail(
        &self,
        checkpoint: Option<&CheckpointRow>,
        heads: &[Head],
    ) -> Result<Vec<BurstRow>> {
        let covered = checkpoint.map_or(0, |row| row.number);
        let behind = heads.iter().map(|head| head.number).filter(|number| *number > covered);
        let (Some(first), Some(last)) = (behind.clone().min(), behind.max()) else {
            return Ok(Vec::new());
        };
        let bursts = self.read(&(first..=last))?;
        let rows_read = bursts.len() as u64;
        self.add(Cost { rows_read, ..Cost::default() });
        Ok(bursts)
    }

    /// Stores the epoch of a new room.
    pub(super) fn found(&self, epoch: &Epoch) -> Result<()> {
        *self.unlisted.borrow_mut() = Some(epoch.clone());
        self.mark(epoch.as_str())
    }

    /// Stores epochs, and that the room is of this schema.
    fn mark(&self, epochs: &str) -> Result<()> {
        self.write(TABLE, Vec::new())?;
        let insert = "INSERT OR REPLACE INTO room (id, number, meta) VALUES (?, ?, ?)";
        self.write(insert, vec![integer(EPOCH), number(SCHEMA), epochs.into()])
    }

    /// Stores a burst.
    pub(super) fn append(
        &self,
        burst: &BurstRow,
        at: Timestamp,
        signed: Timestamp,
        ids: &str,
    ) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO room \
                      (id, number, first, last, at, signed, bytes, ids, meta, body) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = vec![
            number(burst.number % RING_SLOTS),
            number(burst.number),
            number(burst.first),
            number(burst.last),
            number(at.0),
            number(signed.0),
            number(burst.body.len() as u64),
            ids.into(),
            burst.meta.as_str().into(),
            (&*burst.body).into(),
        ];
        self.add(Cost { bursts: 1, ..Cost::default() });
        self.write(insert, values)
    }

    /// Stores a checkpoint.
    pub(super) fn checkpoint(&self, row: &CheckpointRow) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO room (id, number, last, at, ids, meta, body) \
                      VALUES (?, ?, ?, ?, ?, ?, ?)";
        let values = vec![
            integer(CHECKPOINT),
            number(row.number),
            number(row.seq),
            number(row.leaving.unsure_until.0),
            row.leaving.groups.as_str().into(),
            row.meta.as_str().into(),
            row.body.as_str().into(),
        ];
        self.write(insert, values)?;
        if row.tallies.is_empty() {
            return Ok(());
        }
        let insert = "INSERT OR REPLACE INTO room (id, number, last, at, ids, meta, body) \
                      VALUES (?, ?, 0, 0, '', ?, '')";
        let values = vec![integer(TALLIES), number(row.number), row.tallies.as_str().into()];
        self.write(insert, values)
    }

    /// The bursts with these numbers, in order. The rows are not added to the cost, because clients that come back cause
    /// them, not posts.
    pub(super) fn read(&self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>> {
        // The numbers take one or two runs of slots in the ring. The slot is the key, and within a run the order of slots
        // is the order of numbers, so nothing has to be sorted.
        let select = "SELECT number, first, last, meta, body FROM room \
                      WHERE id BETWEEN ? AND ? AND number BETWEEN ? AND ? ORDER BY id";
        let (start, end) = (*numbers.start(), *numbers.end());
        let (first, last) = (start % RING_SLOTS, end % RING_SLOTS);
        let runs =
            if first <= last { vec![(first, last)] } else { vec![(first, RING_SLOTS), (0, last)] };
        let mut bursts = Vec::new();
        for (low, high) in runs {
            let values = [low, high, start, end].map(number).to_vec();
            let rows: Vec<BurstColumns> = self.sql.exec(select, values)?.to_array()?;
            bursts.extend(rows.into_iter().map(BurstRow::from));
        }
        Ok(bursts)
    }

    fn select<T: DeserializeOwned>(&self, statement: &str) -> Result<Vec<T>> {
        let cursor = self.sql.exec(statement, None)?;
        let rows = cursor.to_array()?;
        self.add(rows_of(&cursor));
        Ok(rows)
    }

    fn write(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.add(rows_of(&self.sql.exec(statement, values)?));
        Ok(())
    }

    fn add(&self, cost: Cost) {
        self.spent.set(self.spent.get() + cost);
    }
}

impl Short {
    /// The head of the burst, if the row is one.
    fn head(self) -> Option<Head> {
        let Self { number, first, last, at, signed, bytes, ids, .. } = self;
        let (at, signed) = (Timestamp(at?), Timestamp(signed?));
        Some(Head { number, first: first?, last: last?, bytes: bytes?, at, signed, ids: ids? })
    }
}

/// The rows that a statement has written and read. A cursor has to be read to its end before it knows them.
pub(super) fn rows_of(cursor: &SqlCursor) -> Cost {
    let (rows_written, rows_read) = (cursor.rows_written() as u64, cursor.rows_read() as u64);
    Cost { rows_written, rows_read, ..Cost::default() }
}

/// Numbers reach `SQLite` as floats, which are exact up to 2^53.
pub(super) fn number(value: u64) -> SqlStorageValue {
    integer(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) fn integer(value: i64) -> SqlStorageValue {
    SqlStorageValue::Integer(value)
}

impl From<BurstColumns> for BurstRow {
    fn from(columns: BurstColumns) -> Self {
        let BurstColumns { number, first, last, body, meta } = columns;
        Self { number, first, last, body: body.into(), meta }
    }
}

impl From<CheckpointColumns> for CheckpointRow {
    fn from(columns: CheckpointColumns) -> Self {
        let CheckpointColumns { number, last, at, ids, meta, body, .. } = columns;
        let leaving = Leaving { unsure_until: Timestamp(at), groups: ids };
        Self { number, seq: last, body, meta, leaving, tallies: String::new() }
    }
}
