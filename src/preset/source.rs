//! How a preset's row finds a value in an event.
//!
//! A place is a path into the payload, in either case (`cycle_id` also finds `cycleId`), a path into the metadata
//! (`@metadata.tenant`), or one of `@session`, `@occurred_at` and `@Type`: the aggregate's id, if the aggregate is of
//! that type.
//! Several places separated by `|` are tried in turn.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

#[cfg(not(target_arch = "wasm32"))]
use super::data_type::{DataType, Property};
use super::event::{Event, FieldFault};
use super::faults::Faults;
use crate::protocol::codes::EventFault;
use crate::protocol::data::Data;
use crate::protocol::ids::SessionId;

/// What is wrong with a source that is none of these.
const UNREADABLE: &str =
    "must be a place such as \"cycle_id | @Cycle\", or {\"value\": …}, {\"fields\": {…}} or \
                          {\"from\": …, \"first_chars\": …}";

/// Where the value of one outgoing field comes from, as written in a preset.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Source {
    /// A value, unchanged.
    Places(Places),
    /// The first characters (Unicode scalar values) of a text.
    Shortened {
        /// Where the text is.
        from: Places,
        /// How many characters go out.
        first_chars: usize,
    },
    /// The same value for every event.
    Constant {
        /// The value.
        value: Value,
    },
    /// An object of its own fields.
    Object {
        /// Its fields.
        fields: Fields,
    },
}

/// Outgoing fields: name → source. A field whose name ends in `?` may be absent.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "serde_json::Map<String, Value>")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    schemars(with = "std::collections::BTreeMap<String, Source>")
)]
pub struct Fields(Vec<Result<Field, String>>);

/// One outgoing field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// Whether an event without it is malformed.
    pub required: bool,
    source: Source,
}

impl From<Map<String, Value>> for Fields {
    /// A source that cannot be read is kept as an error, so that checking a preset can name it.
    fn from(map: Map<String, Value>) -> Self {
        let field = |(name, source): (String, Value)| {
            let source = serde_json::from_value(source).map_err(|_| name.clone())?;
            let required = !name.ends_with('?');
            Ok(Field { name: name.trim_end_matches('?').to_owned(), required, source })
        };
        Self(map.into_iter().map(field).collect())
    }
}

impl Fields {
    /// Finds the fields whose sources cannot be read.
    pub fn check(&self, faults: &mut Faults<'_>) {
        for field in &self.0 {
            match field {
                Err(name) => faults.at(name).add(UNREADABLE),
                Ok(Field { name, source: Source::Object { fields }, .. }) => {
                    fields.check(&mut faults.at(name));
                }
                Ok(_) => {}
            }
        }
    }

    /// Whether every update has a value at this path.
    pub fn always_has(&self, path: &str) -> bool {
        let (name, rest) =
            path.split_once('.').map_or((path, None), |(one, rest)| (one, Some(rest)));
        let mut fields = self.0.iter().flatten();
        let field = fields.find(|field| field.required && field.name == name);
        match (field, rest) {
            (Some(_), None) => true,
            (Some(Field { source: Source::Object { fields }, .. }), Some(rest)) => {
                fields.always_has(rest)
            }
            _ => false,
        }
    }

    /// What is known of the outgoing object, whatever the event.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn data_type(&self) -> DataType {
        let property = |field: &Field| Property {
            name: field.name.clone(),
            required: field.required,
            data_type: field.source.data_type(),
        };
        DataType::Object(self.0.iter().flatten().map(property).collect())
    }

    /// The outgoing object for `event`.
    ///
    /// # Errors
    /// The first field that is required and absent, or that has the wrong type.
    pub fn build<'e>(
        &'e self,
        event: &'e Event,
        session: &SessionId,
    ) -> Result<Data<'e>, FieldFault> {
        let mut data = Data::with_capacity(self.0.len());
        for field in self.0.iter().flatten() {
            match field.source.value(event, session)? {
                Some(value) => data.set(&field.name, value),
                None if field.required => return Err(field.missing(&event.kind)),
                None => {}
            }
        }
        Ok(data)
    }
}

impl Field {
    fn missing(&self, event_type: &str) -> FieldFault {
        let own = || format!("payload.{}", self.name);
        let place = self.source.first_place().unwrap_or_else(own);
        FieldFault::new(place, EventFault::Required).with(format!(" {event_type}"))
    }
}

impl Source {
    #[cfg(not(target_arch = "wasm32"))]
    fn data_type(&self) -> DataType {
        match self {
            Self::Places(places) if places.0.iter().all(Place::is_text) => DataType::Text,
            Self::Places(_) => DataType::Unknown,
            Self::Shortened { .. } => DataType::Text,
            Self::Constant { value } => DataType::Constant(value.clone()),
            Self::Object { fields } => fields.data_type(),
        }
    }

    fn value<'e>(
        &'e self,
        event: &'e Event,
        session: &SessionId,
    ) -> Result<Option<Cow<'e, Value>>, FieldFault> {
        match self {
            Self::Places(places) => Ok(places.found(event, session)),
            Self::Constant { value } => Ok(Some(Cow::Borrowed(value))),
            Self::Shortened { from, first_chars } => match from.found(event, session).as_deref() {
                None => Ok(None),
                Some(Value::String(text)) => Ok(Some(Cow::Owned(first(text, *first_chars).into()))),
                Some(_) => Err(from.fault(EventFault::NotAString)),
            },
            Self::Object { fields } => Ok(Self::object(fields, event, session)?.map(Cow::Owned)),
        }
    }

    /// If the event has none of the object's fields, the object is absent. If it has some of them, it
    /// must have all that are required.
    fn object(
        fields: &Fields,
        event: &Event,
        session: &SessionId,
    ) -> Result<Option<Value>, FieldFault> {
        let came = |field: &Field| field.source.is_in(event);
        if !fields.0.iter().flatten().any(came) {
            return Ok(None);
        }
        fields.build(event, session).map(|data| Some(Value::Object(data.into_object())))
    }

    fn is_in(&self, event: &Event) -> bool {
        match self {
            Self::Places(places) | Self::Shortened { from: places, .. } => places.are_in(event),
            Self::Constant { .. } => false,
            Self::Object { fields } => {
                fields.0.iter().flatten().any(|field| field.source.is_in(event))
            }
        }
    }

    fn first_place(&self) -> Option<String> {
        match self {
            Self::Places(places) | Self::Shortened { from: places, .. } => places.first_path(),
            Self::Constant { .. } => None,
            Self::Object { fields } => {
                fields.0.iter().flatten().find_map(|field| field.source.first_place())
            }
        }
    }
}

fn first(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// Places that are tried in turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "String")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
pub struct Places(Vec<Place>);

#[derive(Debug, Clone)]
enum Place {
    Payload(Path),
    Metadata(Path),
    Session,
    OccurredAt,
    AggregateId { of: String },
}

/// A path into an object, as written and in steps.
#[derive(Debug, Clone)]
struct Path {
    text: String,
    steps: Vec<Step>,
}

/// The name of a field in both cases.
#[derive(Debug, Clone)]
struct Step {
    snake: String,
    camel: String,
}

impl From<String> for Places {
    fn from(text: String) -> Self {
        Self(text.split('|').map(str::trim).map(Place::from).collect())
    }
}

impl From<&str> for Place {
    fn from(text: &str) -> Self {
        let Some(named) = text.strip_prefix('@') else { return Self::Payload(text.into()) };
        match (named, named.strip_prefix("metadata.")) {
            ("session", _) => Self::Session,
            ("occurred_at", _) => Self::OccurredAt,
            (_, Some(path)) => Self::Metadata(path.into()),
            (aggregate, None) => Self::AggregateId { of: aggregate.to_owned() },
        }
    }
}

impl From<&str> for Path {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), steps: text.split('.').map(step).collect() }
    }
}

fn step(snake: &str) -> Step {
    let mut words = snake.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    Step { snake: snake.to_owned(), camel }
}

impl Places {
    /// The first value that is there and not null.
    pub(super) fn find(&self, event: &Event, session: &SessionId) -> Option<Value> {
        self.found(event, session).map(Cow::into_owned)
    }

    /// The same, borrowed if the event brought it.
    fn found<'e>(&self, event: &'e Event, session: &SessionId) -> Option<Cow<'e, Value>> {
        self.0.iter().find_map(|place| place.find(event, session))
    }

    /// Whether the event has a value at one of these places.
    pub(super) fn are_in(&self, event: &Event) -> bool {
        self.0.iter().any(|place| place.written(event).is_some())
    }

    fn first_path(&self) -> Option<String> {
        self.0.iter().find_map(|place| match place {
            Place::Payload(path) => Some(format!("payload.{}", path.text)),
            Place::Metadata(path) => Some(format!("metadata.{}", path.text)),
            _ => None,
        })
    }

    /// A fault of the field at the first of these places.
    pub(super) fn fault(&self, fault: EventFault) -> FieldFault {
        FieldFault::new(self.first_path().unwrap_or_else(|| "payload".to_owned()), fault)
    }
}

impl Place {
    /// Whether what is there is always a text.
    #[cfg(not(target_arch = "wasm32"))]
    fn is_text(&self) -> bool {
        !matches!(self, Self::Payload(_) | Self::Metadata(_))
    }

    fn find<'e>(&self, event: &'e Event, session: &SessionId) -> Option<Cow<'e, Value>> {
        let Event { aggregate, occurred_at, .. } = event;
        let text = match self {
            Self::Payload(_) | Self::Metadata(_) => return self.written(event).map(Cow::Borrowed),
            Self::Session => session.as_str(),
            Self::OccurredAt => occurred_at,
            Self::AggregateId { of } => (aggregate.kind == *of).then_some(&*aggregate.id)?,
        };
        Some(Cow::Owned(text.into()))
    }

    /// The value that the event has in its payload or metadata.
    fn written<'e>(&self, event: &'e Event) -> Option<&'e Value> {
        match self {
            Self::Payload(path) => walk(&event.payload, &path.steps),
            Self::Metadata(path) => walk(&event.metadata, &path.steps),
            _ => None,
        }
    }
}

fn walk<'e>(object: &'e Map<String, Value>, steps: &[Step]) -> Option<&'e Value> {
    let (step, rest) = steps.split_first()?;
    let value = object.get(&step.snake).or_else(|| object.get(&step.camel))?;
    match (rest, value) {
        (_, Value::Null) => None,
        ([], value) => Some(value),
        (rest, Value::Object(inner)) => walk(inner, rest),
        _ => None,
    }
}

/// A field of the payload in either case, for the preset's own use.
pub(super) fn payload_field<'e>(event: &'e Event, snake: &str) -> Option<&'e Value> {
    walk(&event.payload, &[step(snake)])
}
