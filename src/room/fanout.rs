//! Sending: what each group is sent of the updates that are stored but not sent yet.
//!
//! An update is sent to the groups whose view shows it. If it names users, their members are sent a frame of their own.
//! Nothing is sent because of an update that the receiver does not see.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::groups::GroupId;
use super::log::Numbered;
use super::outgoing::{Message, Slice, Updates};
use super::view::Viewer;
use super::{Effect, Turn};
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::label::OwnedLabel;

/// The updates that are stored but not sent. They end at the head.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// Their encodings, separated by commas, as in the rows.
    body: Option<Rc<str>>,
    updates: Vec<Slice>,
    /// The labels of those that not every view shows, by place in the list.
    restricted: Vec<(usize, OwnedLabel)>,
}

impl Unsent {
    /// Adds the updates of a stored burst, with its body.
    pub(super) fn add(&mut self, first: Seq, body: Rc<str>, updates: Vec<Numbered>) {
        let joined = self.body.take().map(|before| format!("{before},{body}").into());
        self.body = Some(joined.unwrap_or(body));
        for (update, seq) in updates.into_iter().zip(first..) {
            let Numbered { entry, text, .. } = update;
            if !entry.label().is_public() {
                self.restricted.push((self.updates.len(), entry.label().to_owned()));
            }
            self.updates.push(Slice { seq, parts: entry.parts, text });
        }
    }
}

/// What is sent of the updates that were not sent: all of it, or a part for those who do not see all. Each part is put
/// together once.
pub(super) struct Parts {
    all: Rc<Updates>,
    restricted: Vec<(usize, OwnedLabel)>,
    /// By the places of the updates that are hidden.
    made: BTreeMap<Vec<usize>, Rc<Updates>>,
}

impl Parts {
    /// `None` if everything was sent.
    pub(super) fn of(unsent: Unsent) -> Option<Self> {
        let Unsent { body, updates, restricted } = unsent;
        let (first, last) = (updates.first()?.seq, updates.last()?.seq);
        let all = Updates { prev: first - 1, seq: last, joined: body?, each: updates };
        Some(Self { all: Rc::new(all), restricted, made: BTreeMap::new() })
    }

    /// The users that updates name.
    fn named(&self) -> BTreeSet<String> {
        let audiences = self.restricted.iter().filter_map(|(_, label)| label.label().audience);
        audiences.flat_map(|audience| audience.users.iter().cloned()).collect()
    }

    /// The places of the updates that the viewer does not see.
    fn hidden_from(&self, viewer: Viewer<'_>) -> Vec<usize> {
        let hidden = self.restricted.iter().filter(|(_, label)| !viewer.sees(label.label()));
        hidden.map(|(place, _)| *place).collect()
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
    /// Sends what is stored but not sent, so that all members are at the head. Must come before anything that shows the head
    /// or the state to a client.
    pub(super) fn flush(&mut self, effects: &mut Vec<Effect>) {
        let Some(mut parts) = Parts::of(self.burst.take_unsent()) else { return };
        let mut singled_out = self.single_out(&mut parts, effects);
        for group in self.members.groups.iter_mut() {
            let prev = group.cursor.unwrap_or_default();
            let hidden = parts.hidden_from(group.view.of_group());
            let Some(updates) = parts.without(hidden, prev) else { continue };
            group.cursor = Some(updates.seq);
            let bytes = updates.joined.len() as u64;
            group.sent += bytes;
            self.members.backlog.broadcast(bytes);
            let (to, view) = (group.id, group.view.clone());
            let except = singled_out.remove(&to).unwrap_or_default();
            effects.push(Effect::Broadcast { to, view, updates, except });
        }
        if self.members.backlog.is_worth_a_look(self.limits) {
            effects.push(Effect::AskPings);
        }
    }

    /// Sends to the members whose users are named, and who therefore see more than their group. Returns them by group.
    fn single_out(
        &mut self,
        parts: &mut Parts,
        effects: &mut Vec<Effect>,
    ) -> BTreeMap<GroupId, Vec<ClientId>> {
        let (named, members) = (parts.named(), &mut *self.members);
        let mut singled_out = BTreeMap::<_, Vec<_>>::new();
        let by_client = members.by_client.iter();
        for (client, member) in by_client.filter(|(_, member)| named.contains(&member.user)) {
            let Some(group) = members.groups.get(&member.view) else { continue };
            let (hidden, prev) = (parts.hidden_from(member.viewer()), group.cursor);
            if hidden == parts.hidden_from(member.view.of_group()) {
                continue;
            }
            let Some(updates) = parts.without(hidden, prev.unwrap_or_default()) else { continue };
            members.backlog.single_out(client, updates.joined.len() as u64);
            let (to, view) = (client.clone(), member.view.clone());
            effects.push(Effect::Send { to, view, message: Message::Updates(updates) });
            singled_out.entry(group.id).or_default().push(client.clone());
        }
        singled_out
    }
}
