//! The event map: which event types become which updates, in which session, under which key.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`event`] | a domain event, independent of its format |
//! | [`row`] | one event type: the update that it becomes |
//! | [`source`] | how a row finds a value in an event |
//! | [`template`] | names that are put together from fields |
//!
//! A preset is a file in `presets/`; adding an event type is a line there and no code here. A test
//! checks the built-in presets, so that a wrong one cannot be released.

pub mod event;
pub mod row;
pub mod source;
pub mod template;

use serde::Deserialize;
use serde_json::Value;

use self::event::{Aggregate, Event, FieldFault};
use self::row::Row;
use self::source::payload_field;
use crate::protocol::codes::EventFault;
use crate::protocol::ids::SessionId;

/// The built-in presets: name and file.
const BUILT_IN: [(&str, &str); 1] = [("sessions", include_str!("../../presets/sessions.json"))];

/// An event map.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its name in the settings.
    pub name: String,
    session: SessionRule,
    events: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionRule {
    /// Aggregates of this type are sessions themselves.
    aggregate: String,
    /// Events of other aggregates name their session in this field of the payload.
    field: String,
}

/// How an event says which session it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The event names its session. If the session is not its own aggregate, later events of the
    /// aggregate need not name the session again.
    Named {
        /// The session.
        session: SessionId,
        /// The aggregate whose session can be learned from it.
        learn: Option<Aggregate>,
    },
    /// The event names no session, but an earlier event of this aggregate may have named it.
    Unnamed(Aggregate),
}

impl Preset {
    /// The built-in preset of this name.
    ///
    /// # Errors
    /// The names that exist, or what is wrong with the preset.
    pub fn built_in(name: &str) -> Result<Self, String> {
        let file = BUILT_IN.iter().find(|(known, _)| *known == name);
        let (_, text) = file.ok_or_else(|| {
            let names: Vec<_> = BUILT_IN.iter().map(|(known, _)| *known).collect();
            format!("must be one of: {}", names.join(", "))
        })?;
        Self::parse(text)
    }

    /// Parses a preset and checks every row.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let preset: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for row in &preset.events {
            row.check().map_err(|reason| format!("{}: {reason}", row.on))?;
        }
        Ok(preset)
    }

    /// The row for an event type. A preset has about a dozen rows, so a linear search is fast enough.
    pub fn row(&self, event_type: &str) -> Option<&Row> {
        self.events.iter().find(|row| row.on == event_type)
    }

    /// How an event says which session it belongs to.
    ///
    /// # Errors
    /// The session that it names is malformed.
    pub fn route(&self, event: &Event) -> Result<Route, FieldFault> {
        if event.aggregate.kind == self.session.aggregate {
            let session = session(&event.aggregate.id, "aggregate_id")?;
            return Ok(Route::Named { session, learn: None });
        }
        let path = || format!("payload.{}", self.session.field);
        match payload_field(event, &self.session.field) {
            None => Ok(Route::Unnamed(event.aggregate.clone())),
            Some(Value::String(name)) => Ok(Route::Named {
                session: session(name, &path())?,
                learn: Some(event.aggregate.clone()),
            }),
            Some(_) => Err(FieldFault::new(path(), EventFault::NotAName)),
        }
    }
}

fn session(text: &str, field: &str) -> Result<SessionId, FieldFault> {
    text.parse().map_err(|_| FieldFault::new(field, EventFault::NotASession))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::update::Update;

    fn event(payload: Value) -> Event {
        let Value::Object(payload) = payload else { panic!("not an object") };
        Event {
            id: "e-1".into(),
            kind: "component.started".into(),
            aggregate: Aggregate { kind: "Cycle".into(), id: "c:1".into() },
            occurred_at: "2026-01-07T10:00:00Z".into(),
            payload,
            correlation_id: None,
            audience: None,
        }
    }

    fn sessions() -> Preset {
        Preset::built_in("sessions").unwrap()
    }

    fn mapped(payload: Value) -> Result<Update, FieldFault> {
        let session = "s-1".parse().unwrap();
        sessions().row("component.started").unwrap().map(&event(payload), &session)
    }

    #[test]
    fn every_built_in_preset_is_valid() {
        for (name, _) in BUILT_IN {
            assert_eq!(Preset::built_in(name).unwrap().name, name);
        }
        assert_eq!(Preset::built_in("nope").unwrap_err(), "must be one of: sessions");
    }

    #[test]
    fn only_mapped_fields_are_sent_whichever_case_they_came_in() {
        let snake = mapped(json!({"component_type": "objectives", "secret": 1})).unwrap();
        let camel = mapped(json!({"componentType": "objectives"})).unwrap();
        assert_eq!(snake, camel);
        assert!(!snake.content.contains("secret"));
    }

    #[test]
    fn a_separator_within_a_part_of_a_key_is_encoded() {
        let update = mapped(json!({"cycle_id": "a:b", "component_type": "c%"})).unwrap();
        assert_eq!(update.entry.key, "component:a%3Ab:c%25");
    }

    #[test]
    fn a_missing_field_is_reported_under_the_name_that_the_backend_uses() {
        let fault = mapped(json!({})).unwrap_err();
        assert_eq!(fault.field, "payload.component_type");
        let fault = mapped(json!({"component_type": {"no": "name"}})).unwrap_err();
        assert_eq!(fault.fault, EventFault::NotAName);
    }

    #[test]
    fn a_session_is_named_by_the_payload_or_by_the_aggregate_itself() {
        let named = sessions().route(&event(json!({"sessionId": "s-1"}))).unwrap();
        let aggregate = event(json!({})).aggregate;
        let session: SessionId = "s-1".parse().unwrap();
        assert_eq!(
            named,
            Route::Named { session: session.clone(), learn: Some(aggregate.clone()) }
        );
        assert_eq!(sessions().route(&event(json!({}))), Ok(Route::Unnamed(aggregate)));
        let mut own = event(json!({}));
        own.aggregate = Aggregate { kind: "Session".into(), id: "s-1".into() };
        assert_eq!(sessions().route(&own), Ok(Route::Named { session, learn: None }));
        for bad in [json!("a/b"), json!(""), json!(7)] {
            let fault = sessions().route(&event(json!({"session_id": bad}))).unwrap_err();
            assert_eq!(fault.field, "payload.session_id");
        }
    }
}
