//! Which session an event belongs to.

use serde::Deserialize;
use serde_json::Value;

use super::event::{Aggregate, Event, FieldFault};
use super::source::payload_field;
use crate::protocol::codes::EventFault;
use crate::protocol::ids::SessionId;

/// How the events of a document say which session they belong to.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum SessionRule {
    /// All events belong to this one session.
    One(#[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))] SessionId),
    /// Events name their session.
    Named {
        /// Aggregates of this type are sessions themselves.
        aggregate: String,
        /// Events of other aggregates name their session in this field of the payload, or an earlier event of the same
        /// aggregate has named it.
        field: String,
    },
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

impl SessionRule {
    /// How an event says which session it belongs to.
    ///
    /// # Errors
    /// The session that it names is malformed.
    pub fn route(&self, event: &Event) -> Result<Route, FieldFault> {
        let (aggregate, field) = match self {
            Self::One(session) => {
                return Ok(Route::Named { session: session.clone(), learn: None });
            }
            Self::Named { aggregate, field } => (aggregate, field),
        };
        if event.aggregate.kind == *aggregate {
            let session = session(&event.aggregate.id, "aggregate_id")?;
            return Ok(Route::Named { session, learn: None });
        }
        let path = || format!("payload.{field}");
        match payload_field(event, field) {
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
