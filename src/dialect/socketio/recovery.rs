//! Recovery as Socket.IO has it (connection state recovery), on the positions of the room.
//!
//! The answer to CONNECT has a `pid`: the position of the client, whether it has everything up to that or is sent the state first, and
//! its id. The last argument of an update is the offset: its number, and the topics of the client. A client that comes back shows both,
//! so nothing has to be remembered here. It keeps an offset even if it is told that it has not recovered: a `pid` says which one is old. A `pid` gives no rights; the token does.

use serde_json::{Map, Value};

use crate::limits::OFFSET_TOPICS_BYTES;
use crate::protocol::form::quoted;
use crate::protocol::ids::{ClientId, Epoch, Position, Seq};
use crate::protocol::topics::Topics;

/// What a client that comes back shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The `pid`, which it gets again if it recovers.
    pub pid: String,
    /// Up to where it has seen everything. A position of no log if it has not: then it needs the state.
    pub position: Position,
    /// The topics that it had. `None` if it has been sent nothing since it connected.
    pub topics: Option<Topics>,
}

/// Precedes the number of an old offset in a `pid`: a client that shows it has been sent none since.
const OLD: char = '~';

/// What a client has when it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything up to its position.
    Is,
    /// Nothing, until it has been sent the state. An offset tells that it has.
    Not,
}

impl Level {
    /// What follows the position in a `pid`.
    const MARKS: [char; 2] = ['.', '+'];

    fn mark(self) -> char {
        let [is, not] = Self::MARKS;
        match self {
            Self::Is => is,
            Self::Not => not,
        }
    }
}

/// Reads what a client shows in its `auth`. `None` if it does not come back, or had too many topics to be told an offset.
pub fn shown(auth: &Map<String, Value>) -> Option<Shown> {
    let pid = auth.get("pid")?.as_str()?;
    let (position, _) = pid.split_once(Level::MARKS)?;
    let is_level = !pid.contains(Level::Not.mark());
    let position: Position = position.parse().ok()?;
    let unknown = |seq| Position { epoch: Epoch::none(), seq };
    let old = pid.split_once(OLD).and_then(|(_, seq)| seq.parse().ok());
    let pid = pid.to_owned();
    let Some(offset) = auth.get("offset").and_then(Value::as_str) else {
        let position = if is_level { position } else { unknown(0) };
        return Some(Shown { pid, position, topics: None });
    };
    let (seq, topics) = match offset.split_once(' ') {
        None => (offset, Topics::default()),
        Some((seq, list)) => (seq, listed(list)?),
    };
    let seq = seq.parse().ok()?;
    let position = if old == Some(seq) { unknown(seq) } else { Position { seq, ..position } };
    Some(Shown { pid, position, topics: Some(topics) })
}

fn listed(list: &str) -> Option<Topics> {
    Topics::parse(list.split(',').filter(|_| !list.is_empty())).ok()
}

/// The `pid` of a client with this position, which may have an old offset. No two are the same, as a client takes it for recovered when its
/// `pid` stays the same.
pub fn pid(position: &Position, client: &ClientId, (level, old): (Level, Option<Seq>)) -> String {
    // Everything comes after 0, in any log.
    let old = old.filter(|seq| *seq > 0).map(|seq| format!("{OLD}{seq}"));
    format!("{position}{}{client}{}", level.mark(), old.unwrap_or_default())
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

    fn position() -> Position {
        "0123456789abcdef:7".parse().unwrap()
    }

    #[test]
    fn a_client_that_was_sent_nothing_comes_back_with_its_pid() {
        let shown = shown(&auth(PID, None)).unwrap();
        assert_eq!(shown, Shown { pid: PID.into(), position: position(), topics: None });
    }

    #[test]
    fn a_client_that_was_sent_only_a_part_of_the_state_has_no_position() {
        let position = position();
        let pid = pid(&position, &ClientId::from_random([1; 8]), (Level::Not, None));
        assert_eq!(shown(&auth(&pid, None)).unwrap().position.epoch, Epoch::none());
        let whole = shown(&auth(&pid, Some("9"))).unwrap().position;
        assert_eq!(whole, Position { seq: 9, ..position });
    }

    #[test]
    fn an_offset_that_a_client_had_before_it_did_not_recover_is_no_position() {
        let position = position();
        for level in [Level::Is, Level::Not] {
            let pid = pid(&position, &ClientId::from_random([1; 8]), (level, Some(12)));
            let old = shown(&auth(&pid, Some("12 a"))).unwrap();
            assert_eq!(old.position, Position { epoch: Epoch::none(), seq: 12 });
            assert_eq!(old.topics, Topics::parse(["a"]).ok(), "it keeps its topics");
            let new = shown(&auth(&pid, Some("13 a"))).unwrap().position;
            assert_eq!(new, Position { seq: 13, ..position.clone() });
        }
    }

    #[test]
    fn an_offset_says_the_number_and_the_topics() {
        let topics = |names: &[&str]| Topics::parse(names.iter().copied()).unwrap();
        for topics in [Topics::default(), Topics::none(), topics(&["a"]), topics(&["a", "p:*"])] {
            let offset: String = serde_json::from_str(&offset(12, &topics)).unwrap();
            let shown = shown(&auth(PID, Some(&offset))).unwrap();
            let seq = shown.position.seq;
            assert_eq!((seq, shown.topics), (12, Some(topics)), "{offset}");
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
    fn an_offset_has_as_many_characters_of_topics_as_may_be() {
        let had = |bytes: usize| {
            let names: Vec<String> = (0..4).map(|n| format!("{n}{}", "x".repeat(59))).collect();
            let last = "y".repeat(bytes - 4 * 61);
            let topics = Topics::parse(names.iter().chain([&last]).map(String::as_str)).unwrap();
            let offset: String = serde_json::from_str(&offset(12, &topics)).unwrap();
            shown(&auth(PID, Some(&offset))).map(|shown| shown.topics == Some(topics))
        };
        assert_eq!(had(OFFSET_TOPICS_BYTES), Some(true));
        assert_eq!(had(OFFSET_TOPICS_BYTES + 1), None);
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
