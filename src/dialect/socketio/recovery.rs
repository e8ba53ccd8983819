//! Recovery as Socket.IO has it (connection state recovery), on the positions of the room.
//!
//! The answer to CONNECT has a `pid`: the position up to which the client has seen everything then, and its id. The last argument of each
//! update is the offset: its number, and the topics of the client. A client that comes back shows both, so nothing has to be
//! remembered here. A `pid` gives no rights; the token does.

use serde_json::{Map, Value};

use crate::limits::OFFSET_TOPICS_BYTES;
use crate::protocol::form::quoted;
use crate::protocol::ids::{ClientId, Position, Seq};
use crate::protocol::topics::Topics;

/// What a client that comes back shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The `pid`, which it gets again if it recovers.
    pub pid: String,
    /// Up to where it has seen everything.
    pub position: Position,
    /// The topics that it had. `None` if it has been sent nothing since it connected.
    pub topics: Option<Topics>,
}

/// Reads what a client shows in its `auth`. `None` if it does not come back, or had too many topics to be told an offset.
pub fn shown(auth: &Map<String, Value>) -> Option<Shown> {
    let pid = auth.get("pid")?.as_str()?;
    let position: Position = pid.split_once('.')?.0.parse().ok()?;
    let Some(offset) = auth.get("offset").and_then(Value::as_str) else {
        return Some(Shown { pid: pid.to_owned(), position, topics: None });
    };
    let (seq, topics) = match offset.split_once(' ') {
        None => (offset, Topics::default()),
        Some((seq, list)) => (seq, listed(list)?),
    };
    let position = Position { seq: seq.parse().ok()?, ..position };
    Some(Shown { pid: pid.to_owned(), position, topics: Some(topics) })
}

fn listed(list: &str) -> Option<Topics> {
    Topics::parse(list.split(',').filter(|_| !list.is_empty())).ok()
}

/// The `pid` of a client that has seen everything up to this position. No two are the same, as a client takes it for recovered when its
/// `pid` stays the same.
pub fn pid(position: &Position, client: &ClientId) -> String {
    format!("{position}.{client}")
}

/// The offset of an update for clients with these topics, as JSON.
pub fn offset(seq: Seq, topics: &Topics) -> String {
    if topics.is_all() {
        return format!("\"{seq}\"");
    }
    let names: Vec<String> = topics.patterns().into_iter().map(|pattern| pattern.0).collect();
    let mut list = names.join(",");
    if list.len() > OFFSET_TOPICS_BYTES {
        // No list of topics: whoever shows it cannot recover.
        ",".clone_into(&mut list);
    }
    quoted(&format!("{seq} {list}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn auth(pid: &str, offset: Option<&str>) -> Map<String, Value> {
        let mut auth = Map::new();
        auth.insert("pid".into(), json!(pid));
        if let Some(offset) = offset {
            auth.insert("offset".into(), json!(offset));
        }
        auth
    }

    const PID: &str = "0123456789abcdef:7.0101010101010101";

    #[test]
    fn a_client_that_was_sent_nothing_comes_back_with_its_pid() {
        let shown = shown(&auth(PID, None)).unwrap();
        assert_eq!((shown.position.seq, shown.topics, shown.pid.as_str()), (7, None, PID));
    }

    #[test]
    fn an_offset_says_the_number_and_the_topics() {
        let topics = |names: &[&str]| Topics::parse(names.iter().copied()).unwrap();
        for topics in [Topics::default(), Topics::none(), topics(&["a"]), topics(&["a", "p:*"])] {
            let offset: String = serde_json::from_str(&offset(12, &topics)).unwrap();
            let shown = shown(&auth(PID, Some(&offset))).unwrap();
            assert_eq!((shown.position.seq, shown.topics), (12, Some(topics)), "{offset}");
        }
    }

    #[test]
    fn a_client_with_very_many_topics_cannot_recover() {
        let names: Vec<String> = (0..100).map(|n| format!("project:{n}")).collect();
        let topics = Topics::parse(names.iter().map(String::as_str)).unwrap();
        let offset: String = serde_json::from_str(&offset(12, &topics)).unwrap();
        assert!(offset.len() < 10 && shown(&auth(PID, Some(&offset))).is_none());
    }

    #[test]
    fn what_is_no_position_is_no_recovery() {
        for (pid, offset) in [
            ("x", None),
            ("", None),
            ("0123456789abcdef:7", None),
            (PID, Some("")),
            (PID, Some("a")),
            (PID, Some("-1")),
        ] {
            assert_eq!(shown(&auth(pid, offset)), None, "{pid} {offset:?}");
        }
        assert_eq!(shown(&Map::new()), None);
    }
}
