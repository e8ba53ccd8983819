//! Writes log lines to the console, where the platform collects them. `src/record.rs` decides what is in them.

use worker::console_log;

pub(super) use crate::record::Line;

/// Writes a line.
pub(super) fn write(line: &Line<'_>) {
    console_log!("{}", line.encode());
}
