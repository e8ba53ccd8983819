//! The only place in the programs that reads the clock.
//!
//! Nothing here waits: programs wait with tokio.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::protocol::time::Timestamp;

/// The time by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}
