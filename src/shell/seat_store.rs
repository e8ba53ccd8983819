//! The storage of a seat. A question creates no table, and a place takes one row: dropping it takes none, because the next
//! place takes its slot. If that does not happen, the row is read again one day, and its room says once more that the
//! connection is gone.

use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

use super::storage::{integer, number};
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;
use crate::quota::leases::{Lease, Leases};
use crate::quota::revocations::Revocations;
use crate::quota::seat::Seat;
use crate::quota::visited::{Visit, Visited};

/// Leases at their slots, rooms at -2 minus their slots, and the revocations at -1: with the user's name as `name`, and as
/// JSON.
const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS seat (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, \
     name TEXT NOT NULL, client TEXT, revoked TEXT)";

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
    at: u64,
    /// The room; or the user of the revocations.
    name: String,
    client: Option<ClientId>,
    revoked: Option<String>,
}

impl SeatStore {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    /// Whether there is a table.
    pub(super) fn has_begun(&self) -> Result<bool> {
        let tables = "SELECT 1 FROM sqlite_master WHERE name = 'seat'";
        let tables: Vec<Table> = self.sql.exec(tables, None)?.to_array()?;
        Ok(!tables.is_empty())
    }

    /// What is stored, and the user whose tokens are revoked.
    pub(super) fn load(&self) -> Result<(Seat, String)> {
        let mut user = String::new();
        let (mut leases, mut visits, mut revocations) =
            (Vec::new(), Vec::new(), Revocations::default());
        if self.has_begun()? {
            let all = "SELECT id, at, name, client, revoked FROM seat";
            let rows: Vec<Row> = self.sql.exec(all, None)?.to_array()?;
            for row in rows {
                let (room, at) = (row.name, Timestamp(row.at));
                match (u32::try_from(row.id), row.client) {
                    (Ok(slot), Some(client)) => {
                        leases.push((slot, Lease { client, room, taken: at }));
                    }
                    _ if row.id == REVOCATIONS => {
                        user = room;
                        revocations = serde_json::from_str(&row.revoked.unwrap_or_default())?;
                    }
                    _ => {
                        let slot = u32::try_from(REVOCATIONS - 1 - row.id).unwrap_or_default();
                        visits.push(Visit { slot, room, at });
                    }
                }
            }
        }
        Ok((Seat::new(Leases::new(leases), Visited::new(visits), revocations), user))
    }

    /// Stores a place.
    pub(super) fn put_lease(&self, slot: u32, lease: &Lease) -> Result<()> {
        let put = "INSERT OR REPLACE INTO seat (id, at, name, client) VALUES (?, ?, ?, ?)";
        let (room, client) = (lease.room.as_str(), lease.client.as_str());
        self.write(
            put,
            vec![integer(slot.into()), number(lease.taken.0), room.into(), client.into()],
        )
    }

    /// Stores a room.
    pub(super) fn put_visit(&self, visit: &Visit) -> Result<()> {
        let put = "INSERT OR REPLACE INTO seat (id, at, name) VALUES (?, ?, ?)";
        let id = integer(REVOCATIONS - 1 - i64::from(visit.slot));
        self.write(put, vec![id, number(visit.at.0), visit.room.as_str().into()])
    }

    /// Stores the revocations of a user.
    pub(super) fn put_revocations(&self, user: &str, revocations: &Revocations) -> Result<()> {
        let put = "INSERT OR REPLACE INTO seat (id, at, name, revoked) VALUES (?, 0, ?, ?)";
        let text = serde_json::to_string(revocations)?;
        self.write(put, vec![integer(REVOCATIONS), user.into(), text.into()])
    }

    fn write(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, values).map(|_| ())
    }

    /// Creates the table.
    pub(super) fn begin(&self) -> Result<()> {
        self.sql.exec(TABLE, None).map(|_| ())
    }
}
