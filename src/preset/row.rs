//! One event type of a preset: the update that its events become, and who may see it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::event::{audience_names, Event, FieldFault};
use super::source::{Fields, Places};
use super::template::Template;
use crate::limits::{PACE_MAX_MS, TOPIC_CHARS};
use crate::protocol::codes::EventFault;
use crate::protocol::ids::SessionId;
use crate::protocol::label::Audience;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{content, Entry, Update};

/// One event type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The event type.
    pub on: String,
    emit: String,
    key: Template,
    /// The topic of its updates. Without one, they belong to every subscription.
    topic: Option<Template>,
    /// Who may see its updates, unless the event itself says so. Without it, everyone.
    needs: Option<Needs>,
    #[serde(default = "one")]
    keep: usize,
    /// Milliseconds that its updates may wait for others of their key to take their place.
    #[serde(default)]
    patience_ms: u32,
    /// Whether its updates are sent at once, whatever the pace of a client.
    #[serde(default)]
    urgent: bool,
    /// What makes an update the latest of its key. By default the one that arrived last is the latest.
    order: Option<Order>,
    data: Fields,
}

/// Who may see an update.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Needs {
    /// Where the event names the users: a text or a list of texts.
    users: Option<Places>,
    /// The permissions that a user needs instead, all of them.
    #[serde(default)]
    permissions: Vec<String>,
}

/// What makes an update the latest of its key, other than arriving last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// Its event occurred last. An event that occurred before that one changes nothing.
    OccurredAt,
}

fn one() -> usize {
    1
}

impl Row {
    /// The update that `event` becomes in `session`.
    ///
    /// # Errors
    /// The field that is missing or malformed.
    pub fn map(&self, event: &Event, session: &SessionId) -> Result<Update, FieldFault> {
        let data = self.data.build(event, session)?;
        let (at, correlation_id) = (&event.occurred_at, event.correlation_id.as_deref());
        let topic = self.topic(&data)?;
        let (content, parts) = content(&self.emit, at, correlation_id, topic.as_deref(), &data);
        let entry = Entry {
            keep: self.keep,
            occurred: self.order.and_then(|Order::OccurredAt| Timestamp::from_rfc3339(at)),
            topic,
            audience: self.audience(event, session)?,
            patience_ms: self.patience_ms,
            urgent: self.urgent,
            parts: Some(parts),
            ..Entry::new(self.key.fill(&data)?, content.len())
        };
        Ok(Update { event_id: event.id.clone(), entry, content })
    }

    fn topic(&self, data: &Map<String, Value>) -> Result<Option<String>, FieldFault> {
        let Some(template) = &self.topic else { return Ok(None) };
        let topic = template.fill(data)?;
        if topic.chars().count() <= TOPIC_CHARS && !topic.chars().any(char::is_control) {
            return Ok(Some(topic));
        }
        let field = template.fields().next().unwrap_or_default();
        Err(FieldFault::new(format!("payload.{field}"), EventFault::NotATopic))
    }

    fn audience(
        &self,
        event: &Event,
        session: &SessionId,
    ) -> Result<Option<Box<Audience>>, FieldFault> {
        if let Some(own) = &event.audience {
            return Ok(Some(Box::new(own.clone())));
        }
        let Some(Needs { users, permissions }) = &self.needs else { return Ok(None) };
        let users = match users {
            Some(places) => named(places, event, session)?,
            None => Vec::new(),
        };
        Ok(Some(Box::new(Audience { users, permissions: permissions.clone() })))
    }

    /// A row is valid if its sources can be read and its key consists of fields that are always
    /// present.
    pub(super) fn check(&self) -> Result<(), String> {
        let fields =
            self.data.check().map_err(|name| format!("cannot read the source of {name}"))?;
        let always = |name: &str| fields.iter().any(|field| field.required && field.name == name);
        let missing =
            |template: &Template| template.fields().find(|name| !always(name)).map(str::to_owned);
        let nobody = |needs: &Needs| needs.users.is_none() && needs.permissions.is_empty();
        match missing(&self.key).or_else(|| self.topic.as_ref().and_then(missing)) {
            Some(name) => {
                Err(format!("the key or topic needs `{name}`, which is not a required field"))
            }
            None if self.needs.as_ref().is_some_and(nobody) => {
                Err("`needs` must name users or permissions".to_owned())
            }
            None if self.patience_ms > PACE_MAX_MS => {
                Err(format!("`patience_ms` must be at most {PACE_MAX_MS}"))
            }
            None if self.urgent && self.patience_ms > 0 => {
                Err("an update is either `urgent` or has `patience_ms`".to_owned())
            }
            None if self.keep == 0 => Err("`keep` must be at least 1".to_owned()),
            None if self.keep > 1 && self.order.is_some() => {
                Err("`order` is for keys that keep 1: a list has no latest".to_owned())
            }
            None => Ok(()),
        }
    }
}

/// The users that an event names.
fn named(places: &Places, event: &Event, session: &SessionId) -> Result<Vec<String>, FieldFault> {
    let users = match places.find(event, session) {
        Some(Value::Array(users)) => users,
        Some(user) => vec![user],
        None => Vec::new(),
    };
    let fault = || places.fault(EventFault::NotAnAudience);
    audience_names(users).filter(|users| !users.is_empty()).ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::preset::event::Aggregate;
    use crate::preset::Preset;

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

    fn preset(row: &str) -> Result<Preset, String> {
        let session = r#"{"aggregate":"S","field":"s"}"#;
        Preset::parse(&format!(r#"{{"name":"n","session":{session},"events":[{row}]}}"#))
    }

    #[test]
    fn a_row_may_order_its_updates_by_when_their_events_occurred() {
        let row = |more: &str| {
            let on = r#""on":"component.started","emit":"b""#;
            preset(&format!(r#"{{{on},"key":"k","data":{{}}{more}}}"#))
        };
        let occurred = |more: &str| {
            let preset = row(more).unwrap();
            let (event, session) = (event(json!({})), "s-1".parse().unwrap());
            preset.row(&event.kind).unwrap().map(&event, &session).unwrap().entry.occurred
        };
        assert_eq!(occurred(""), None);
        assert_eq!(occurred(r#","order":"occurred_at""#), Some(Timestamp(1_767_780_000_000)));
        assert!(row(r#","order":"occurred_at","keep":2"#).unwrap_err().contains("`order`"));
        assert!(row(r#","order":"posted_at""#).is_err());
    }

    #[test]
    fn a_row_says_the_topic_of_its_updates_and_who_may_see_them() {
        let row = |more: &str, event: &Event| {
            let row = format!(
                r#"{{"on":"a","emit":"b","key":"k","data":{{"p":"p"}},"topic":"project:{{p}}"{more}}}"#
            );
            let session = "s-1".parse().unwrap();
            preset(&row).unwrap().row("a").unwrap().map(event, &session)
        };
        let users = |update: &Update| update.entry.audience.as_ref().unwrap().users.clone();
        let mut posted = event(json!({"p": 7, "owners": ["ada", "bob"]}));
        let update = row("", &posted).unwrap();
        assert_eq!(update.entry.topic.as_deref(), Some("project:7"));
        assert!(update.content.starts_with(r#""topic":"project:7","updateType""#));
        assert_eq!(update.entry.audience, None);
        let needs = r#","needs":{"users":"owners","permissions":["audit"]}"#;
        let update = row(needs, &posted).unwrap();
        assert_eq!(users(&update), ["ada", "bob"]);
        assert_eq!(update.entry.audience.as_ref().unwrap().permissions, ["audit"]);
        posted.audience = Some(Audience { users: vec!["eve".into()], permissions: vec![] });
        assert_eq!(users(&row(needs, &posted).unwrap()), ["eve"], "the event itself decides");
        let fault = row(needs, &event(json!({"p": 7, "owners": [7]}))).unwrap_err();
        assert_eq!(
            (fault.field.as_str(), fault.fault),
            ("payload.owners", EventFault::NotAnAudience)
        );
    }

    #[test]
    fn a_preset_whose_audience_is_nobody_or_whose_topic_may_be_absent_is_refused() {
        let row = |more: &str| {
            preset(&format!(r#"{{"on":"a","emit":"b","key":"k","data":{{"x?":"x"}}{more}}}"#))
        };
        assert!(row("").is_ok() && row(r#","needs":{"permissions":["p"]}"#).is_ok());
        assert!(row(r#","needs":{}"#).unwrap_err().contains("`needs`"));
        assert!(row(r#","topic":"t:{x}""#).unwrap_err().contains("`x`"));
        assert!(row(r#","patience_ms":60001"#).unwrap_err().contains("`patience_ms`"));
        assert!(row(r#","patience_ms":5,"urgent":true"#).unwrap_err().contains("`urgent`"));
    }

    #[test]
    fn a_preset_whose_key_may_be_absent_is_refused() {
        let preset = |data: &str| {
            preset(&format!(r#"{{"on":"a","emit":"b","key":"k:{{x}}","data":{data}}}"#))
        };
        assert!(preset(r#"{"x":"x"}"#).is_ok());
        assert!(preset(r#"{"x?":"x"}"#).unwrap_err().contains("`x`"));
        assert!(preset("{}").unwrap_err().contains("`x`"));
        assert!(preset(r#"{"x":"x","y":{"from":7}}"#).unwrap_err().contains("`y`"));
    }
}
