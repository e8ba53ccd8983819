//! The event as the bus means it, whatever it was wrapped in. Every source decodes to this.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::protocol::codes::EventFault;
use crate::protocol::problem::Malformed;

/// One domain event. All texts are within their limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The producer's id of it.
    pub id: String,
    /// Its type, such as `component.completed`.
    pub kind: String,
    /// What it happened to.
    pub aggregate: Aggregate,
    /// When it happened: RFC 3339.
    pub occurred_at: String,
    /// What it says.
    pub payload: Map<String, Value>,
    /// What it belongs to, for tracing.
    pub correlation_id: Option<String>,
}

/// The thing that an event happened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Aggregate {
    /// Such as `Cycle`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// What is wrong with a field, before it is known which event of the request has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field, as a path.
    pub field: String,
    /// What it should be.
    pub fault: EventFault,
    /// What follows that in the sentence, with the blank before it; often nothing.
    pub rest: String,
}

impl FieldFault {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, fault: EventFault) -> Self {
        Self { field: field.into(), fault, rest: String::new() }
    }

    /// The same, with what follows in the sentence.
    #[must_use]
    pub fn with(mut self, rest: String) -> Self {
        self.rest = rest;
        self
    }

    /// The same, of the event at `index`.
    pub fn at(self, index: usize) -> Malformed {
        let reason = self.fault.reason().to_owned() + &self.rest;
        Malformed { index, field: self.field, reason }
    }
}
