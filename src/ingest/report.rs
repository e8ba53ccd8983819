//! The report of a room becomes an update of the operator's console, by the built-in document `console`: like any event, so that the
//! console is a dashboard like others.

use crate::preset::event::{Aggregate, Event};
use crate::preset::Preset;
use crate::protocol::ids::SessionId;
use crate::protocol::report::Reported;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;

/// The name of the document.
pub const DOCUMENT: &str = "console";

/// The type of the event.
const KIND: &str = "room.reported";

/// The event that a room has reported, under an id that no other report has.
pub fn event(reported: &Reported, id: String, at: Timestamp) -> Event {
    // By way of its text: code for a second form would be larger than the rest of the console.
    let payload = serde_json::from_str(&reported.encode()).unwrap_or_default();
    Event {
        id,
        kind: KIND.to_owned(),
        aggregate: Aggregate { kind: "Room".to_owned(), id: reported.name.clone() },
        occurred_at: at.rfc3339(),
        payload,
        metadata: <_>::default(),
        correlation_id: None,
        audience: None,
        trace: None,
    }
}

/// The updates that an event becomes by the document; none if the document does not take it.
pub fn updates(document: &Preset, event: &Event) -> Option<Vec<Update>> {
    let session: &SessionId = document.only_session()?;
    document.map(event, session).ok().filter(|updates| !updates.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{to_value, Value};

    use super::*;

    const SAMPLES: &str = include_str!("../../examples/console.jsonl");

    fn sample() -> Reported {
        let line: Value = serde_json::from_str(SAMPLES.lines().next().unwrap()).unwrap();
        serde_json::from_value(line["payload"].clone()).unwrap()
    }

    #[test]
    fn a_report_becomes_the_update_of_its_room() {
        let document = Preset::built_in(DOCUMENT).unwrap();
        let (long, report) = ("s".repeat(127) + ":", sample());
        for (document_name, session) in
            [("-", "s-1"), ("a-document-of-32-characters-......", &long)]
        {
            let (document_name, session) = (document_name.to_owned(), session.to_owned());
            let key = format!("room:demo:{document_name}:{}", session.replace(':', "%3A"));
            let reported = Reported { document: document_name, session, ..report.clone() };
            let event = event(&reported, "r-1".into(), Timestamp(2));
            let updates = updates(&document, &event).unwrap();
            let [update] = &updates[..] else { panic!("{updates:?}") };
            assert_eq!(
                (&update.entry.key, update.entry.topic.as_deref()),
                (&key, Some("tenant:demo"))
            );
            let data = serde_json::from_str::<Value>(&format!("{{{}}}", update.content)).unwrap();
            assert_eq!(data["data"], to_value(&reported).unwrap(), "all of it");
        }
    }

    #[test]
    fn the_samples_are_reports() {
        for line in SAMPLES.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let reported: Reported = serde_json::from_value(line["payload"].clone()).unwrap();
            assert_eq!(to_value(&reported).unwrap(), line["payload"], "{line}");
        }
    }
}
