//! What an isolate borrows of a rate that it shares with others, and what it gives back.
//!
//! Only the forms: who lends how much is decided in `quota/slices.rs`.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// What the object has lent, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// How much.
    pub amount: u64,
    /// Until when the object counts it, on the object's clock.
    pub counts_until: Timestamp,
}

/// What an isolate wants to borrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What it needs.
    pub needed: u64,
    /// What more it will likely need, if it can be had.
    pub more: u64,
    /// What it gives back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<Loan>,
}
