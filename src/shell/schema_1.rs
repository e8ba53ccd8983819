//! Moves a room of schema 1, which had three tables, to the current schema, in the turn in which it is first read.
//!
//! The old tables are dropped last: a migration that fails half-way starts again at the next input. `SQLite` copies the
//! bodies itself, so a large log needs no memory here.

use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

use super::storage::{number, rows_of, TABLE};
use crate::protocol::cost::Cost;
use crate::protocol::ids::Epoch;
use crate::protocol::time::Timestamp;
use crate::room::row::{schema_1 as old, SCHEMA};

#[derive(Deserialize)]
struct Meta {
    epoch: String,
}

#[derive(Deserialize)]
struct Slot {
    slot: u64,
}

#[derive(Deserialize)]
struct Entries {
    meta: String,
}

/// Moves everything and returns the cost. The time at which a burst was stored is not known. It counts as `now`, so its
/// events are remembered a little too long.
pub(super) fn migrate(sql: &SqlStorage, now: Timestamp) -> Result<Cost> {
    let mut spent = Cost::default();
    let mut write = |statement: &str, values: Vec<SqlStorageValue>| -> Result<()> {
        spent += rows_of(&sql.exec(statement, values)?);
        Ok(())
    };
    write("DROP TABLE IF EXISTS room", Vec::new())?;
    let rows: Vec<Meta> = sql.exec("SELECT epoch FROM meta", None)?.to_array()?;
    if let Some(Meta { epoch }) = rows.into_iter().next() {
        let epoch: Epoch = epoch.parse().map_err(|_| "the epoch cannot be read")?;
        write(TABLE, Vec::new())?;
        let insert = "INSERT INTO room (id, number, meta) VALUES (-1, ?, ?)";
        write(insert, vec![number(SCHEMA), epoch.as_str().into()])?;
        let slots: Vec<Slot> = sql.exec("SELECT slot FROM burst", None)?.to_array()?;
        for Slot { slot } in slots {
            let (meta, ids) = read_burst(sql, slot, &epoch)?;
            let insert = "INSERT INTO room SELECT slot, number, first, last, ?, ?, \
                          length(CAST(body AS BLOB)), ?, ?, body FROM burst WHERE slot = ?";
            let values = vec![number(now.0), number(now.0), ids.into(), meta.into(), number(slot)];
            write(insert, values)?;
        }
        for Entries { meta } in sql.exec("SELECT meta FROM checkpoint", None)?.to_array()? {
            let meta = old::checkpoint(&meta).map_err(|corrupt| corrupt.to_string())?;
            let insert = "INSERT INTO room (id, number, last, at, ids, meta, body) \
                          SELECT -2, number, seq, 0, '[]', ?, body FROM checkpoint";
            write(insert, vec![meta.into()])?;
        }
    }
    for table in ["DROP TABLE checkpoint", "DROP TABLE meta", "DROP TABLE burst"] {
        write(table, Vec::new())?;
    }
    Ok(spent)
}

fn read_burst(sql: &SqlStorage, slot: u64, epoch: &Epoch) -> Result<(String, String)> {
    let select = "SELECT meta FROM burst WHERE slot = ?";
    let rows: Vec<Entries> = sql.exec(select, vec![number(slot)])?.to_array()?;
    let meta = rows.into_iter().next().map(|row| row.meta).unwrap_or_default();
    old::burst(&meta, epoch).map_err(|corrupt| corrupt.to_string().into())
}
