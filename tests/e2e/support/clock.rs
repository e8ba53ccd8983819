//! The only place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use roomcast::protocol::time::Timestamp;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "tokens and signatures are about the real time, and this is where it is read"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = since.expect("a clock after 1970").as_millis();
    Timestamp(u64::try_from(ms).expect("a clock in this age"))
}
