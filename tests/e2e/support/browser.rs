//! A page in a real Chromium, driven through `dashboard/tests/page.ts`.

use std::env;
use std::process::Stdio;

use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::{checkout, WAIT};

/// An open page.
#[derive(Debug)]
pub(crate) struct Page {
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl Page {
    /// Opens an address.
    pub(crate) fn open(url: &str) -> Self {
        Self::open_with(url, &[])
    }

    /// Opens an address, with settings of the driver.
    pub(crate) fn open_with(url: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(checkout("node_modules/.bin/node"));
        command.arg(checkout("dashboard/tests/page.ts")).arg(url);
        command.env("CHROMIUM", chromium()).envs(settings.iter().copied());
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = started.spawn().expect("node, which scripts/setup brings");
        let answers = BufReader::new(process.stdout.take().expect("its stdout")).lines();
        Self { commands: process.stdin.take().expect("its stdin"), answers, process }
    }

    /// Gives a command, and waits until it is done.
    pub(crate) async fn tell(&mut self, mut command: Value) -> Value {
        command["timeoutMs"] = json!(WAIT.as_millis());
        let line = format!("{command}\n");
        self.commands.write_all(line.as_bytes()).await.expect("a page that listens");
        let answer = timeout(WAIT * 2, self.answers.next_line()).await;
        let answer = answer.expect("an answer in time").expect("an answer");
        let answer: Value =
            serde_json::from_str(&answer.expect("a page that lives")).expect("JSON");
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }

    /// Waits until the connection is in a phase.
    pub(crate) async fn wait_for_phase(&mut self, phase: &str) {
        self.tell(json!({"cmd": "wait-phase", "phase": phase})).await;
    }

    /// Waits until so many updates were received by tail or replay.
    pub(crate) async fn wait_for_updates(&mut self, count: usize) {
        self.tell(json!({"cmd": "wait-seqs", "count": count})).await;
    }

    /// Waits until something that a selector finds shows a text.
    pub(crate) async fn wait_for_text(&mut self, selector: &str, text: &str) {
        self.tell(json!({"cmd": "wait-text", "selector": selector, "text": text})).await;
    }

    /// What the page shows.
    pub(crate) async fn read(&mut self) -> Value {
        self.tell(json!({"cmd": "read"})).await
    }

    /// Closes the browser.
    pub(crate) async fn quit(mut self) {
        self.tell(json!({"cmd": "quit"})).await;
        drop(self.commands);
        let ended = timeout(WAIT, self.process.wait()).await;
        ended.expect("an end in time").expect("an exit code");
    }
}

/// The Chromium that `CHROMIUM` names, or the first that is installed, as `scripts/toolchain.sh` looks for it.
pub(crate) fn chromium() -> String {
    if let Ok(named) = env::var("CHROMIUM") {
        return named;
    }
    let path = env::var("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let candidates = names.iter().flat_map(|name| {
        let folders = env::split_paths(&path);
        folders.map(move |folder| folder.join(name))
    });
    let found = candidates.into_iter().find(|file| file.is_file());
    found.expect("Chromium, which scripts/setup --with-browser installs").display().to_string()
}
