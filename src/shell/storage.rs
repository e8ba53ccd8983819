//! The tables of a room, and rows ↔ domain types.
//!
//! `burst` is a ring: a burst takes the slot of the one that is `LOG_BURSTS` older, so that
//! forgetting costs nothing. `INSERT OR REPLACE` on an `INTEGER PRIMARY KEY` writes one row; there
//! is no index, no AUTOINCREMENT and no DELETE, each of which would write more.

use std::cell::Cell;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde::Deserialize;
use worker::{Result, SqlCursor, SqlStorage, SqlStorageValue};

use crate::limits::LOG_BURSTS;
use crate::protocol::cost::Cost;
use crate::protocol::ids::Epoch;
use crate::room::row::{BurstRow, CheckpointRow, Stored};

/// Raised with the schema. A room that finds a newer one than it knows must not touch it.
const SCHEMA: i64 = 1;

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY, schema INTEGER NOT NULL, \
     epoch TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS burst (slot INTEGER PRIMARY KEY, number INTEGER NOT NULL, \
     first INTEGER NOT NULL, last INTEGER NOT NULL, body TEXT NOT NULL, meta TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS checkpoint (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, \
     seq INTEGER NOT NULL, body TEXT NOT NULL, meta TEXT NOT NULL)",
];

/// The storage of one room.
#[derive(Debug)]
pub(super) struct Storage {
    sql: SqlStorage,
    spent: Cell<Cost>,
}

#[derive(Deserialize)]
struct MetaColumns {
    schema: i64,
    epoch: String,
}

#[derive(Deserialize)]
struct BurstColumns {
    number: u64,
    first: u64,
    last: u64,
    body: String,
    meta: String,
}

#[derive(Deserialize)]
struct CheckpointColumns {
    number: u64,
    seq: u64,
    body: String,
    meta: String,
}

impl Storage {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql, spent: Cell::default() }
    }

    /// What was spent since the last time. It stays here until a request is answered: what a room
    /// reads when it is restored, and what a turn spends that fails, is billed all the same.
    pub(super) fn take_spent(&self) -> Cost {
        self.spent.take()
    }

    /// All that is stored of the room.
    pub(super) fn load(&self) -> Result<Stored> {
        for table in TABLES {
            self.spend(&self.sql.exec(table, None)?);
        }
        let checkpoint = "SELECT number, seq, body, meta FROM checkpoint";
        let checkpoint: Vec<CheckpointColumns> = self.select(checkpoint)?;
        // Put in order here: sorting there would read, and be charged for, every row twice.
        let bursts = "SELECT number, first, last, body, meta FROM burst";
        let mut bursts: Vec<BurstColumns> = self.select(bursts)?;
        bursts.sort_by_key(|burst| burst.number);
        Ok(Stored {
            epoch: self.epoch()?,
            checkpoint: checkpoint.into_iter().next().map(Into::into),
            bursts: bursts.into_iter().map(Into::into).collect(),
        })
    }

    fn epoch(&self) -> Result<Option<Epoch>> {
        let meta: Vec<MetaColumns> = self.select("SELECT schema, epoch FROM meta")?;
        match meta.into_iter().next() {
            None => Ok(None),
            Some(meta) if meta.schema == SCHEMA => {
                let epoch = meta.epoch.parse().map_err(|_| worker::Error::from("epoch"))?;
                Ok(Some(epoch))
            }
            Some(_) => Err(worker::Error::from("schema")),
        }
    }

    /// Stores the epoch of a room that begins.
    pub(super) fn found(&self, epoch: &Epoch) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO meta (id, schema, epoch) VALUES (0, ?, ?)";
        self.write(insert, vec![integer(SCHEMA), epoch.as_str().into()])
    }

    /// Stores a burst.
    pub(super) fn append(&self, burst: &BurstRow) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO burst (slot, number, first, last, body, meta) \
                      VALUES (?, ?, ?, ?, ?, ?)";
        let values = vec![
            number(burst.number % LOG_BURSTS),
            number(burst.number),
            number(burst.first),
            number(burst.last),
            (&*burst.body).into(),
            burst.meta.as_str().into(),
        ];
        self.add(Cost { bursts: 1, ..Cost::default() });
        self.write(insert, values)
    }

    /// Stores the folded state.
    pub(super) fn checkpoint(&self, row: &CheckpointRow) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO checkpoint (id, number, seq, body, meta) \
                      VALUES (0, ?, ?, ?, ?)";
        let values = vec![
            number(row.number),
            number(row.seq),
            row.body.as_str().into(),
            row.meta.as_str().into(),
        ];
        self.write(insert, values)
    }

    /// The bursts of these numbers, in order. Not counted: clients who come back cause it, no post.
    pub(super) fn read(&self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>> {
        // By slot, which is the key, in the one or two runs that the numbers take in the ring. Within
        // a run that is the order of the numbers too, and nothing has to be sorted.
        let select = "SELECT number, first, last, body, meta FROM burst \
                      WHERE slot BETWEEN ? AND ? AND number BETWEEN ? AND ? ORDER BY slot";
        let (start, end) = (*numbers.start(), *numbers.end());
        let (first, last) = (start % LOG_BURSTS, end % LOG_BURSTS);
        let runs =
            if first <= last { vec![(first, last)] } else { vec![(first, LOG_BURSTS), (0, last)] };
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
        self.spend(&cursor);
        Ok(rows)
    }

    fn write(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.spend(&self.sql.exec(statement, values)?);
        Ok(())
    }

    fn spend(&self, cursor: &SqlCursor) {
        self.add(rows(cursor));
    }

    fn add(&self, cost: Cost) {
        self.spent.set(self.spent.get() + cost);
    }
}

/// The rows that a statement took. A cursor knows those it has read only once it was read.
pub(super) fn rows(cursor: &SqlCursor) -> Cost {
    let (rows_written, rows_read) = (cursor.rows_written() as u64, cursor.rows_read() as u64);
    Cost { rows_written, rows_read, ..Cost::default() }
}

/// Numbers cross into `SQLite` as floats, which are exact up to 2^53.
fn number(value: u64) -> SqlStorageValue {
    integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn integer(value: i64) -> SqlStorageValue {
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
        let CheckpointColumns { number, seq, body, meta } = columns;
        Self { number, seq, body, meta }
    }
}
