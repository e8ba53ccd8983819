//! Tallies of a document: how many things are in which bucket, and sums of their amounts.
//!
//! A tally says what each event type means for the thing that it happened to; the room counts (`room/tallies.rs`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[cfg(not(target_arch = "wasm32"))]
use super::data_type::DataType;
use super::event::{Event, FieldFault};
use super::faults::Faults;
use super::row::{needed, Needs};
use super::source::Places;
use crate::limits::{PACE_MAX_MS, TALLY_AMOUNT};
use crate::protocol::codes::EventFault;
use crate::protocol::data::Data;
use crate::protocol::ids::{is_name, SessionId};
use crate::protocol::tally::{hash, Shape, Show, Step, Totals};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;
use crate::protocol::update::{Entry, Update};
use crate::protocol::wire::First;

/// One tally.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Tally {
    /// The type of its updates.
    pub(super) emit: String,
    /// The key of its updates.
    key: String,
    /// The topic of its updates. Without one, they belong to every subscription.
    topic: Option<String>,
    /// Who may see its updates. Without it, everyone.
    needs: Option<Needs>,
    /// Where an event says which thing it happened to.
    entity: Places,
    /// What each event type means for the thing. `*` at the end of a type stands for the rest of it; where several fit, the
    /// longest counts.
    events: BTreeMap<String, Meaning>,
    /// The buckets in which things stay for ever. They are the first to be forgotten when there are very many things.
    #[serde(default, rename = "final")]
    finals: Vec<String>,
    /// Milliseconds that its updates may wait for newer ones.
    #[serde(default)]
    patience_ms: u32,
    /// The fields of its updates, and what they show.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "std::collections::BTreeMap<String, Show>")
    )]
    data: Shape,
}

/// What an event means for the thing that it happened to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Meaning {
    /// The bucket that the thing is in from then on; none without it.
    bucket: Option<Bucket>,
    /// Amounts of the thing: name → where the event has the whole number. Absent in the event: 0.
    #[serde(default)]
    sums: BTreeMap<String, Places>,
}

/// A bucket.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Bucket {
    /// Always this one.
    Always(String),
    /// The one that the event names.
    Named {
        /// Where the event names it.
        from: Places,
    },
}

impl Tally {
    /// The type of its updates, and that of their data.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn data_type(&self) -> (String, DataType) {
        (self.emit.clone(), DataType::of(&Value::Object(self.data.data(&Totals::default()))))
    }

    /// Whether it counts events of this type.
    pub fn counts(&self, event_type: &str) -> bool {
        self.meaning(event_type).is_some()
    }

    /// What events of this type mean.
    fn meaning(&self, event_type: &str) -> Option<&Meaning> {
        let exact = self.events.get(event_type);
        let fits =
            |key: &str| key.strip_suffix('*').is_some_and(|start| event_type.starts_with(start));
        let beginnings = || self.events.iter().filter(|(key, _)| fits(key));
        exact.or_else(|| Some(beginnings().max_by_key(|(key, _)| key.len())?.1))
    }

    /// The update that shows the tally after an event. `None` if it does not count such events. The room fills in the data.
    ///
    /// # Errors
    /// The field that is missing or malformed.
    pub fn map(&self, event: &Event, session: &SessionId) -> Result<Option<Update>, FieldFault> {
        let Some(meaning) = self.meaning(&event.kind) else { return Ok(None) };
        let step = self.step(meaning, event, session)?;
        let data = self.data.data(&Totals::default());
        let data = Data::from(&data);
        let (content, parts) = event.content(&self.emit, self.topic.as_deref(), &data).encode();
        let entry = Entry {
            topic: self.topic.clone(),
            // A tally is about many events, so a single one cannot say who sees it.
            audience: needed(self.needs.as_ref(), event, session)?,
            step: Some(Box::new(step)),
            patience_ms: self.patience_ms,
            parts: Some(parts),
            ..Entry::new(self.key.clone(), content.len())
        };
        Ok(Some(Update { event_id: event.id.clone(), entry, content }))
    }

    fn step(
        &self,
        meaning: &Meaning,
        event: &Event,
        session: &SessionId,
    ) -> Result<Step, FieldFault> {
        let entity = name(&self.entity, event, session)?;
        let bucket = match &meaning.bucket {
            None => None,
            Some(Bucket::Always(bucket)) => Some(bucket.clone()),
            Some(Bucket::Named { from }) => Some(name(from, event, session)?),
        };
        let mut sums = BTreeMap::new();
        for (name, places) in &meaning.sums {
            sums.insert(name.clone(), amount(places, event, session)?);
        }
        #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
        let tie = hash(&event.id) as u32;
        Ok(Step {
            entity: hash(&entity),
            at: Timestamp::from_rfc3339(&event.occurred_at).unwrap_or_default(),
            tie,
            is_final: bucket.as_ref().is_some_and(|bucket| self.finals.contains(bucket)),
            bucket,
            sums,
            data: self.data.clone(),
            unchanged: None,
        })
    }

    /// The data before the first event.
    pub fn initial(&self) -> Map<String, Value> {
        self.data.data(&Totals::default())
    }

    /// Whether someone who sees these topics sees its updates.
    pub(super) fn is_seen_with(&self, topics: &Topics) -> bool {
        self.is_for_everyone() && self.topic.as_ref().is_none_or(|topic| topics.contains(topic))
    }

    /// Whether everyone who sees its topic may see it.
    pub(super) fn is_for_everyone(&self) -> bool {
        self.needs.is_none()
    }

    /// What a client is sent first.
    pub(super) fn first(&self) -> First {
        let (kind, topic) = (self.emit.clone(), self.topic.clone());
        First::Initial { kind, initial: self.initial(), topic }
    }

    /// What is wrong with it.
    pub(super) fn check(&self, faults: &mut Faults<'_>) {
        faults.check("key", !self.key.is_empty(), "must not be empty");
        faults.check("emit", !self.emit.is_empty(), "must not be empty");
        let name = |topic: &String| Topics::parse([topic.as_str()]).is_ok() && !topic.contains('*');
        let topic = self.topic.as_ref().is_none_or(name);
        faults.check("topic", topic, "must be 1 to 128 characters, without commas and *");
        faults.check("events", !self.events.is_empty(), "must name at least one event type");
        faults.check("data", !self.data.0.is_empty(), "must have at least one field");
        let most = format!("must be at most {PACE_MAX_MS}");
        faults.check("patience_ms", self.patience_ms <= PACE_MAX_MS, &most);
        let sums = |name: &String| self.events.values().any(|one| one.sums.contains_key(name));
        for (field, show) in &self.data.0 {
            match show {
                Show::Sum(name) if !sums(name) => {
                    faults.at("data").at(field).add(format!("no event has the amount `{name}`"));
                }
                Show::Count(bucket) if !self.may_fill(bucket) => {
                    faults
                        .at("data")
                        .at(field)
                        .add(format!("no event fills the bucket `{bucket}`"));
                }
                _ => {}
            }
        }
    }

    /// Whether a thing can get into this bucket.
    fn may_fill(&self, bucket: &str) -> bool {
        self.events.values().any(|meaning| match &meaning.bucket {
            Some(Bucket::Always(own)) => own == bucket,
            Some(Bucket::Named { .. }) => true,
            None => false,
        })
    }
}

fn name(places: &Places, event: &Event, session: &SessionId) -> Result<String, FieldFault> {
    match places.find(event, session) {
        Some(Value::String(name)) if is_name(&name) => Ok(name),
        Some(Value::Number(number)) => Ok(number.to_string()),
        None => Err(places.fault(EventFault::Required).with(format!(" {}", event.kind))),
        Some(_) => Err(places.fault(EventFault::NotAName)),
    }
}

fn amount(places: &Places, event: &Event, session: &SessionId) -> Result<i64, FieldFault> {
    let Some(value) = places.find(event, session) else { return Ok(0) };
    let amount = value.as_i64().filter(|amount| (-TALLY_AMOUNT..=TALLY_AMOUNT).contains(amount));
    amount.ok_or_else(|| places.fault(EventFault::NotAnAmount))
}
