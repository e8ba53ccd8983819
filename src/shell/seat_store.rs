//! The storage of a seat. A question creates no table, and a connection takes a row only if its room has not been allotted
//! enough places yet: see [`crate::quota::allotments`].

use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

use super::storage::{integer, number};
use crate::protocol::lease::Subject;
use crate::protocol::time::Timestamp;
use crate::quota::allotments::Allotment;
use crate::quota::leases::Leases;
use crate::quota::revocations::Revocations;
use crate::quota::seat::Seat;
use crate::quota::visited::{Visit, Visited};

/// Allotments at their slots, with the places in `number`; at -2 minus their slots the rooms where connections are not counted, with
/// a time in `number`; and at -1 the revocations as JSON. The subject is JSON, too. The table `seat` of a version that was never released
/// is not read.
const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS places (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, \
     room TEXT NOT NULL, subject TEXT, revoked TEXT)";

const REVOCATIONS: i64 = -1;

/// The storage of one seat.
#[derive(Debug)]
pub(super) struct SeatStore {
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Table {}

#[derive(Deserialize)]
struct Row {
    id: i64,
    number: u64,
    room: String,
    subject: Option<String>,
    revoked: Option<String>,
}

impl SeatStore {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    /// Whether there is a table.
    pub(super) fn has_begun(&self) -> Result<bool> {
        let tables = "SELECT 1 FROM sqlite_master WHERE name = 'places'";
        let tables: Vec<Table> = self.sql.exec(tables, None)?.to_array()?;
        Ok(!tables.is_empty())
    }

    /// What is stored, for a life that begins now; and whom the seat counts for, if that is stored.
    pub(super) fn load(&self, now: Timestamp) -> Result<(Seat, Option<Subject>)> {
        let (mut allotments, mut visits) = (Vec::new(), Vec::new());
        let (mut subject, mut revocations) = (None, Revocations::default());
        for row in self.rows()? {
            if let Some(text) = &row.subject {
                subject = Some(serde_json::from_str(text)?);
            }
            match (u32::try_from(row.id), row.revoked) {
                (Ok(slot), _) => {
                    let places = usize::try_from(row.number).unwrap_or(usize::MAX);
                    allotments.push(Allotment { slot, room: row.room, places });
                }
                (_, Some(text)) => revocations = serde_json::from_str(&text)?,
                _ => {
                    let slot = u32::try_from(REVOCATIONS - 1 - row.id).unwrap_or_default();
                    visits.push(Visit { slot, room: row.room, at: Timestamp(row.number) });
                }
            }
        }
        let (leases, visited) = (Leases::new(allotments, now), Visited::new(visits));
        Ok((Seat { leases, visited, revocations }, subject))
    }

    fn rows(&self) -> Result<Vec<Row>> {
        if !self.has_begun()? {
            return Ok(Vec::new());
        }
        self.sql.exec("SELECT id, number, room, subject, revoked FROM places", None)?.to_array()
    }

    /// Stores an allotment.
    pub(super) fn put_allotment(&self, allotment: &Allotment, subject: &Subject) -> Result<()> {
        let put = "INSERT OR REPLACE INTO places (id, number, room, subject) VALUES (?, ?, ?, ?)";
        let places = number(u64::try_from(allotment.places).unwrap_or(u64::MAX));
        let subject = serde_json::to_string(subject)?;
        let room = allotment.room.as_str().into();
        self.write(put, vec![integer(allotment.slot.into()), places, room, subject.into()])
    }

    /// Stores a room.
    pub(super) fn put_visit(&self, visit: &Visit) -> Result<()> {
        let put = "INSERT OR REPLACE INTO places (id, number, room) VALUES (?, ?, ?)";
        let id = integer(REVOCATIONS - 1 - i64::from(visit.slot));
        self.write(put, vec![id, number(visit.at.0), visit.room.as_str().into()])
    }

    /// Stores the revocations of a user.
    pub(super) fn put_revocations(
        &self,
        revocations: &Revocations,
        subject: &Subject,
    ) -> Result<()> {
        let put = "INSERT OR REPLACE INTO places (id, number, room, subject, revoked) \
                   VALUES (?, 0, '', ?, ?)";
        let (text, subject) =
            (serde_json::to_string(revocations)?, serde_json::to_string(subject)?);
        self.write(put, vec![integer(REVOCATIONS), subject.into(), text.into()])
    }

    fn write(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, values).map(|_| ())
    }

    /// Creates the table.
    pub(super) fn begin(&self) -> Result<()> {
        self.sql.exec(TABLE, None).map(|_| ())
    }
}
