//! Writes log lines to where the platform gathers them. What is in them is not decided here.

use worker::console_log;

pub(super) use crate::record::Line;

/// Writes a line.
pub(super) fn write(line: &Line<'_>) {
    console_log!("{}", line.encode());
}
