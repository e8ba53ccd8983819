//! A domain event, independent of the format in which it arrived. Every format decodes to this type.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::limits::AUDIENCE_NAMES;
use crate::protocol::codes::EventFault;
use crate::protocol::data::Data;
use crate::protocol::ids::is_name;
use crate::protocol::label::Audience;
use crate::protocol::problem::Malformed;
use crate::protocol::trace::TraceParent;
use crate::protocol::update::Content;

/// One domain event. All texts are within their limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The id that its producer gave it.
    pub id: String,
    /// Its type, such as `component.completed`.
    pub kind: String,
    /// The thing that it happened to.
    pub aggregate: Aggregate,
    /// When it happened: RFC 3339.
    pub occurred_at: String,
    /// Its content, by field.
    pub payload: Map<String, Value>,
    /// What its format says about it beside these fields, for documents that ask for it.
    pub metadata: Map<String, Value>,
    /// What its producer calls what it belongs to.
    pub correlation_id: Option<String>,
    /// Who may see what it becomes, if it says so itself.
    pub audience: Option<Audience>,
    /// The distributed trace in which it was made, or else that of the request that brought it.
    pub trace: Option<TraceParent>,
}

impl Event {
    /// What an update about it says.
    pub fn content<'e>(
        &'e self,
        update_type: &'e str,
        topic: Option<&'e str>,
        data: &'e Data<'e>,
    ) -> Content<'e> {
        let Self { occurred_at: timestamp, correlation_id, trace, .. } = self;
        let correlation_id = correlation_id.as_deref();
        Content { update_type, timestamp, correlation_id, topic, trace: trace.as_ref(), data }
    }
}

/// The thing that an event happened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Aggregate {
    /// Its type, such as `Cycle`.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// What is wrong with a field of an event. The index of the event is added later, by [`FieldFault::at`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field, as a path.
    pub field: String,
    /// What is wrong with it.
    pub fault: EventFault,
    /// What is appended to the sentence of the fault, with a leading blank. Often empty.
    pub rest: String,
}

impl FieldFault {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, fault: EventFault) -> Self {
        Self { field: field.into(), fault, rest: String::new() }
    }

    /// The same fault, with `rest` appended to its sentence.
    #[must_use]
    pub fn with(mut self, rest: String) -> Self {
        self.rest = rest;
        self
    }

    /// The same fault, as reported to the client, for the event at `index`.
    pub fn at(self, index: usize) -> Malformed {
        let reason = self.fault.reason().to_owned() + &self.rest;
        Malformed { index, field: self.field, reason }
    }
}

/// The names of an audience; `None` if one is not a name or there are too many.
pub fn audience_names(names: Vec<Value>) -> Option<Vec<String>> {
    let name = |value| match value {
        Value::String(name) => is_name(&name).then_some(name),
        _ => None,
    };
    (names.len() <= AUDIENCE_NAMES).then(|| names.into_iter().map(name).collect())?
}
