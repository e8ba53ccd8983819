//! The log lines of a server, to be looked at and waited for.

use std::io::{BufRead, BufReader, Read};
use std::thread;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::WAIT;

/// All that a server has written, over all its restarts.
#[derive(Debug, Clone)]
pub(crate) struct Log(watch::Sender<Vec<String>>);

/// A place in the log: after everything that was there when it was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Log {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    /// Takes in the lines of a process, until it ends.
    pub(crate) fn follow(&self, output: impl Read + Send + 'static) {
        let log = self.0.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                log.send_modify(|lines| lines.push(line));
            }
        });
    }

    /// Everything as text.
    pub(crate) fn text(&self) -> String {
        self.0.borrow().join("\n")
    }

    /// The end of the log as it is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.0.borrow().len())
    }

    /// The JSON lines that say `event`, so far.
    pub(crate) fn events(&self, event: &str) -> Vec<Value> {
        self.events_since(Mark(0), event)
    }

    /// The JSON lines after `mark` that say `event`.
    pub(crate) fn events_since(&self, mark: Mark, event: &str) -> Vec<Value> {
        let lines = self.0.borrow();
        let read = lines[mark.0..].iter().filter_map(|line| parse(line));
        read.filter(|line| line["event"] == event).collect()
    }

    /// Waits for a line that says `event` and of which `wanted` holds, from the beginning on.
    pub(crate) async fn wait(&self, event: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_since(Mark(0), event, wanted).await
    }

    /// Waits for such a line after `mark`.
    pub(crate) async fn wait_since(
        &self,
        mark: Mark,
        event: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let find = |lines: &Vec<String>| {
            let read = lines[mark.0..].iter().filter_map(|line| parse(line));
            read.into_iter().find(|line| line["event"] == event && wanted(line))
        };
        let mut lines = self.0.subscribe();
        let found = timeout(WAIT, lines.wait_for(|lines| find(lines).is_some())).await;
        match found.map(|lines| lines.ok().and_then(|lines| find(&lines))) {
            Ok(Some(line)) => line,
            _ => panic!("no such log line: {event}. There were:\n{}", self.text()),
        }
    }
}

fn parse(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}
