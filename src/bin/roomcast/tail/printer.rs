//! Updates on stdout, one per line.
//!
//! Knows when enough has been printed, and that a reader who has left (`| head`) is no failure.

use std::io::ErrorKind;

use serde_json::Value;
use tokio::io::{stdout, AsyncWriteExt as _, Stdout};

use super::frame::Update;
use crate::failure::Failure;

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// There may be more.
    More,
    /// The count is reached, or nobody reads any more.
    Enough,
}

/// Prints updates.
pub(crate) struct Printer {
    out: Stdout,
    json: bool,
    /// How many may still be printed.
    left: Option<u64>,
}

impl Printer {
    /// Prints at most `count` updates, as JSON or for people.
    pub(crate) fn new(json: bool, count: Option<u64>) -> Self {
        Self {
            out: stdout(),
            json,
            left: count,
        }
    }

    /// Prints the updates of one frame in one write.
    ///
    /// # Errors
    /// stdout cannot be written to, other than because its reader has left.
    pub(crate) async fn print(&mut self, updates: &[Update]) -> Result<Wanted, Failure> {
        let text = lines(updates, self.json, &mut self.left);
        let written = match self.out.write_all(text.as_bytes()).await {
            Ok(()) => self.out.flush().await,
            failed => failed,
        };
        match written {
            Ok(()) if self.left == Some(0) => Ok(Wanted::Enough),
            Ok(()) => Ok(Wanted::More),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Wanted::Enough),
            Err(error) => Err(Failure::Machine(format!(
                "stdout cannot be written to: {error}"
            ))),
        }
    }
}

/// The lines for as many of the updates as are left to print.
fn lines(updates: &[Update], json: bool, left: &mut Option<u64>) -> String {
    let mut text = String::new();
    for update in updates {
        match left {
            Some(0) => break,
            Some(left) => *left -= 1,
            None => {}
        }
        text += &if json {
            update.object.to_string()
        } else {
            line(update)
        };
        text.push('\n');
    }
    text
}

/// `seq  time  updateType  data`, in columns.
fn line(update: &Update) -> String {
    let text = |field| {
        update
            .object
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or("-")
    };
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
        Update {
            seq,
            object: serde_json::from_str(&object).unwrap(),
        }
    }

    #[test]
    fn an_update_is_a_line_for_people() {
        assert_eq!(
            lines(&[update(2)], false, &mut None),
            "    2  2026-11-18T08:02:16Z  cycle.created         {\"cycleId\":\"c\",\"sessionId\":\"s\"}\n"
        );
    }

    #[test]
    fn an_update_is_the_object_that_was_received_for_programs() {
        let text = lines(&[update(2)], true, &mut None);
        assert!(text.starts_with(r#"{"type":"dashboard.update","seq":2,"updateType""#));
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            update(2).object
        );
    }

    #[test]
    fn no_more_is_printed_than_was_asked_for() {
        let mut left = Some(3);
        assert_eq!(
            lines(&[update(1), update(2)], true, &mut left)
                .lines()
                .count(),
            2
        );
        assert_eq!(
            lines(&[update(3), update(4)], true, &mut left)
                .lines()
                .count(),
            1
        );
        assert_eq!(left, Some(0));
    }
}
