//! The rows of rooms that have relays, and of relays.

use worker::Result;

use super::{integer, number, Storage, TREE};
use crate::protocol::cost::Cost;
use crate::protocol::time::Timestamp;
use crate::room::tree::feeding::Served;
use crate::room::tree::KeptTree;

impl Storage {
    /// Stores what the room keeps of its relays. The row is not counted: no post waits for it.
    pub(in crate::shell) fn keep_tree(&self, kept: &KeptTree) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO room (id, number, meta) VALUES (?, 0, ?)";
        self.sql.exec(insert, vec![integer(TREE), serde_json::to_string(kept)?.into()])?;
        Ok(())
    }

    /// Stores what a relay takes of its parent, in place of all bursts that it has.
    pub(in crate::shell) fn adopt(&self, served: &Served, at: Timestamp) -> Result<()> {
        self.found(&served.epoch)?;
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
