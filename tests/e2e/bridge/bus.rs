//! What the tests want of a bus: start it, put messages on it, kill it, and see what was put aside.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::time::{sleep, timeout, Duration};

use crate::support::WAIT;

/// A bus of one test. It ends with the test.
pub(crate) trait Bus {
    /// Starts it, with nothing on it.
    async fn start() -> Self;

    /// The arguments of `roomcast bridge` that lead to it.
    fn arguments(&self) -> Vec<String>;

    /// Puts messages on it, each with one text, in this order. Tries again while the bus is down, so that a message may be there twice.
    async fn add(&self, texts: &[String]);

    /// Kills it, which gets no time to do anything, and starts it again over what it has stored.
    async fn kill_9(&self);

    /// What was put aside: for each message its text, and why.
    async fn dead(&self) -> Vec<(String, String)>;
}

/// A server of a bus, as a process.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program. What it says goes to `log` in its folder.
    pub(crate) fn start(program: &str, folder: &Path, arguments: &[&str]) -> Self {
        let log = File::create(folder.join("log")).expect("a log");
        let started = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn();
        Self(started.unwrap_or_else(|error| {
            panic!("{program}: {error}. `scripts/setup --with-buses` installs it")
        }))
    }

    /// Waits until it has done its work.
    pub(crate) fn succeeds(mut self) {
        let status = self.0.wait().expect("an end");
        assert!(status.success(), "{status}");
    }

    /// Whether it has ended.
    pub(crate) fn ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Kills it.
    pub(crate) fn kill_9(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_9();
    }
}

/// Asks a bus until it answers.
pub(crate) async fn until<T, E: std::fmt::Display>(ask: impl AsyncFn() -> Result<T, E>) -> T {
    let mut last = String::new();
    let answered = timeout(WAIT, async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => last = error.to_string(),
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let answered = answered.await;
    answered.unwrap_or_else(|_| panic!("no answer in time: {last}"))
}

/// Texts of events.
pub(crate) fn texts(events: &[Value]) -> Vec<String> {
    events.iter().map(Value::to_string).collect()
}
