//! What documents say of the frames with which clients tell each other something, and of those that they get.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::at;
use crate::protocol::client_frame::BadFrame;
use crate::protocol::company::note::Note;
use crate::protocol::company::CompanyFrame;
use crate::protocol::form::quoted;
use crate::protocol::time::Timestamp;
use crate::protocol::wire::{Accept, Act, WireForm};

/// A note as the wire says, or Roomcast's own.
pub(super) fn note(wire: &WireForm, note: &Note, now: Timestamp) -> Rc<str> {
    let form = if note.kind() == "signal" { &wire.signal } else { &wire.presence };
    let values = |name: &str| match name {
        "type" => Some(quoted(note.kind()).into()),
        "client" => note.field("clientId").map(Cow::Borrowed),
        _ => note.field(name).map(Cow::Borrowed).or_else(|| at(name, now)),
    };
    form.as_ref().map_or_else(|| note.frame(), |form| form.fill(&values)).into()
}

impl Accept {
    /// A frame for the others.
    pub(super) fn company(
        &self,
        fields: &Map<String, Value>,
        reference: Option<&str>,
    ) -> Result<CompanyFrame, BadFrame> {
        let kind = match self.act {
            Act::SetPresence => "presence.set",
            Act::Signal => "signal",
            _ => "presence.get",
        };
        let mut own = Map::new();
        let data = fields.get(self.data.as_deref().unwrap_or("data"));
        own.extend(data.map(|data| ("data".to_owned(), data.clone())));
        if self.topic.is_some() {
            let topics = self.topics(fields, reference.map(str::to_owned))?;
            let topic = topics.patterns().into_iter().next();
            own.extend(topic.map(|topic| ("topic".to_owned(), topic.0.into())));
        }
        let bad = |fault, message: &str| {
            let (message, reference) = (message.to_owned(), reference.map(str::to_owned));
            BadFrame { fault, message, reference }
        };
        CompanyFrame::read(kind, &own, bad).unwrap_or(Ok(CompanyFrame::GetPresence))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::decode;
    use super::*;
    use crate::protocol::client_frame::ClientFrame;
    use crate::protocol::ids::ClientId;
    use crate::room::Said;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn wire(more: &Value) -> WireForm {
        let mut form = json!({"update": "@data"});
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let form: WireForm = serde_json::from_value(form).unwrap();
        assert_eq!(form.faults(), []);
        form
    }

    #[test]
    fn notes_look_as_the_wire_says_or_as_roomcasts_own() {
        let wire = wire(&json!({
            "presence": {"op": "here", "n": "@count", "all": "@users", "in": "@joined", "out": "@left"},
            "signal": {"op": "hint", "from": "@user", "tab": "@client", "d": "@data", "of": "@topic"},
        }));
        let text = |about: &Note| note(&wire, about, NOW).to_string();
        let state = Note::state(1, [("ada", Some("1"))], false);
        assert_eq!(text(&state), r#"{"op":"here","n":1,"all":[{"user":"ada","data":1}]}"#);
        let changed = Note::changed(1, [("ada", None)], ["bob"], []);
        assert_eq!(text(&changed), r#"{"op":"here","n":1,"in":[{"user":"ada"}],"out":["bob"]}"#);
        let signal = Note::signal(&ClientId::from_random([1; 8]), "", Some("a"), "[2]");
        assert_eq!(text(&signal), r#"{"op":"hint","tab":"0101010101010101","d":[2],"of":"a"}"#);
        let plain: WireForm = serde_json::from_value(json!({"update": "@data"})).unwrap();
        assert_eq!(*note(&plain, &signal, NOW), *signal.frame());
    }

    #[test]
    fn frames_for_the_others_are_read_as_the_wire_says() {
        let wire = wire(&json!({"accepts": [
            {"when": {"op": "me"}, "do": "set_presence", "data": "status", "ref": "id"},
            {"when": {"op": "who"}, "do": "get_presence"},
            {"when": {"op": "typing"}, "do": "signal", "topic": "room:{room}", "data": "what"},
        ]}));
        let read = |text: &str| match decode(&wire, text) {
            Said::Frame { frame: ClientFrame::Company(frame), .. } => Ok(frame),
            Said::Bad(bad) => Err((bad.fault.code(), bad.reference)),
            other => panic!("{other:?}"),
        };
        let shown = CompanyFrame::SetPresence { data: Some(r#"{"a":1}"#.into()) };
        assert_eq!(read(r#"{"op":"me","status":{"a":1}}"#), Ok(shown));
        assert_eq!(read(r#"{"op":"me","id":"7"}"#), Err(("bad_frame", Some("7".to_owned()))));
        assert_eq!(read(r#"{"op":"who"}"#), Ok(CompanyFrame::GetPresence));
        let signal = |topic: &str, data: &str| {
            Ok(CompanyFrame::Signal { topic: Some(topic.into()), data: data.into() })
        };
        assert_eq!(read(r#"{"op":"typing","room":7,"what":true}"#), signal("room:7", "true"));
        // A star in a name is no pattern.
        assert_eq!(read(r#"{"op":"typing","room":"*","what":1}"#), signal("room:%2A", "1"));
        assert_eq!(read(r#"{"op":"typing","what":1}"#), Err(("bad_frame", None)));
    }

    #[test]
    fn data_is_for_what_is_shown_and_signalled_and_a_topic_not_for_presence() {
        let faults = |rule: Value| {
            let form = json!({"update": "@data", "accepts": [rule]});
            serde_json::from_value::<WireForm>(form).unwrap().faults().len()
        };
        assert_eq!(faults(json!({"when": {"a": 1}, "do": "signal", "data": "d"})), 0);
        assert_eq!(faults(json!({"when": {"a": 1}, "do": "ping", "data": "d"})), 1);
        assert_eq!(faults(json!({"when": {"a": 1}, "do": "set_presence", "topic": "t"})), 1);
    }
}
