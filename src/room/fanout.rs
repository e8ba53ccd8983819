//! Sending: what each group is sent of the updates that are stored but not sent yet.
//!
//! An update is sent to the groups whose view shows it. If it names users, their members are sent a frame of their own.
//! Nothing is sent because of an update that the receiver does not see.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::groups::GroupId;
use super::ladder::Rung;
use super::log::Numbered;
use super::outgoing::{Message, Slice, Updates};
use super::view::Viewer;
use super::{Effect, Turn};
use crate::protocol::gather::gathered;
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::time::Timestamp;
use crate::protocol::update::Entry;

/// The updates that are stored but not sent. They end at the head.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// Their encodings, separated by commas, as in the rows.
    body: Option<Rc<str>>,
    /// The number of the first of them.
    first: Seq,
    updates: Vec<Numbered>,
}

impl Unsent {
    pub(super) fn is_empty(&self) -> bool {
        self.body.is_none()
    }

    /// Adds the updates of a stored burst, with its body.
    pub(super) fn add(&mut self, first: Seq, body: Rc<str>, updates: Vec<Numbered>) {
        let joined = self.body.take().map(|before| format!("{before},{body}").into());
        self.body = Some(joined.unwrap_or(body));
        if self.updates.is_empty() {
            (self.first, self.updates) = (first, updates);
        } else {
            self.updates.extend(updates);
        }
    }
}

/// What is sent of the updates that were not sent: all of it, or a part for those who do not see all. Each part is put
/// together once.
pub(super) struct Parts {
    all: Rc<Updates>,
    /// The same updates, with their metadata.
    numbered: Vec<Numbered>,
    /// Whether not every view shows all of them.
    restricted: bool,
    /// By the places of the updates that are hidden.
    made: BTreeMap<Vec<usize>, Rc<Updates>>,
}

impl Parts {
    /// `None` if everything was sent.
    pub(super) fn of(unsent: Unsent) -> Option<Self> {
        let Unsent { body, first, updates: numbered } = unsent;
        let joined = body?;
        let slice = |(seq, Numbered { entry, text, .. }): (Seq, &Numbered)| Slice {
            seq,
            parts: entry.parts,
            text: text.clone(),
        };
        let each: Vec<Slice> = (first..).zip(&numbered).map(slice).collect();
        let all = Updates { prev: first - 1, seq: each.last()?.seq, joined, each };
        let restricted = numbered.iter().any(|update| !update.entry.label().is_public());
        Some(Self { all: Rc::new(all), numbered, restricted, made: BTreeMap::new() })
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.numbered.iter().map(|update| &update.entry)
    }

    /// The users that updates name.
    fn named(&self) -> BTreeSet<String> {
        let audiences = self.entries().filter_map(|entry| entry.label().audience);
        gathered(audiences.flat_map(|audience| audience.users.iter().cloned()))
    }

    /// The places of the updates that the viewer does not see.
    fn hidden_from(&self, viewer: Viewer<'_>) -> Vec<usize> {
        if !self.restricted {
            return Vec::new();
        }
        let hidden = self.entries().enumerate();
        hidden.filter(|(_, entry)| !viewer.sees(entry.label())).map(|(place, _)| place).collect()
    }

    /// The updates that are not hidden, with their metadata.
    fn shown<'p>(&'p self, hidden: &'p [usize]) -> impl Iterator<Item = (&'p Slice, &'p Entry)> {
        let all = self.all.each.iter().zip(self.entries()).enumerate();
        all.filter(|(place, _)| hidden.binary_search(place).is_err()).map(|(_, one)| one)
    }

    /// The updates that are not hidden, for receivers whose previous update was `prev`. `None` if all are hidden.
    fn without(&mut self, hidden: Vec<usize>, prev: Seq) -> Option<Rc<Updates>> {
        let part = if hidden.is_empty() {
            &self.all
        } else if hidden.len() == self.all.each.len() {
            return None;
        } else {
            let all = &self.all;
            self.made.entry(hidden).or_insert_with_key(|hidden| Rc::new(without(all, hidden)))
        };
        if part.prev == prev {
            return Some(part.clone());
        }
        Some(Rc::new(Updates { prev, ..(**part).clone() }))
    }
}

fn without(all: &Updates, hidden: &[usize]) -> Updates {
    let shown =
        all.each.iter().enumerate().filter(|(place, _)| hidden.binary_search(place).is_err());
    let each: Vec<Slice> = shown.map(|(_, slice)| slice.clone()).collect();
    let joined = each.iter().map(|slice| &*slice.text).collect::<Vec<_>>().join(",").into();
    Updates { prev: all.prev, seq: each.last().map_or(all.seq, |last| last.seq), joined, each }
}

impl Turn<'_> {
    /// Sends what is stored but not sent, or holds it where members have a pace or updates are patient. Must come before
    /// anything that shows the head or the state to a client.
    pub(super) fn flush(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.burst.is_sent() {
            self.send_unsent(now, effects);
        }
    }

    #[inline(never)]
    fn send_unsent(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(mut parts) = Parts::of(self.burst.take_unsent()) else { return };
        let mut singled_out = self.single_out(&mut parts, now, effects);
        let patient = parts.entries().any(|entry| entry.patience_ms > 0);
        let mut held = false;
        let members = &mut *self.members;
        for group in members.groups.iter_mut() {
            if group.view.rung == Rung::Held {
                continue;
            }
            let hidden = parts.hidden_from(group.view.of_group());
            let except = singled_out.remove(&group.id);
            let waits = || patient && parts.shown(&hidden).any(|(_, entry)| entry.patience_ms > 0);
            if except.is_none() && (group.is_paced() || waits()) {
                for (slice, entry) in parts.shown(&hidden) {
                    group.hold(slice, entry, now, self.limits);
                }
                held = true;
            } else if let Some(updates) = parts.without(hidden, group.cursor.unwrap_or_default()) {
                let except = except.unwrap_or_default();
                effects.push(group.send(updates, except, &mut members.backlog, now));
            }
        }
        if held {
            self.release_due(now, effects);
        }
        if self.members.backlog.is_worth_a_look(self.limits) {
            effects.push(Effect::AskPings);
        }
    }

    /// Sends to the members whose users are named, and who therefore see more than their group. Returns them by group. Such a
    /// group holds nothing back, so that its members stay at the same position.
    fn single_out(
        &mut self,
        parts: &mut Parts,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> BTreeMap<GroupId, Vec<ClientId>> {
        let (named, members) = (parts.named(), &mut *self.members);
        let mut singled_out = BTreeMap::<_, Vec<_>>::new();
        let by_client = members.by_client.iter();
        for (client, member) in by_client.filter(|(_, member)| named.contains(&member.user)) {
            let Some(group) = members.groups.get_mut(&member.view) else { continue };
            if group.view.rung == Rung::Held {
                continue;
            }
            let hidden = parts.hidden_from(member.viewer());
            if hidden == parts.hidden_from(member.view.of_group()) {
                continue;
            }
            effects.extend(group.release(&mut members.backlog, self.pacing, now));
            let prev = group.cursor;
            let Some(updates) = parts.without(hidden, prev.unwrap_or_default()) else { continue };
            members.backlog.single_out(client, updates.joined.len() as u64);
            let (to, view) = (client.clone(), member.view.clone());
            effects.push(Effect::Send { to, view, message: Message::Updates(updates) });
            singled_out.entry(group.id).or_default().push(client.clone());
        }
        singled_out
    }
}
