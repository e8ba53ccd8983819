//! The names of the ways in which clients speak.
//!
//! Names only, so that they can be stored and handed on by those who need not know what they mean: how each is
//! read and written is the business of `src/dialect/`.

use serde::{Deserialize, Serialize};

/// How a client speaks, decided by the subprotocol it offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `roomcast.v1`: everything.
    V1,
    /// No subprotocol: the literal messages of a plain dashboard, one update per frame.
    Plain,
}
