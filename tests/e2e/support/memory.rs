//! The memory of a process, if the system reports it.

use std::fs;

/// Bytes that a process has in memory; `None` if the system has no `/proc`.
pub(crate) fn resident(process: u32) -> Option<u64> {
    field(process, "VmRSS:")
}

/// The most bytes that a process has ever had in memory.
pub(crate) fn peak(process: u32) -> Option<u64> {
    field(process, "VmHWM:")
}

fn field(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1_024)
}
