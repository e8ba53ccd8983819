//! The log lines of a server. Tests read them and wait for them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::WAIT;

/// Everything that a server has written, across restarts.
#[derive(Debug, Clone)]
pub(crate) struct Log(watch::Sender<Vec<String>>);

/// A place in the log: after all lines that were there when the mark was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Log {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    /// Collects the lines of a process until it ends.
    pub(crate) fn follow(&self, output: impl Read + Send + 'static) {
        let log = self.0.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                log.send_modify(|lines| lines.push(line));
            }
        });
    }

    /// Writes every line into a file as it comes, for programs that read logs.
    pub(crate) fn copy_to(&self, mut file: File) {
        let mut lines = self.0.subscribe();
        tokio::spawn(async move {
            let mut written = 0;
            loop {
                let new = lines.borrow_and_update()[written..].to_vec();
                written += new.len();
                for line in new {
                    writeln!(file, "{line}").expect("a file that can be written to");
                }
                if lines.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// All lines as one text.
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
        find(&self.0.borrow(), mark, event).collect()
    }

    /// Waits for a line anywhere in the log that says `event` and for which `wanted` holds.
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
        let found = self.until(|lines| find(lines, mark, event).find(|line| wanted(line))).await;
        found.unwrap_or_else(|| panic!("no such line: {event}. There were:\n{}", self.text()))
    }

    /// Waits until so many lines after `mark` say `event` and are about `room`. An error if that takes longer than `time`.
    pub(crate) async fn wait_about(
        &self,
        (mark, time): (Mark, Duration),
        (event, room): (&str, &str),
        count: usize,
    ) -> Vec<Value> {
        let about = |lines: &[String]| {
            let about = find(lines, mark, event).filter(|line| line["room"] == room);
            Some(about.collect::<Vec<_>>()).filter(|about| about.len() >= count)
        };
        let found = self.until_within(time, about).await;
        found.unwrap_or_else(|| panic!("not {count} times {event}, but:\n{}", self.text()))
    }

    /// Waits until `wanted` holds for all lines together that say `event`, and returns them. `wanted` must not read the log: it would
    /// wait for a writer that waits for it.
    pub(crate) async fn wait_for_all(
        &self,
        event: &str,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let all = |lines: &[String]| {
            let all: Vec<_> = find(lines, Mark(0), event).collect();
            Some(all).filter(|all| wanted(all))
        };
        let found = self.until(all).await;
        found.unwrap_or_else(|| panic!("not the right lines of {event}, but:\n{}", self.text()))
    }

    /// Waits until so many lines say `event`.
    pub(crate) async fn wait_for(&self, event: &str, count: usize) {
        let all = |lines: &[String]| find(lines, Mark(0), event).nth(count - 1);
        let found = self.until(all).await;
        assert!(found.is_some(), "not {count} times {event}, but:\n{}", self.text());
    }

    async fn until<T>(&self, wanted: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        self.until_within(WAIT, wanted).await
    }

    async fn until_within<T>(
        &self,
        time: Duration,
        wanted: impl Fn(&[String]) -> Option<T>,
    ) -> Option<T> {
        let mut lines = self.0.subscribe();
        let found = timeout(time, lines.wait_for(|lines| wanted(lines).is_some())).await;
        let lines = found.ok()?.ok()?;
        wanted(&lines)
    }
}

fn find<'a>(
    lines: &'a [String],
    mark: Mark,
    event: &'a str,
) -> impl Iterator<Item = Value> + use<'a> {
    // Wrangler says before each line which Worker has written it.
    let line = |line: &'a String| line.strip_prefix("[roomcast] ").unwrap_or(line);
    let lines = lines[mark.0..].iter().map(line);
    let read = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    read.filter(move |line| line["event"] == event)
}
