//! Turns the events of one request into what each room receives.
//!
//! There are two steps, with the shell's look-ups between them. [`Batch::new`] routes the events, and
//! [`Batch::unresolved`] lists the aggregates whose sessions the shell must look up. [`Batch::dispatch`] then
//! maps all events or none.

use std::collections::{HashMap, HashSet};

use super::envelope::Rejected;
use crate::limits::{LISTED_ERRORS, POST_STORED_BYTES};
use crate::preset::event::{Aggregate, Event, FieldFault};
use crate::preset::presets::Presets;
use crate::preset::session::Route;
use crate::preset::{Invalid, Preset};
use crate::protocol::ids::SessionId;
use crate::protocol::problem::Malformed;
use crate::protocol::results::{EventResult, IgnoredBecause, Outcome, RoomResult, Rooms};
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;

/// The sessions of aggregates, learned from earlier requests or from this one.
pub type Pointers = HashMap<Aggregate, SessionId>;

/// The events of one request, routed.
#[derive(Debug)]
pub struct Batch<'p> {
    presets: &'p Presets,
    events: Vec<(Event, Vec<Routed>)>,
}

/// Where an event goes by one document that takes it.
#[derive(Debug)]
struct Routed {
    /// The number of the document.
    preset: usize,
    /// The route; or what is wrong with the event, if the document skips such events.
    route: Result<Route, FieldFault>,
}

/// What to do for one request.
#[derive(Debug, Default)]
pub struct Dispatch {
    /// What each room receives, in the order of the request.
    pub deliveries: Vec<Delivery>,
    /// The sessions to remember, so that later events of their aggregates need not name them.
    pub learn: Vec<Learned>,
    /// One result per event: `ignored` if it goes to no room, `failed` until its room has answered.
    pub results: Vec<EventResult>,
}

/// The session that an event named for its aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// The aggregate.
    pub aggregate: Aggregate,
    /// The session.
    pub session: SessionId,
    /// When the event occurred. If two events name different sessions, the one that occurred later
    /// wins, whichever arrives first.
    pub occurred: Timestamp,
}

/// What one room receives.
#[derive(Debug)]
pub struct Delivery {
    /// The number of the document.
    pub preset: usize,
    /// The session.
    pub session: SessionId,
    /// The updates.
    pub updates: Vec<Update>,
    /// For each update, where its outcome goes; `None` if an update before it stands for its event.
    pub slots: Vec<Option<Slot>>,
}

impl Delivery {
    /// How many events it is about.
    pub fn events(&self) -> u64 {
        self.slots.iter().flatten().count() as u64
    }
}

/// The place of an outcome in the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The index of the event in the request.
    pub event: usize,
    /// Which of the event's rooms.
    pub room: usize,
}

impl<'p> Batch<'p> {
    /// Routes every event by each document that takes it.
    ///
    /// # Errors
    /// The events that name a malformed session.
    pub fn new(presets: &'p Presets, events: Vec<Event>) -> Result<Self, Vec<Malformed>> {
        let mut errors = Vec::new();
        let mut routed = Vec::with_capacity(events.len());
        for (index, event) in events.into_iter().enumerate() {
            let mut ways = Vec::new();
            for (preset, document) in presets.iter().filter(|(_, one)| one.takes(&event)) {
                match (document.route(&event), document.invalid) {
                    (Err(fault), Invalid::Refuse) => errors.push(fault.at(index)),
                    (route, _) => {
                        let route = route.map(|route| route.of(presets, preset));
                        ways.push(Routed { preset, route });
                    }
                }
            }
            routed.push((event, ways));
        }
        none(errors).map(|()| Self { presets, events: routed })
    }

    /// The aggregates whose session only an earlier request can have named. Each is listed once.
    pub fn unresolved(&self) -> Vec<Aggregate> {
        let mut known = HashSet::new();
        let mut unresolved = Vec::new();
        for routed in self.events.iter().flat_map(|(_, routes)| routes) {
            match &routed.route {
                Ok(Route::Named { learn: Some(aggregate), .. }) => {
                    known.insert(aggregate);
                }
                Ok(Route::Unnamed(aggregate)) if known.insert(aggregate) => {
                    unresolved.push(aggregate.clone());
                }
                _ => {}
            }
        }
        unresolved
    }

    /// Maps every event, with the sessions that were `found` for unresolved aggregates.
    ///
    /// # Errors
    /// The events that cannot be mapped, or [`Rejected::TooLarge`] if their updates are larger than
    /// what one request may store.
    pub fn dispatch(self, found: &Pointers) -> Result<Dispatch, Rejected> {
        let mut pointers = found.clone();
        let mut dispatch = Dispatch::default();
        let mut errors = Vec::new();
        for (index, (event, routes)) in self.events.into_iter().enumerate() {
            let mut rooms = Rooms::default();
            for Routed { preset, route } in routes {
                let Some(document) = self.presets.get(preset) else { continue };
                let located = locate(route, &event, &mut pointers, &mut dispatch.learn);
                let slot = Slot { event: index, room: rooms.len() };
                let outcome = match dispatch.map(&event, located, (preset, document), slot) {
                    Ok(outcome) => outcome,
                    Err(fault) => {
                        errors.push(fault.at(index));
                        continue;
                    }
                };
                rooms.push(RoomResult { preset: self.presets.name(preset).cloned(), outcome });
            }
            dispatch.results.push(rooms.result(event.id));
        }
        none(errors).map_err(Rejected::Malformed)?;
        let updates = dispatch.deliveries.iter().flat_map(|delivery| &delivery.updates);
        if updates.map(Update::stored_bytes).sum::<usize>() > POST_STORED_BYTES {
            return Err(Rejected::TooLarge);
        }
        Ok(dispatch)
    }
}

impl Route {
    /// The route as the document with this number remembers it.
    fn of(self, presets: &Presets, number: usize) -> Self {
        let document = presets.get(number).filter(|_| number > 0);
        let own = |aggregate| match document {
            Some(document) => document.own(aggregate),
            None => aggregate,
        };
        match self {
            Self::Named { session, learn } => Self::Named { session, learn: learn.map(own) },
            Self::Unnamed(aggregate) => Self::Unnamed(own(aggregate)),
        }
    }
}

/// Why an event does not get to a room.
enum Lost {
    Ignored(IgnoredBecause),
    Invalid(FieldFault),
}

/// The session of one event. If the event names it, the events after it can use it too.
fn locate(
    route: Result<Route, FieldFault>,
    event: &Event,
    pointers: &mut Pointers,
    learned: &mut Vec<Learned>,
) -> Result<SessionId, Lost> {
    match route.map_err(Lost::Invalid)? {
        Route::Unnamed(aggregate) => {
            let session = pointers.get(&aggregate).cloned();
            session.ok_or(Lost::Ignored(IgnoredBecause::NoSession))
        }
        Route::Named { session, learn: None } => Ok(session),
        Route::Named { session, learn: Some(aggregate) } => {
            if pointers.get(&aggregate) != Some(&session) {
                pointers.insert(aggregate.clone(), session.clone());
                let session = session.clone();
                let occurred = Timestamp::from_rfc3339(&event.occurred_at).unwrap_or_default();
                learned.push(Learned { aggregate, session, occurred });
            }
            Ok(session)
        }
    }
}

impl Dispatch {
    /// Maps an event by one document. Returns its outcome until the room has answered.
    fn map(
        &mut self,
        event: &Event,
        located: Result<SessionId, Lost>,
        (preset, document): (usize, &Preset),
        slot: Slot,
    ) -> Result<Outcome, FieldFault> {
        let mapped = located.and_then(|session| {
            let updates = document.map(event, &session).map_err(Lost::Invalid)?;
            Ok((session, updates))
        });
        match mapped {
            Ok((session, updates)) => {
                self.deliver((preset, &session), slot, updates);
                Ok(Outcome::Failed { session: Some(session) })
            }
            Err(Lost::Ignored(reason)) => Ok(Outcome::Ignored { reason, detail: None }),
            Err(Lost::Invalid(fault)) if document.invalid == Invalid::Refuse => Err(fault),
            Err(Lost::Invalid(fault)) => {
                let Malformed { field, reason, .. } = fault.at(slot.event);
                let detail = Some(format!("{field}: {reason}"));
                Ok(Outcome::Ignored { reason: IgnoredBecause::Invalid, detail })
            }
        }
    }

    fn deliver(&mut self, room: (usize, &SessionId), slot: Slot, updates: Vec<Update>) {
        let slots = (0..updates.len()).map(|number| (number == 0).then_some(slot));
        let (preset, session) = room;
        let mut known = self.deliveries.iter_mut();
        if let Some(delivery) = known.find(|one| one.preset == preset && one.session == *session) {
            delivery.slots.extend(slots);
            delivery.updates.extend(updates);
            return;
        }
        let (session, slots) = (session.clone(), slots.collect());
        self.deliveries.push(Delivery { preset, session, updates, slots });
    }
}

fn none(mut errors: Vec<Malformed>) -> Result<(), Vec<Malformed>> {
    errors.truncate(LISTED_ERRORS);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests;
