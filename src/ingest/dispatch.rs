//! Turns the events of one request into what each room receives.
//!
//! There are two steps, with the shell's look-ups between them. [`Batch::new`] routes the events, and
//! [`Batch::unresolved`] lists the aggregates whose sessions the shell must look up. [`Batch::dispatch`] then
//! maps all events or none.

use std::collections::{HashMap, HashSet};

use super::envelope::Rejected;
use crate::limits::{LISTED_ERRORS, POST_STORED_BYTES};
use crate::preset::event::{Aggregate, Event};
use crate::preset::{Preset, Route};
use crate::protocol::ids::SessionId;
use crate::protocol::problem::Malformed;
use crate::protocol::results::{EventResult, IgnoredBecause, Outcome};
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;

/// The sessions of aggregates, learned from earlier requests or from this one.
pub type Pointers = HashMap<Aggregate, SessionId>;

/// The events of one request, routed.
#[derive(Debug)]
pub struct Batch<'p> {
    preset: &'p Preset,
    events: Vec<(Event, Option<Route>)>,
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
    /// The session.
    pub session: SessionId,
    /// The updates.
    pub updates: Vec<Update>,
    /// For each update, the index of its event in the request.
    pub indexes: Vec<usize>,
}

impl<'p> Batch<'p> {
    /// Routes every event that the preset knows.
    ///
    /// # Errors
    /// The events that name a malformed session.
    pub fn new(preset: &'p Preset, events: Vec<Event>) -> Result<Self, Vec<Malformed>> {
        let mut errors = Vec::new();
        let mut routed = Vec::with_capacity(events.len());
        for (index, event) in events.into_iter().enumerate() {
            let known = preset.row(&event.kind).is_some();
            match known.then(|| preset.route(&event)).transpose() {
                Ok(route) => routed.push((event, route)),
                Err(fault) => errors.push(fault.at(index)),
            }
        }
        none(errors).map(|()| Self { preset, events: routed })
    }

    /// The aggregates whose session only an earlier request can have named. Each is listed once.
    pub fn unresolved(&self) -> Vec<Aggregate> {
        let mut known = HashSet::new();
        let mut unresolved = Vec::new();
        for (_, route) in &self.events {
            match route {
                Some(Route::Named { learn: Some(aggregate), .. }) => {
                    known.insert(aggregate);
                }
                Some(Route::Unnamed(aggregate)) if known.insert(aggregate) => {
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
        for (index, (event, route)) in self.events.into_iter().enumerate() {
            let occurred = Timestamp::from_rfc3339(&event.occurred_at).unwrap_or_default();
            let outcome = match locate(route, occurred, &mut pointers, &mut dispatch.learn) {
                Err(reason) => Outcome::Ignored { reason },
                Ok(session) => {
                    let row = self.preset.row(&event.kind);
                    match row.map(|row| row.map(&event, &session)) {
                        Some(Ok(update)) => dispatch.deliver(index, &session, update),
                        Some(Err(fault)) => errors.push(fault.at(index)),
                        None => {}
                    }
                    Outcome::Failed { session: Some(session) }
                }
            };
            dispatch.results.push(EventResult { event_id: event.id, outcome });
        }
        none(errors).map_err(Rejected::Malformed)?;
        let updates = dispatch.deliveries.iter().flat_map(|delivery| &delivery.updates);
        if updates.map(Update::stored_bytes).sum::<usize>() > POST_STORED_BYTES {
            return Err(Rejected::TooLarge);
        }
        Ok(dispatch)
    }
}

/// The session of one event. If the event names it, the events after it can use it too.
fn locate(
    route: Option<Route>,
    occurred: Timestamp,
    pointers: &mut Pointers,
    learned: &mut Vec<Learned>,
) -> Result<SessionId, IgnoredBecause> {
    match route.ok_or(IgnoredBecause::UnknownEventType)? {
        Route::Unnamed(aggregate) => {
            pointers.get(&aggregate).cloned().ok_or(IgnoredBecause::NoSession)
        }
        Route::Named { session, learn: None } => Ok(session),
        Route::Named { session, learn: Some(aggregate) } => {
            if pointers.get(&aggregate) != Some(&session) {
                pointers.insert(aggregate.clone(), session.clone());
                let session = session.clone();
                learned.push(Learned { aggregate, session, occurred });
            }
            Ok(session)
        }
    }
}

impl Dispatch {
    fn deliver(&mut self, index: usize, session: &SessionId, update: Update) {
        let known = self.deliveries.iter_mut().find(|one| one.session == *session);
        if let Some(delivery) = known {
            delivery.updates.push(update);
            delivery.indexes.push(index);
            return;
        }
        let (updates, indexes) = (vec![update], vec![index]);
        self.deliveries.push(Delivery { session: session.clone(), updates, indexes });
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
