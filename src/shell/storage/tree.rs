//! What rooms that have relays, and relays, store beside their log.

use worker::Result;

use super::{integer, number, Storage, EPOCH, SCHEMA, TABLE};
use crate::protocol::cost::Cost;
use crate::protocol::time::Timestamp;
use crate::room::tree::feeding::Served;
use crate::room::tree::KeptTree;

impl Storage {
    /// Stores what the room keeps of its relays. The row is not counted: no post waits for it.
    pub(in crate::shell) fn keep_tree(&self, kept: &KeptTree) -> Result<()> {
        let update = "UPDATE room SET ids = ? WHERE id = ?";
        self.sql.exec(update, vec![serde_json::to_string(kept)?.into(), integer(EPOCH)])?;
        Ok(())
    }

    /// Stores what a relay takes of its parent, in place of all bursts that it has. What it keeps of its own relays stays.
    pub(in crate::shell) fn adopt(&self, served: &Served, at: Timestamp) -> Result<()> {
        *self.unlisted.borrow_mut() = Some(served.epoch.clone());
        self.write(TABLE, Vec::new())?;
        let insert = "INSERT INTO room (id, number, meta) VALUES (?, ?, ?) \
                      ON CONFLICT (id) DO UPDATE SET number = excluded.number, meta = excluded.meta, at = NULL";
        let values = vec![integer(EPOCH), number(SCHEMA), served.epoch.as_str().into()];
        self.write(insert, values)?;
        self.write("DELETE FROM room WHERE id >= ?", vec![number(0)])?;
        if let Some(row) = &served.checkpoint {
            self.checkpoint(row)?;
        }
        for burst in &served.bursts {
            self.append(burst, at, Timestamp::default(), "")?;
        }
        // No post waits for it.
        self.spent.set(Cost::default());
        Ok(())
    }
}
