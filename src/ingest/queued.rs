//! A message of a queue: which events are in it, whose they are, and what becomes of it.
//!
//! A message is what a post would have as its body: one event or a list, as envelopes or as `CloudEvents`. Or it names its tenant, and has
//! them in `events`. Nothing in it is signed: who may write to the queue is trusted.
//!
//! Messages of the same tenant that come together are published together, because that costs its rooms one request instead of one for
//! each. If that fails, each is published alone, so that a bad one is told apart.

use serde_json::{Map, Value};

use super::body::{json, whole, Rejected};
use super::source::Source;
use crate::limits::{POST_BYTES, POST_EVENTS, QUEUE_AGAIN_LONGEST_S, QUEUE_AGAIN_S};
use crate::preset::event::FieldFault;
use crate::protocol::codes::EventFault;
use crate::protocol::ids::TenantName;
use crate::protocol::problem::Problem;
use crate::protocol::results::{EventResult, Outcome};
use crate::protocol::time::backoff;

/// The events of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// The tenant that it names.
    pub tenant: Option<TenantName>,
    events: Vec<Value>,
    /// Whether they are `CloudEvents`.
    cloud: bool,
    /// The bytes of the message.
    bytes: usize,
}

/// What becomes of a message that could not be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again after so many seconds.
    Again(u32),
    /// It can never be published.
    Dead,
}

/// What became of the messages of a batch, and of the events of those that were published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were published.
    pub published: usize,
    /// Events that are new to a room.
    pub applied: usize,
    /// Events that were applied before.
    pub duplicate: usize,
    /// Events that no room shows.
    pub ignored: usize,
    /// Messages that are tried again.
    pub again: usize,
    /// Messages that can never be published.
    pub dead: usize,
}

impl Tally {
    /// Counts messages that were published, with the results of their events.
    pub fn publish(&mut self, messages: usize, results: &[EventResult]) {
        self.published += messages;
        for result in results {
            match result.outcome() {
                Outcome::Ignored { .. } => self.ignored += 1,
                Outcome::Duplicate { .. } => self.duplicate += 1,
                _ => self.applied += 1,
            }
        }
    }
}

impl Queued {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Rejected`] if it is no JSON, too large, or if its tenant is not a name. Its events are not looked at.
    pub fn read(text: &str) -> Result<Self, Rejected> {
        let (tenant, events) = match json(text.as_bytes())? {
            Value::Object(mut fields) if fields.contains_key("events") => {
                (tenant(&fields)?, fields.remove("events").unwrap_or_default())
            }
            bare => (None, bare),
        };
        let events = match events {
            Value::Array(events) => events,
            one => vec![one],
        };
        let cloud = events.first().is_some_and(|event| event.get("specversion").is_some());
        Ok(Self { tenant, events, cloud, bytes: text.len() })
    }

    /// How its events are decoded. They are always a list: see [`body`].
    pub fn source(&self) -> Source<'static> {
        if self.cloud {
            Source::Batch
        } else {
            Source::Envelope
        }
    }

    fn goes_with(&self, other: &Self) -> bool {
        (&self.tenant, self.cloud) == (&other.tenant, other.cloud)
    }
}

fn tenant(fields: &Map<String, Value>) -> Result<Option<TenantName>, Rejected> {
    let wrong = || whole(FieldFault::new("tenant", EventFault::NotAName));
    match fields.get("tenant") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => name.parse().map(Some).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// What a post with the events of these messages would have as its body.
pub fn body<'m>(messages: impl Iterator<Item = &'m Queued>) -> String {
    let events = messages.flat_map(|message| &message.events).map(Value::to_string);
    format!("[{}]", events.collect::<Vec<_>>().join(","))
}

/// Which messages are published together: each in one group, in the order in which they came.
pub fn groups<'m>(messages: impl Iterator<Item = &'m Queued>) -> Vec<Vec<usize>> {
    let mut groups: Vec<(&Queued, usize, usize, Vec<usize>)> = Vec::new();
    for (number, message) in messages.enumerate() {
        // Only the last one of a tenant, so that its messages stay in order.
        let group = groups.iter_mut().rfind(|(first, ..)| first.goes_with(message));
        match group {
            Some((_, events, bytes, members))
                if *events + message.events.len() <= POST_EVENTS
                    && *bytes + message.bytes < POST_BYTES =>
            {
                *events += message.events.len();
                *bytes += message.bytes + 1;
                members.push(number);
            }
            _ => groups.push((message, message.events.len(), message.bytes + 2, vec![number])),
        }
    }
    groups.into_iter().map(|(.., members)| members).collect()
}

/// What becomes of a message that was tried so many times, the last time with this problem.
pub fn fate(problem: &Problem, attempts: u32) -> Fate {
    let passes = problem.status == 429 || problem.status >= 500;
    if !passes {
        return Fate::Dead;
    }
    let seconds = backoff(QUEUE_AGAIN_S.into(), attempts, QUEUE_AGAIN_LONGEST_S.into());
    Fate::Again(u32::try_from(seconds).unwrap_or(QUEUE_AGAIN_LONGEST_S))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::codes::{ProblemCode, Refusal};

    fn event(id: &str) -> Value {
        json!({"event_id": id, "event_type": "session.renamed", "aggregate_type": "Session",
            "aggregate_id": "s-1", "occurred_at": "2026-01-07T10:00:00Z", "payload": {"name": "x"}})
    }

    fn of(tenant: &str, ids: &[&str]) -> Queued {
        let events: Vec<_> = ids.iter().map(|id| event(id)).collect();
        Queued::read(&json!({"tenant": tenant, "events": events}).to_string()).unwrap()
    }

    #[test]
    fn a_message_is_one_event_or_a_list_or_both_with_a_tenant() {
        let list = json!([event("e-1"), event("e-2")]);
        for (message, tenant, events) in [
            (event("e-1"), None, 1),
            (list.clone(), None, 2),
            (json!({"events": list}), None, 2),
            (json!({"tenant": "acme", "events": event("e-1")}), Some("acme"), 1),
        ] {
            let read = Queued::read(&message.to_string()).unwrap();
            let name = read.tenant.as_ref().map(TenantName::as_str);
            assert_eq!((name, read.events.len()), (tenant, events), "{message}");
            assert!(matches!(read.source(), Source::Envelope));
        }
    }

    #[test]
    fn cloud_events_are_told_by_their_version() {
        let one = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {}});
        for message in [one.clone(), json!([one]), json!({"tenant": "acme", "events": [one]})] {
            let read = Queued::read(&message.to_string()).unwrap();
            assert!(matches!(read.source(), Source::Batch), "{message}");
        }
    }

    #[test]
    fn what_is_no_message_is_said() {
        let field = |text: &str| match Queued::read(text) {
            Err(Rejected::Malformed(errors)) => errors[0].field.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field("{"), "");
        for tenant in [json!(7), json!("No Name"), json!("")] {
            assert_eq!(field(&json!({"tenant": tenant, "events": []}).to_string()), "tenant");
        }
        let large = json!({"events": "x".repeat(POST_BYTES)}).to_string();
        assert_eq!(Queued::read(&large), Err(Rejected::TooLarge));
    }

    #[test]
    fn messages_of_a_tenant_go_together_and_stay_in_order() {
        let messages =
            [of("a", &["1"]), of("b", &["2"]), of("a", &["3", "4"]), of("b", &["5"]), of("c", &[])];
        assert_eq!(groups(messages.iter()), [vec![0, 2], vec![1, 3], vec![4]]);
        let together = body([&messages[0], &messages[2]].into_iter());
        let ids: Vec<Value> = serde_json::from_str(&together).unwrap();
        let ids: Vec<_> = ids.iter().map(|event| event["event_id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["1", "3", "4"]);
    }

    #[test]
    fn a_group_is_no_larger_than_a_post() {
        let many = vec![event("e"); POST_EVENTS];
        let full = Queued::read(&Value::Array(many).to_string()).unwrap();
        let one = Queued::read(&event("e").to_string()).unwrap();
        assert_eq!(groups([&one, &full, &one].into_iter()), [vec![0], vec![1], vec![2]]);
        let half = |byte: &str| json!([{"padding": byte.repeat(POST_BYTES / 2 - 32)}]).to_string();
        let large = ["x", "y"].map(|byte| Queued::read(&half(byte)).unwrap());
        let [first, second] = &large;
        assert_eq!(groups([first, second].into_iter()).len(), 1);
        assert!(body(large.iter()).len() <= POST_BYTES);
        assert_eq!(groups([first, second, &one].into_iter()).len(), 2);
    }

    #[test]
    fn what_passes_is_tried_again_ever_less_often_and_all_else_never() {
        let failed = Problem::refusal(Refusal::RoomFailed);
        let exceeded = Problem::new(ProblemCode::EventsExceeded, "");
        let seconds = |attempts| match fate(&failed, attempts) {
            Fate::Again(seconds) => seconds,
            Fate::Dead => panic!("it passes"),
        };
        assert!(seconds(1) == QUEUE_AGAIN_S && seconds(2) == 2 * QUEUE_AGAIN_S);
        assert_eq!(seconds(99), QUEUE_AGAIN_LONGEST_S);
        assert_eq!(fate(&exceeded, 1), Fate::Again(QUEUE_AGAIN_S));
        for refused in [
            Problem::new(ProblemCode::Malformed, ""),
            Problem::new(ProblemCode::TooLarge, ""),
            Problem::new(ProblemCode::SignatureStale, ""),
            Problem::refusal(Refusal::TenantUnknown),
        ] {
            assert_eq!(fate(&refused, 1), Fate::Dead, "{}", refused.code);
        }
    }
}
