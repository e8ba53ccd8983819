//! The disk is full for a while: the storage is on a file system of a few megabytes, whose rest a file takes.
//!
//! It can be made only where this program may mount. `scripts/chaos` gives it mounts of its own, so that none is left behind.

use std::fs::{remove_file, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::time::{sleep, timeout, Duration, Instant};

use super::arena::{with_documents, Arena};
use super::report::Report;
use crate::chaos::chance::Chance;
use crate::support::server::Server;

/// The size of the file system.
const SIZE: &str = "size=64m";

/// The most bytes that are left when the disk is called full.
const LEFT: u64 = 128 << 10;

/// The disk stays full until so many posts were not taken, but no longer than this.
const REFUSED: u64 = 40;
const FULL: Duration = Duration::from_secs(10);

/// The longest time before the disk is full, in milliseconds.
const CALM_MS: u64 = 2_000;

/// Fills the disk so many times.
///
/// # Errors
/// If nothing can be mounted.
pub(crate) async fn run(times: usize, chance: &mut Chance) -> Result<Report, String> {
    let mut server = Server::start_with(with_documents).await;
    server.kill_9();
    // It has to outlive the server.
    let disk = Disk::over(&server.storage())?;
    server.restart().await;
    let mut arena = Arena::on("A full disk", server).await;
    let mut deaths = 0;
    for _ in 0..times {
        sleep(Duration::from_millis(chance.below(CALM_MS))).await;
        disk.fill(chance.below(LEFT));
        let wanted = refusals(&arena) + REFUSED;
        let enough = async {
            while refusals(&arena) < wanted {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let late = timeout(FULL, enough).await.is_err();
        if late {
            arena.report.notes.push(format!(
                "One time, fewer than {REFUSED} posts were refused within {} s.",
                FULL.as_secs()
            ));
        }
        disk.free();
        if reqwest::get(arena.server.url("/healthz")).await.is_err() {
            deaths += 1;
            arena.server.restart().await;
        }
        arena.recover(None, Instant::now()).await;
        arena.compare().await;
    }
    arena.report.notes.push(format!("workerd ended {deaths} times because of it."));
    Ok(arena.end().await)
}

/// How many posts were not taken so far.
fn refusals(arena: &Arena) -> u64 {
    let answers = arena.feed.answers();
    answers
        .statuses
        .iter()
        .filter(|(status, _)| !status.starts_with("202"))
        .map(|(_, count)| count)
        .sum()
}

/// A small file system. It is gone when this is dropped.
#[derive(Debug)]
struct Disk(PathBuf);

impl Disk {
    /// Puts it over a folder, with what is in the folder.
    fn over(folder: &Path) -> Result<Self, String> {
        let mount = folder.with_extension("small");
        std::fs::create_dir(&mount).map_err(|error| error.to_string())?;
        run_to_end(Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&mount))?;
        let disk = Self(folder.to_owned());
        run_to_end(Command::new("cp").arg("-a").arg(folder.join(".")).arg(&mount))?;
        run_to_end(Command::new("mount").arg("--move").args([&mount, folder]))?;
        Ok(disk)
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it, except for so many bytes.
    fn fill(&self, left: u64) {
        let mut file = File::create(self.ballast()).expect("a file");
        let zeros = vec![0; 1 << 16];
        let mut written = 0;
        while let Ok(bytes) = file.write(&zeros) {
            written += bytes as u64;
        }
        file.set_len(written.saturating_sub(left)).expect("a shorter file");
    }

    fn free(&self) {
        remove_file(self.ballast()).expect("a file that can be removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(why) = run_to_end(Command::new("umount").arg("-l").arg(&self.0)) {
            eprintln!("a mount is left: {why}");
        }
    }
}

fn run_to_end(command: &mut Command) -> Result<(), String> {
    let ran = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let complaint = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
    ran.status.success().then_some(()).ok_or(complaint)
}
