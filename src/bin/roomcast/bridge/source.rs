//! What the bridge wants of a bus: messages, the end of messages, and how many are left.
//!
//! A bus remembers what it has handed out until it is told what became of it. So whoever reads it may be killed at any moment, and
//! gets the same messages again. Nothing here knows what is in a message.

use std::fmt::Display;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use roomcast::deployment::failure::Failure;
use roomcast::limits::NAME_CHARS;
use roomcast::protocol::problem::Problem;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Begins the name of what the bus says about a message. Its own fields have other names.
const OF_THE_BUS: char = '@';

/// A message as the map sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    /// Its id on the bus. No other message of this deployment has it, and it has it each time it is read.
    pub(crate) id: String,
    /// Its fields, and what the bus says of it: `@id`, `@time` and others.
    pub(crate) fields: Map<String, Value>,
}

/// A message that can never be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dead {
    /// Its place among those that were read together.
    pub(crate) index: usize,
    /// Why: what a post would have been answered.
    pub(crate) problem: Problem,
}

/// Why a bus did not do what was asked.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It may do it later: it is asked again until it does.
    Passes(String),
    /// It will never do it.
    Ends(Failure),
}

/// A bus, and a place in it that outlives this process.
pub(crate) trait Source {
    /// What it is called in messages to the user. No secret is in it.
    fn name(&self) -> String;

    /// The next messages, at most `most`, those first that were handed out before and never settled. Waits about a second for them, then there are none.
    /// After trouble, and if the last ones were not settled, they come again.
    async fn next(&mut self, most: usize) -> Result<Vec<Message>, Trouble>;

    /// Settles all messages that were read last: these are put aside with their reasons, all others were published.
    async fn settle(&mut self, dead: &[Dead]) -> Result<(), Trouble>;

    /// Says that those that were read last are still worked on. It is called every few seconds while they are.
    async fn keep(&mut self) -> Result<(), Trouble>;

    /// How many messages are not settled yet, those that were read included. `None`: the bus does not know.
    async fn lag(&mut self) -> Result<Option<u64>, Trouble>;
}

impl Message {
    /// The message with this id on the bus, of which it says other things too.
    pub(crate) fn new(id: String, time: Option<String>, mut fields: Map<String, Value>) -> Self {
        fields.insert("@id".to_owned(), id.clone().into());
        if let Some(time) = time {
            fields.insert("@time".to_owned(), time.into());
        }
        Self { id, fields }
    }

    /// Its own fields, as they were on the bus.
    pub(crate) fn own(&self) -> Map<String, Value> {
        let own = self.fields.iter().filter(|(name, _)| !name.starts_with(OF_THE_BUS));
        own.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The id of a message out of the name of what it is in and its place there. It becomes the id of an event, so it is no longer than that may be.
pub(crate) fn id(within: &str, place: impl Display) -> String {
    let id = format!("{within}:{place}");
    if id.chars().count() <= NAME_CHARS {
        return id;
    }
    format!("sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(id)))
}

/// The text of these bytes. Bytes that are no text are `null`: nothing is made of them that was not there.
pub(crate) fn text(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or(Value::Null, Value::from)
}

/// Why these messages are put aside, for people: what is wrong where.
pub(crate) fn reason(problem: &Problem) -> String {
    let wrong: Vec<String> = problem
        .errors
        .iter()
        .map(|error| format!("{} {}", error.field, error.reason).trim().to_owned())
        .collect();
    if wrong.is_empty() {
        return problem.detail.clone();
    }
    wrong.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_bus_says_of_a_message_is_not_a_field_of_its_own() {
        let fields = json!({"data": "{}"}).as_object().unwrap().clone();
        let message = Message::new("s:1-0".to_owned(), Some("t".to_owned()), fields.clone());
        assert_eq!(
            (&message.fields["@id"], &message.fields["@time"]),
            (&json!("s:1-0"), &json!("t"))
        );
        assert_eq!(message.own(), fields);
    }

    #[test]
    fn an_id_is_never_longer_than_that_of_an_event() {
        assert_eq!(id("orders", "1-0"), "orders:1-0");
        let (one, other) = (id(&"s".repeat(200), 1), id(&"s".repeat(200), 2));
        assert!(one != other && one.starts_with("sha256:") && one.len() <= NAME_CHARS);
    }

    #[test]
    fn bytes_that_are_no_text_are_not_guessed() {
        assert_eq!((text(b"\xc3\xa4"), text(b"\xff")), (json!("\u{e4}"), Value::Null));
    }
}
