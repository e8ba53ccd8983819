//! Prints updates on stdout, one per line, and notes on stderr.
//!
//! It knows when enough updates have been printed, and notices that the reader has left (`| head`), which is not a
//! failure. `viewer` decides which updates to print.

use std::io::ErrorKind;

use roomcast::deployment::failure::Failure;
use roomcast::protocol::ids::Seq;
use serde_json::Value;
use tokio::io::{stdout, AsyncWriteExt as _, Stdout};

use super::frame::Update;

/// Tells the user, on stderr, what happens to the connection.
pub(crate) fn note(text: &str) {
    eprintln!("roomcast: {text}");
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// There may be more.
    More,
    /// The count is reached, and this was the last update.
    Enough(Seq),
    /// Nobody reads any more.
    Nothing,
}

/// Prints updates.
pub(crate) struct Printer {
    out: Stdout,
    json: bool,
    /// How many may still be printed.
    left: Option<u64>,
    deserted: bool,
}

impl Printer {
    /// Prints at most `count` updates, as JSON or for people.
    pub(crate) fn new(json: bool, count: Option<u64>) -> Self {
        Self { out: stdout(), json, left: count, deserted: false }
    }

    /// Whether a print has found that nobody reads any more.
    pub(crate) fn deserted(&self) -> bool {
        self.deserted
    }

    /// Prints the updates of one frame in one write.
    ///
    /// # Errors
    /// stdout cannot be written to, other than because its reader has left.
    pub(crate) async fn print(&mut self, updates: &[Update]) -> Result<Wanted, Failure> {
        let printed = within(updates, &mut self.left);
        let text = lines(printed, self.json);
        let written = match self.out.write_all(text.as_bytes()).await {
            Ok(()) => self.out.flush().await,
            failed => failed,
        };
        match (written, printed.last()) {
            (Ok(()), Some(last)) if self.left == Some(0) => Ok(Wanted::Enough(last.seq)),
            (Ok(()), _) => Ok(Wanted::More),
            (Err(error), _) if error.kind() == ErrorKind::BrokenPipe => {
                self.deserted = true;
                Ok(Wanted::Nothing)
            }
            (Err(error), _) => {
                Err(Failure::Machine(format!("stdout cannot be written to: {error}")))
            }
        }
    }
}

/// Ends when the reader of stdout has left. A quiet session would otherwise keep `tail | head`
/// alive until its next update.
#[cfg(unix)]
pub(crate) async fn reader_left() {
    use rustix::event::{poll, PollFd, PollFlags};

    let left = tokio::task::spawn_blocking(|| {
        let out = std::io::stdout();
        // A poll that asks for no event returns only on an error, and a reader that has left is one.
        poll(&mut [PollFd::new(&out, PollFlags::empty())], None).is_ok()
    });
    if !matches!(left.await, Ok(true)) {
        std::future::pending::<()>().await;
    }
}

/// On other systems this cannot be watched for. Printing the next update will notice it instead.
#[cfg(not(unix))]
pub(crate) async fn reader_left() {
    std::future::pending().await
}

/// As many of the updates as are left to print.
fn within<'a>(updates: &'a [Update], left: &mut Option<u64>) -> &'a [Update] {
    let Some(left) = left else { return updates };
    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(updates.len());
    *left = left.saturating_sub(u64::try_from(most).unwrap_or(u64::MAX));
    updates.get(..most).unwrap_or_default()
}

fn lines(updates: &[Update], json: bool) -> String {
    let text = |update: &Update| if json { update.object.to_string() } else { line(update) };
    updates.iter().map(|update| text(update) + "\n").collect()
}

/// `seq  time  updateType  data`, in columns.
fn line(update: &Update) -> String {
    let text = |field| update.object.get(field).and_then(Value::as_str).unwrap_or("-");
    let data = update.object.get("data").unwrap_or(&Value::Null);
    let (seq, time, kind) = (update.seq, text("timestamp"), text("updateType"));
    format!("{seq:>5}  {time}  {kind:<20}  {data}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(seq: u64) -> Update {
        let object = format!(
            r#"{{"type":"dashboard.update","seq":{seq},"updateType":"cycle.created","timestamp":"2026-11-18T08:02:16Z","data":{{"cycleId":"c","sessionId":"s"}}}}"#
        );
        Update { seq, object: serde_json::from_str(&object).unwrap() }
    }

    #[test]
    fn an_update_is_printed_as_a_line_for_people() {
        assert_eq!(
            lines(&[update(2)], false),
            "    2  2026-11-18T08:02:16Z  cycle.created         {\"cycleId\":\"c\",\"sessionId\":\"s\"}\n"
        );
    }

    #[test]
    fn an_update_is_printed_as_the_received_object_for_programs() {
        let text = lines(&[update(2)], true);
        assert!(text.starts_with(r#"{"type":"dashboard.update","seq":2,"updateType""#));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), update(2).object);
    }

    #[test]
    fn no_more_updates_are_printed_than_were_asked_for() {
        let mut left = Some(3);
        assert_eq!(within(&[update(1), update(2)], &mut left).len(), 2);
        assert_eq!(within(&[update(3), update(4)], &mut left), [update(3)]);
        assert_eq!(left, Some(0));
    }
}
