//! One event type of a preset: the update that its events become, and who may see it.

use serde::Deserialize;
use serde_json::Value;

use super::event::{audience_names, Event, FieldFault};
use super::faults::Faults;
use super::source::{Fields, Places};
use crate::limits::{PACE_MAX_MS, TOPIC_CHARS};
use crate::protocol::codes::EventFault;
use crate::protocol::data::Data;
use crate::protocol::ids::SessionId;
use crate::protocol::label::Audience;
use crate::protocol::pattern::Pattern;
use crate::protocol::socket_io::Repeat;
use crate::protocol::template::Template;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{Entry, Update};

/// One event type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Row {
    /// The event type, or the beginning of event types followed by `*`.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub on: Pattern,
    /// Only events that have a value at this place, for rows beside others of the same type.
    pub(super) has: Option<Places>,
    /// The type of its updates.
    pub(super) emit: String,
    /// The key: the state keeps the latest update of each.
    pub(super) key: Template,
    /// The topic of its updates. Without one, they belong to every subscription.
    pub(super) topic: Option<Template>,
    /// Who may see its updates, unless the event itself says so. Without it, everyone.
    pub(super) needs: Option<Needs>,
    /// How many updates of a key the state keeps. 0: an update is sent, and only the log keeps it.
    #[serde(default = "one")]
    pub(super) keep: usize,
    /// The keys, or prefixes ending in `*`, whose updates leave the state: what the event ends.
    #[serde(default)]
    pub(super) drops: Vec<Template>,
    /// Milliseconds that its updates may wait for others of their key to take their place.
    #[serde(default)]
    pub(super) patience_ms: u32,
    /// Whether its updates are sent at once, whatever the pace of a client.
    #[serde(default)]
    pub(super) urgent: bool,
    /// For clients of Socket.IO: whether they have to acknowledge its updates, and how often these are sent to one that does not.
    pub(super) acknowledged: Option<Repeat>,
    /// What makes an update the latest of its key. By default the one that arrived last is the latest.
    pub(super) order: Option<Order>,
    /// The fields of its updates, and where their values come from.
    pub(super) data: Fields,
}

/// Who may see an update.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Needs {
    /// Where the event names the users: a text or a list of texts.
    users: Option<Places>,
    /// The permissions that a user needs instead, all of them.
    #[serde(default)]
    permissions: Vec<String>,
}

/// What makes an update the latest of its key, other than arriving last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Order {
    /// Its event occurred last. An event that occurred before that one changes nothing.
    OccurredAt,
}

fn one() -> usize {
    1
}

impl Row {
    /// Whether an event becomes an update by this row.
    pub fn takes(&self, event: &Event) -> bool {
        let there = |places: &Places| places.are_in(event);
        self.on.matches(&event.kind) && self.has.as_ref().is_none_or(there)
    }

    /// The update that `event` becomes in `session`.
    ///
    /// # Errors
    /// The field that is missing or malformed.
    pub fn map(&self, event: &Event, session: &SessionId) -> Result<Update, FieldFault> {
        let data = self.data.build(event, session)?;
        let at = &event.occurred_at;
        let topic = self.topic.as_ref().map(|topic| topic_of(topic, &data)).transpose()?;
        let (content, parts) = event.content(&self.emit, topic.as_deref(), &data).encode();
        let drops = self.drops.iter().map(|template| name_of(template, &data));
        let entry = Entry {
            keep: self.keep,
            occurred: self.order.and_then(|Order::OccurredAt| Timestamp::from_rfc3339(at)),
            topic,
            audience: audience(self.needs.as_ref(), event, session)?,
            drops: drops.collect::<Result<_, _>>()?,
            patience_ms: self.patience_ms,
            urgent: self.urgent,
            parts: Some(parts),
            ..Entry::new(name_of(&self.key, &data)?, content.len())
        };
        Ok(Update { event_id: event.id.clone(), entry, content })
    }

    /// What is wrong with it.
    pub(super) fn check(&self, faults: &mut Faults) {
        self.data.check(&mut faults.at("data"));
        let templates = [("key", Some(&self.key)), ("topic", self.topic.as_ref())];
        let templates = templates.into_iter().filter_map(|(place, one)| Some((place, one?)));
        let drops = self.drops.iter().map(|template| ("drops", template));
        for (place, template) in templates.chain(drops) {
            for field in template.fields().filter(|field| !self.data.always_has(field)) {
                let reason = format!("`{field}` is not a required field of `data`");
                faults.at(place).add(reason);
            }
        }
        faults.check("key", !self.key.is_empty(), "must not be empty");
        faults.check("emit", !self.emit.is_empty(), "must not be empty");
        let nobody = |needs: &Needs| needs.users.is_none() && needs.permissions.is_empty();
        faults.check(
            "needs",
            !self.needs.as_ref().is_some_and(nobody),
            "must name users or permissions",
        );
        let most = format!("must be at most {PACE_MAX_MS}");
        faults.check("patience_ms", self.patience_ms <= PACE_MAX_MS, &most);
        let both = self.urgent && self.patience_ms > 0;
        faults.check("urgent", !both, "an update is either `urgent` or has `patience_ms`");
        if let Some(fault) = self.acknowledged.and_then(Repeat::fault) {
            faults.at("acknowledged").add(fault);
        }
        let ordered = self.order.is_none() || self.keep == 1;
        faults.check("order", ordered, "is for keys that keep 1: a list has no latest");
    }
}

/// A name that is put together from an update's data.
pub(super) fn name_of(template: &Template, data: &Data<'_>) -> Result<String, FieldFault> {
    let fault = |field| FieldFault::new(format!("payload.{field}"), EventFault::NotAName);
    template.fill(&|name| data.get(name)).map_err(fault)
}

/// A topic that is put together from an update's data.
pub(super) fn topic_of(template: &Template, data: &Data<'_>) -> Result<String, FieldFault> {
    let topic = name_of(template, data)?;
    if topic.chars().count() <= TOPIC_CHARS && !topic.chars().any(char::is_control) {
        return Ok(topic);
    }
    let field = template.fields().next().unwrap_or_default();
    Err(FieldFault::new(format!("payload.{field}"), EventFault::NotATopic))
}

/// Who may see what an event becomes. The event itself comes first.
fn audience(
    needs: Option<&Needs>,
    event: &Event,
    session: &SessionId,
) -> Result<Option<Box<Audience>>, FieldFault> {
    if let Some(own) = &event.audience {
        return Ok(Some(Box::new(own.clone())));
    }
    needed(needs, event, session)
}

/// Who may see what an event becomes, whatever the event itself says.
pub(super) fn needed(
    needs: Option<&Needs>,
    event: &Event,
    session: &SessionId,
) -> Result<Option<Box<Audience>>, FieldFault> {
    let Some(Needs { users, permissions }) = needs else { return Ok(None) };
    let users = match users {
        Some(places) => named(places, event, session)?,
        None => Vec::new(),
    };
    Ok(Some(Box::new(Audience { users, permissions: permissions.clone() })))
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
    use crate::preset::faults::Fault;
    use crate::preset::tests::event;
    use crate::preset::Preset;

    fn preset(row: &str) -> Result<Preset, String> {
        let session = r#"{"aggregate":"S","field":"s"}"#;
        let document = format!(r#"{{"name":"n","session":{session},"events":[{row}]}}"#);
        let listed =
            |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<String>();
        Preset::parse(&document).map_err(listed)
    }

    fn mapped(preset: &Preset, event: &Event) -> Result<Update, FieldFault> {
        preset.map(event, &"s-1".parse().unwrap()).map(|mut updates| updates.remove(0))
    }

    #[test]
    fn a_row_may_order_its_updates_by_when_their_events_occurred() {
        let row = |more: &str| {
            let on = r#""on":"component.started","emit":"b""#;
            preset(&format!(r#"{{{on},"key":"k","data":{{}}{more}}}"#))
        };
        let occurred = |more: &str| {
            let preset = row(more).unwrap();
            mapped(&preset, &event(json!({}))).unwrap().entry.occurred
        };
        assert_eq!(occurred(""), None);
        assert_eq!(occurred(r#","order":"occurred_at""#), Some(Timestamp(1_767_780_000_000)));
        assert!(row(r#","order":"occurred_at","keep":2"#).unwrap_err().contains(".order: "));
        assert!(row(r#","order":"posted_at""#).is_err());
    }

    #[test]
    fn a_row_says_the_topic_of_its_updates_and_who_may_see_them() {
        let row = |more: &str, event: &Event| {
            let row = format!(
                r#"{{"on":"a","emit":"b","key":"k","data":{{"p":"p"}},"topic":"project:{{p}}"{more}}}"#
            );
            let event = Event { kind: "a".into(), ..event.clone() };
            mapped(&preset(&row).unwrap(), &event)
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
        assert!(row(r#","needs":{}"#).unwrap_err().contains(".needs: "));
        assert!(row(r#","topic":"t:{x}""#).unwrap_err().contains("`x`"));
        assert!(row(r#","patience_ms":60001"#).unwrap_err().contains(".patience_ms: "));
        assert!(row(r#","patience_ms":5,"urgent":true"#).unwrap_err().contains(".urgent: "));
    }

    #[test]
    fn a_preset_whose_key_may_be_absent_is_refused() {
        let preset = |data: &str| {
            preset(&format!(r#"{{"on":"a","emit":"b","key":"k:{{x}}","data":{data}}}"#))
        };
        assert!(preset(r#"{"x":"x"}"#).is_ok());
        assert!(preset(r#"{"x?":"x"}"#).unwrap_err().contains("`x`"));
        assert!(preset("{}").unwrap_err().contains("`x`"));
        assert!(preset(r#"{"x":"x","y":{"from":7}}"#).unwrap_err().contains(".data.y: "));
    }
}
