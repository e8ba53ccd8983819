//! Other programs: the command line, curl, openssl.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::worker_config::{TOKEN_SECRET, WEBHOOK_SECRET};
use super::{checkout, WAIT};

/// The result of a program that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Its standard output.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
}

/// The command line, with the tenant's secrets, directed to a server.
pub(crate) fn roomcast(server: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roomcast"));
    command
        .args(arguments)
        .current_dir(checkout("tests"))
        .env_clear()
        .env("ROOMCAST_URL", server)
        .env("DEMO_TOKEN_SECRET", TOKEN_SECRET)
        .env("DEMO_WEBHOOK_SECRET", WEBHOOK_SECRET);
    command
}

/// Starts a program in the background.
pub(crate) fn start(command: &mut Command) -> Child {
    let started = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    started.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Sends a signal to a process, or to a group of them, whose number has a minus.
pub(crate) fn signal(name: &str, process: &str) {
    let sent = std::process::Command::new("kill").args(["-s", name, "--", process]).status();
    assert!(sent.is_ok_and(|status| status.success()), "{name} to {process}");
}

/// Waits for a program's end.
pub(crate) async fn end(program: Child) -> Ran {
    end_within(WAIT, program).await
}

/// Waits for a program's end, which may take longer.
pub(crate) async fn end_within(time: Duration, program: Child) -> Ran {
    let output = timeout(time, program.wait_with_output()).await;
    let output = output.expect("an end in time").expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let Output { status, stdout, stderr } = output;
    Ran { code: status.code().expect("an exit code"), stdout: text(stdout), stderr: text(stderr) }
}

/// Checks the result of a program whose last line is `N passed, M failed`: so many have to pass, and none may fail.
pub(crate) fn assert_passed(ran: &Ran, at_least: usize) {
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let last = ran.stdout.lines().last().unwrap_or_default();
    let passed: usize = last.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
    assert!(passed >= at_least && last.ends_with(" 0 failed"), "{last}");
}

/// Runs a program to its end.
pub(crate) async fn run(command: &mut Command) -> Ran {
    end(start(command)).await
}
