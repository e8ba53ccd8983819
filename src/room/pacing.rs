//! Pacing: updates that a group is not sent at once, so that later ones under the same key take their place.
//!
//! A group holds updates back for two reasons: its members asked for a pace, or the updates are patient. Of what it
//! holds, it is sent the latest of each key, as the state would keep them, in one frame. Positions stay exact: the frame
//! covers all that was held. In memory only: a client that comes back gets from the log what it was not sent.

use std::rc::Rc;

use super::backlog::Backlog;
use super::groups::Group;
use super::outgoing::{Slice, Updates};
use super::state::State;
use super::view::View;
use super::{Effect, Turn};
use crate::limits::{RoomLimits, CONFLATED_EVERY_MS};
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Entry;

/// The updates that a group is not sent yet.
#[derive(Debug, Default)]
pub struct Waiting {
    fold: State,
    /// The updates that end others. None takes their place, because whoever shows the others has to learn it.
    ends: Vec<Slice>,
    /// How many were held, also those whose place others have taken.
    count: u64,
    bytes: usize,
    /// When they have to be sent.
    due: Option<Timestamp>,
}

/// What the room knows about all that is held.
#[derive(Debug, Default)]
pub struct Pacing {
    /// The earliest time for which the room has asked to come back.
    armed: Option<Timestamp>,
    /// Updates that were never sent to a group, since that was last logged.
    conflated: u64,
    /// When it was last logged.
    logged: Timestamp,
}

impl Waiting {
    fn add(&mut self, slice: &Slice, entry: &Entry) {
        let mut entry = entry.clone();
        if entry.keep == 0 {
            // What the state does not keep is an event of its own: none takes the place of another.
            entry.keep = usize::MAX;
        }
        if !entry.drops.is_empty() {
            self.ends.push(slice.clone());
            // In the fold it only has the effect that it ends others.
            (entry.key, entry.keep) = ("\0".to_owned(), 0);
        }
        self.fold.apply(slice.seq, &entry, slice.text.clone(), usize::MAX);
    }

    /// What is left of it, in the order of the numbers.
    fn take(self) -> Vec<Slice> {
        let mut each = self.ends;
        each.extend(self.fold.updates().into_iter().map(Slice::from));
        each.sort_by_key(|slice| slice.seq);
        each
    }
}

impl Pacing {
    /// Whether nothing is held.
    pub fn is_resting(&self) -> bool {
        self.armed.is_none()
    }

    /// Asks to log how many updates were conflated, at most once a minute.
    pub fn report(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.conflated > 0 && now.ms_since(self.logged) >= CONFLATED_EVERY_MS {
            self.logged = now;
            effects.push(Effect::Conflated { updates: std::mem::take(&mut self.conflated) });
        }
    }
}

impl Group {
    /// Whether the next updates are held, or take others with them that are.
    pub(super) fn is_paced(&self) -> bool {
        self.view.pace_ms() > 0 || self.held.is_some()
    }

    /// Holds an update.
    pub(super) fn hold(
        &mut self,
        slice: &Slice,
        entry: &Entry,
        now: Timestamp,
        limits: &RoomLimits,
    ) {
        let earliest = self.last_frame.plus_ms(u64::from(self.view.pace_ms()));
        let held = self.held.get_or_insert_default();
        held.add(slice, entry);
        held.count += 1;
        held.bytes += slice.text.len();
        let patient = now.plus_ms(u64::from(entry.patience_ms));
        let hurried = entry.urgent || held.bytes > limits.burst_bytes;
        let due = if hurried { now } else { patient.max(earliest) };
        held.due = Some(held.due.map_or(due, |other| other.min(due)));
    }

    /// When what it holds has to be sent.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.held.as_ref()?.due
    }

    /// The effect that sends what it holds.
    pub(super) fn release(
        &mut self,
        backlog: &mut Backlog,
        pacing: &mut Pacing,
        now: Timestamp,
    ) -> Option<Effect> {
        let held = *self.held.take()?;
        let (count, each) = (held.count, held.take());
        pacing.conflated += count.saturating_sub(each.len() as u64);
        let texts: Vec<&str> = each.iter().map(|slice| &*slice.text).collect();
        let (joined, seq): (Rc<str>, _) = (texts.join(",").into(), each.last()?.seq);
        let updates = Updates { prev: self.cursor.unwrap_or_default(), seq, joined, each };
        Some(self.send(Rc::new(updates), Vec::new(), backlog, now))
    }

    /// The effect that sends updates to the group.
    pub(super) fn send(
        &mut self,
        updates: Rc<Updates>,
        except: Vec<ClientId>,
        backlog: &mut Backlog,
        now: Timestamp,
    ) -> Effect {
        let bytes = updates.joined.len() as u64;
        self.sent += bytes;
        backlog.broadcast(bytes);
        (self.cursor, self.last_frame) = (Some(updates.seq), now);
        Effect::Broadcast { to: self.id, view: self.view.clone(), updates, except }
    }
}

impl Turn<'_> {
    /// Sends what the group with this view holds. Must come before a member joins or leaves the group, and before one of
    /// its members is shown more than the group was sent.
    pub(super) fn release(&mut self, view: &View, now: Timestamp, effects: &mut Vec<Effect>) {
        let members = &mut *self.members;
        let group = members.groups.get_mut(view);
        effects
            .extend(group.and_then(|group| group.release(&mut members.backlog, self.pacing, now)));
    }

    /// Sends what is due, and asks to come back for the rest.
    #[inline(never)]
    pub(super) fn release_due(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let members = &mut *self.members;
        for group in members.groups.iter_mut() {
            if group.due().is_some_and(|due| due <= now) {
                effects.extend(group.release(&mut members.backlog, self.pacing, now));
            }
        }
        self.pacing.armed = self.pacing.armed.filter(|armed| *armed > now);
        self.pacing.report(now, effects);
        self.pace(now, effects);
    }

    /// Asks to come back when something that is held is due, if that is earlier than asked for.
    pub(super) fn pace(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(due) = self.members.groups.iter().filter_map(Group::due).min() else {
            return;
        };
        if self.pacing.armed.is_none_or(|armed| due < armed) {
            self.pacing.armed = Some(due);
            effects.push(Effect::Pace { ms: due.ms_since(now) });
        }
    }
}
