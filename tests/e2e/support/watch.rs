//! Stock clients of Socket.IO in node, which print what comes: `tests/socketio/watch.js`.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::checkout;
use super::server::Server;
use super::token::token;

/// A client waits for up to 5 s in all before it connects again, and node may be slow to start.
const PATIENCE: Duration = Duration::from_secs(45);

/// Clients with the same options. They end with the test.
#[derive(Debug)]
pub(crate) struct Watch {
    _program: Child,
    commands: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// Everything that has been printed and read, in order.
    pub(crate) seen: Vec<Value>,
}

impl Watch {
    /// Starts so many clients, and waits until each is connected and, if there is one, has joined the project.
    pub(crate) async fn start(
        server: &Server,
        (clients, transports): (usize, &str),
        project: Option<&str>,
    ) -> Self {
        let mut watch = Self::dial(server, (clients, transports), project);
        let ready = if project.is_some() { "joined" } else { "connect" };
        watch.count(ready, clients).await;
        watch
    }

    /// Starts a client that acknowledges nothing, and waits until it is connected.
    pub(crate) async fn deaf(server: &Server, transports: &str) -> Self {
        let mut watch = Self::run(server, (1, transports), &["--deaf"]);
        watch.count("connect", 1).await;
        watch
    }

    /// Starts so many clients.
    pub(crate) fn dial(server: &Server, clients: (usize, &str), project: Option<&str>) -> Self {
        let more: Vec<&str> = project.iter().flat_map(|project| ["--project", project]).collect();
        Self::run(server, clients, &more)
    }

    fn run(server: &Server, (clients, transports): (usize, &str), more: &[&str]) -> Self {
        let mut command = Command::new(checkout("node_modules/.bin/node"));
        command.arg(checkout("tests/socketio/watch.js"));
        command.args(["--url", &server.url(""), "--transports", transports]);
        command.args(["--clients", &clients.to_string()]);
        command.args(more);
        command.env("ROOMCAST_TOKEN", token("all").text());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().expect("node, which scripts/setup brings");
        let commands = program.stdin.take().expect("its input");
        let lines = BufReader::new(program.stdout.take().expect("its output")).lines();
        Self { _program: program, commands, lines, seen: Vec::new() }
    }

    /// Breaks the connections of all clients, and any that they make until [`Watch::plug`].
    pub(crate) async fn unplug(&mut self) {
        self.command("unplug").await;
    }

    /// Lets the clients connect again.
    pub(crate) async fn plug(&mut self) {
        self.command("plug").await;
    }

    async fn command(&mut self, command: &str) {
        let sent = self.commands.write_all(format!("{command}\n").as_bytes()).await;
        sent.expect("a program that reads");
    }

    /// Waits until `event` has come so many times since these clients were started. Returns the last.
    pub(crate) async fn count(&mut self, event: &str, times: usize) -> Value {
        self.until(|line| line["event"] == event, times).await
    }

    /// Waits until there are so many lines that are as wanted. Returns the last.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool, times: usize) -> Value {
        loop {
            if let Some(line) = self.seen.iter().filter(|line| wanted(line)).nth(times - 1) {
                return line.clone();
            }
            let line = timeout(PATIENCE, self.next()).await;
            let line =
                line.unwrap_or_else(|_| panic!("nothing more came after {:#?}", self.last()));
            self.seen.push(line);
        }
    }

    /// The next line, however long it takes. It is not kept in `seen`.
    pub(crate) async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await;
        let line = line.expect("its output").expect("a program that runs");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The last lines.
    fn last(&self) -> &[Value] {
        &self.seen[self.seen.len().saturating_sub(8)..]
    }

    /// The lines so far that say `event`.
    pub(crate) fn events(&self, event: &str) -> Vec<&Value> {
        self.seen.iter().filter(|line| line["event"] == event).collect()
    }

    /// The data of an event as each client got them: `field` of each, in order.
    pub(crate) fn got(&self, event: &str, field: &str) -> Vec<Vec<&str>> {
        let mut got: Vec<Vec<&str>> = Vec::new();
        for line in self.events(event) {
            let number = usize::try_from(line["client"].as_u64().expect("a number")).unwrap();
            got.resize(got.len().max(number + 1), Vec::new());
            got[number].push(line["data"][field].as_str().expect("a text"));
        }
        got
    }
}
