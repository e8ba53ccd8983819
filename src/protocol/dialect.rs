//! The names of the dialects.
//!
//! Names only, so that code that stores them or passes them on needs nothing else. `src/dialect/` decodes and encodes
//! each dialect.

use serde::{Deserialize, Serialize};

/// The dialect of a client, chosen by the subprotocol that it offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `roomcast.v1`: everything.
    V1,
    /// No subprotocol: the literal messages of a plain dashboard, one update per frame.
    Plain,
}
