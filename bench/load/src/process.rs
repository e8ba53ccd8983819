//! CPU time and memory of a local server process, including its descendants.
//!
//! They are read from `/proc`, so this works on Linux only; elsewhere no process is found. Pages that processes share
//! are counted for each of them.

use std::fs;

/// Microseconds of one clock tick: `/proc` counts in 1/100 s on every Linux in use.
const TICK_US: u64 = 10_000;

/// What a process has used by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// CPU time in microseconds.
    pub(crate) cpu_us: u64,
    /// Bytes in memory.
    pub(crate) rss: u64,
    /// The most bytes that it has ever had in memory.
    pub(crate) peak: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

/// What `pid` and its descendants use; `None` if there is no such process.
pub(crate) fn usage(pid: u32) -> Option<Usage> {
    let stats = all();
    stats.iter().find(|stat| stat.pid == pid)?;
    let family = family(&stats, pid);
    Some(family.iter().fold(Usage::default(), |sum, stat| {
        let (rss, peak) = memory(stat.pid);
        Usage {
            cpu_us: sum.cpu_us + stat.ticks * TICK_US,
            rss: sum.rss + rss,
            peak: sum.peak + peak,
        }
    }))
}

fn all() -> Vec<Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// Parses a line. Its field 2 is the program's name in parentheses, which may contain any character.
fn stat(pid: u32, line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let parent = u32::try_from(number(1)?).ok()?;
    Some(Stat { pid, parent, ticks: number(11)? + number(12)? })
}

fn family(stats: &[Stat], pid: u32) -> Vec<Stat> {
    let mut family: Vec<Stat> = stats.iter().filter(|stat| stat.pid == pid).copied().collect();
    let mut next = 0;
    while let Some(parent) = family.get(next).map(|stat| stat.pid) {
        family.extend(stats.iter().filter(|stat| stat.parent == parent && stat.pid != parent));
        next += 1;
    }
    family
}

fn memory(pid: u32) -> (u64, u64) {
    resident(&fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default())
}

/// The bytes in memory by a `status` file, and the most there have ever been. The kernel updates the peak later than
/// the size, so a growing process may show a peak that is below its size.
fn resident(status: &str) -> (u64, u64) {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1_024
    };
    let rss = bytes("VmRSS:");
    (rss, bytes("VmHWM:").max(rss))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 4 0 100 1 2";
        assert_eq!(stat(7, line), Some(Stat { pid: 7, parent: 3, ticks: 200 }));
        assert_eq!(stat(7, "7 (a) S"), None);
    }

    #[test]
    fn descendants_count_and_relatives_do_not() {
        let stat = |pid, parent| Stat { pid, parent, ticks: 1 };
        let stats = [stat(1, 0), stat(9, 1), stat(5, 9), stat(4, 5), stat(6, 1)];
        let pids = |pid| family(&stats, pid).iter().map(|stat| stat.pid).collect::<Vec<_>>();
        assert_eq!((pids(9), pids(6), pids(7)), (vec![9, 5, 4], vec![6], vec![]));
    }

    #[test]
    fn a_process_has_never_used_less_than_it_uses_now() {
        let status = |peak, rss| format!("Name:\tx\nVmHWM:\t{peak} kB\nVmRSS:\t{rss} kB\n");
        assert_eq!(resident(&status(9_624, 9_628)), (9_628 * 1_024, 9_628 * 1_024));
        assert_eq!(resident(&status(9_624, 9_000)), (9_000 * 1_024, 9_624 * 1_024));
        assert_eq!(resident(""), (0, 0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory() {
        let used = usage(std::process::id()).unwrap();
        assert!(used.rss > 100_000 && used.peak >= used.rss, "{used:?}");
        assert_eq!(usage(u32::MAX), None);
    }
}
