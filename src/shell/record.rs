//! Writes log lines to the console, where the platform collects them. `src/record.rs` decides what is in them.

use worker::console_log;

use super::refusals;

pub(super) use crate::record::Line;

/// Writes a line. Refusals are also counted.
pub(super) fn write(line: &Line<'_>) {
    refusals::count(line);
    console_log!("{}", line.encode());
}
