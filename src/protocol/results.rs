//! The answer to `POST /api/events`: what became of each event.

use serde::{Deserialize, Serialize};

pub use super::codes::outcome::{IgnoredBecause, Outcome};
use super::ids::PresetName;
#[cfg(not(target_arch = "wasm32"))]
use super::schema::ByName;

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventResult {
    /// The event's own id.
    pub event_id: String,
    /// What became of it in the first room that it goes to.
    #[serde(flatten)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "ByName<RoomResult>"))]
    pub room: RoomResult,
    /// What became of it in the other rooms, if several documents take it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<RoomResult>,
}

/// What became of one event in one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RoomResult {
    /// The document by which the event goes there, if it is not the first of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<PresetName>,
    /// What became of it.
    #[serde(flatten)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "ByName<Outcome>"))]
    pub outcome: Outcome,
}

/// The results of an event so far. Nearly all events have one room, so that one needs no list.
#[derive(Debug, Default)]
pub struct Rooms {
    first: Option<RoomResult>,
    others: Vec<RoomResult>,
}

impl Rooms {
    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Adds the result in one more room.
    pub fn push(&mut self, room: RoomResult) {
        match self.first {
            None => self.first = Some(room),
            Some(_) => self.others.push(room),
        }
    }

    /// The result of the event with this id. Without rooms, no document takes it.
    pub fn result(self, event_id: String) -> EventResult {
        let (reason, detail) = (IgnoredBecause::UnknownEventType, None);
        let nowhere = || RoomResult { preset: None, outcome: Outcome::Ignored { reason, detail } };
        EventResult { event_id, room: self.first.unwrap_or_else(nowhere), also: self.others }
    }
}

impl EventResult {
    /// The results in all its rooms.
    pub fn rooms(&self) -> impl Iterator<Item = &RoomResult> {
        std::iter::once(&self.room).chain(&self.also)
    }

    /// The outcome in the first room that it got to, or why it got to none.
    pub fn outcome(&self) -> &Outcome {
        let ignored = |room: &&RoomResult| matches!(room.outcome, Outcome::Ignored { .. });
        &self.rooms().find(|room| !ignored(room)).unwrap_or(&self.room).outcome
    }

    /// The result in one of its rooms.
    pub fn room_mut(&mut self, number: usize) -> Option<&mut RoomResult> {
        match number.checked_sub(1) {
            None => Some(&mut self.room),
            Some(other) => self.also.get_mut(other),
        }
    }
}

/// The answer to posted events: 202.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Results {
    /// One result per event, in the order of the request.
    pub results: Vec<EventResult>,
}
