//! `scripts/dev`, as the manual says it: started in the checkout, looked at, and ended with Ctrl-C.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::book::Block;
use crate::support::program::{run, signal};
use crate::support::server::free_port;
use crate::support::{checkout, WAIT};

/// The longest time until it is ready, on a slow machine under load. It takes about ten seconds.
const START: Duration = Duration::from_mins(3);

/// The last line that the script prints when everything is there.
const READY: &str = "- See what the Worker says";

/// The first command of a block, without what a reader is told about it.
pub(crate) fn command(block: &Block) -> String {
    let line = block.code.lines().next().unwrap_or_default();
    line.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// Starts a command, sees updates on the page's connection, and ends it.
pub(crate) async fn serves(command: &str) {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let url = format!("http://127.0.0.1:{port}");
    let mut script = Script(start(command, port, &folder));
    let printed = until_ready(&mut script.0).await;
    assert!(printed.contains(&format!("{url}/#token=")), "{printed}");
    let mut tail = Command::new(env!("CARGO_BIN_EXE_roomcast"));
    tail.args(["tail", "demo-session", "--count", "3", "--url", &url]);
    let tail = run(tail.current_dir(checkout(""))).await;
    assert_eq!(tail.code, 0, "{}{}", tail.stdout, tail.stderr);
    script.interrupt();
    timeout(WAIT, script.0.wait()).await.expect("an end in time").unwrap();
    assert!(reqwest::get(format!("{url}/healthz")).await.is_err(), "the server goes on");
}

fn start(command: &str, port: u16, folder: &TempDir) -> Child {
    let persist = folder.path().display();
    // Whoever runs the tests in the background has them, and what they start, ignore SIGINT.
    let mut bash = Command::new("env");
    bash.args([
        "--default-signal=INT",
        "bash",
        "-c",
        &format!("exec {command} --port {port} --persist-to {persist}"),
    ]);
    // Building it again would replace the program that other tests run.
    bash.env("ROOMCAST", env!("CARGO_BIN_EXE_roomcast"));
    bash.current_dir(checkout("")).stdin(Stdio::null()).stdout(Stdio::piped());
    bash.process_group(0).spawn().unwrap()
}

async fn until_ready(script: &mut Child) -> String {
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    let reading = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            printed.push_str(&line);
            printed.push('\n');
            if line.starts_with(READY) {
                return true;
            }
        }
        false
    };
    let ready = timeout(START, reading).await;
    assert_eq!(ready, Ok(true), "it was never ready");
    printed
}

/// A script that runs. It is interrupted at the latest when the test ends, because it has started other processes.
struct Script(Child);

impl Script {
    /// Ctrl-C, as a terminal sends it to all processes that run in it.
    fn interrupt(&self) {
        if let Some(id) = self.0.id() {
            signal("INT", &format!("-{id}"));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.interrupt();
    }
}
