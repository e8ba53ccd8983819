//! Presence: who is here, and what members are told of it.
//!
//! A person is a user, with however many connections: it has come with the first and gone with the last. What it shows is what
//! one of its connections that are still there has set last. Connections without a user are nobody.
//!
//! All members have been told the same. A member that joins is told that, and what changes is told to all at once: the first
//! change after a quiet time in the turn in which it happens, and what follows gathered, of which only the difference counts.
//! Nothing of it is stored but what members show, which is kept with their connections. A room that is evicted has told
//! everything, so who is here then is what members were told. While nobody comes, goes or shows something else, nothing
//! happens.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::company::{Refused, Shown};
use super::effect::Effect;
use super::member::Member;
use super::members::Members;
use super::outgoing::Message;
use super::view::View;
use crate::limits::{MEMBER_BYTES, PRESENCE_EVERY_MS, PRESENCE_GATHER_MS, TOPICS_BYTES};
use crate::protocol::codes::FrameFault;
use crate::protocol::company::note::{Note, Person};
use crate::protocol::dialect::Dialect;
use crate::protocol::gather::gathered;
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// What a person shows, as JSON.
type Data = Option<Rc<str>>;

/// Who is here, and what members were told of it.
#[derive(Debug, Default)]
pub struct Presence {
    /// The persons who are here, with their connections.
    here: BTreeMap<String, BTreeSet<ClientId>>,
    /// The persons of whom members were told, with what they were told.
    told: BTreeMap<String, Data>,
    /// The persons who may be other than members were told.
    touched: BTreeSet<String>,
    /// Members that have joined and were not told who is here.
    newcomers: Vec<ClientId>,
    /// Whether changes are gathered.
    gathers: bool,
    /// The list of who is here, until it changes.
    list: Option<Rc<Note>>,
}

/// How persons differ from what members were told.
#[derive(Debug, Default)]
struct Difference {
    joined: Vec<(String, Data)>,
    left: Vec<String>,
    changed: Vec<(String, Data)>,
}

impl Presence {
    /// A member has joined.
    pub(super) fn enter(&mut self, client: &ClientId, member: &Member) {
        if !member.part.may.presence {
            return;
        }
        self.newcomers.push(client.clone());
        if !member.user.is_empty() {
            self.here.entry(member.user.clone()).or_default().insert(client.clone());
            self.touched.insert(member.user.clone());
        }
    }

    /// A member has left.
    pub(super) fn leave(&mut self, client: &ClientId, member: &Member) {
        let Some(connections) = self.here.get_mut(&member.user) else { return };
        if connections.remove(client) {
            self.touched.insert(member.user.clone());
        }
        if connections.is_empty() {
            self.here.remove(&member.user);
        }
    }

    /// Changes are gathered no longer.
    pub(super) fn elapse(&mut self) {
        self.gathers = false;
    }

    /// Whether changes are gathered, or were just sent.
    pub(super) fn is_gathering(&self) -> bool {
        self.gathers
    }

    /// What members were told, as a list of at most so many.
    fn list(&mut self, most: usize) -> Rc<Note> {
        let told = &self.told;
        let list = self.list.get_or_insert_with(|| Rc::new(listed(told, most)));
        list.clone()
    }
}

fn listed(people: &BTreeMap<String, Data>, most: usize) -> Note {
    let users = people.iter().take(most).map(|(user, data)| (user.as_str(), data.as_deref()));
    Note::state(people.len(), users, people.len() > most)
}

impl Members {
    /// Takes who is here for what members were told, in a room that is restored.
    pub(super) fn settle_presence(&mut self) {
        self.take_difference();
        self.presence.newcomers.clear();
    }

    /// The list of who is here now, whatever members were told.
    pub(super) fn who_is_here(&self) -> Note {
        let here = self.presence.here.keys();
        let here = here.filter_map(|user| Some((user.clone(), self.shown(user)?)));
        listed(&gathered(here), self.limits.presence_listed)
    }

    /// The end of a turn: tells members what has changed, and those who have joined who is here.
    pub(super) fn turn_presence(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.presence.gathers && !self.presence.touched.is_empty() {
            self.tell_difference(effects);
        }
        for client in std::mem::take(&mut self.presence.newcomers) {
            let list = self.presence.list(self.limits.presence_listed);
            self.backlog.recover(&client, list.bytes(), now);
            effects.extend(self.tell(&client, Message::Company(list)));
        }
    }

    fn tell_difference(&mut self, effects: &mut Vec<Effect>) {
        let (most, before) = (self.limits.presence_listed, self.presence.told.len());
        let Some(difference) = self.take_difference() else { return };
        let count = self.presence.told.len();
        let note = if count <= most && before <= most {
            Rc::new(difference.note(count))
        } else if count <= most {
            self.presence.list(most)
        } else if count != before {
            Rc::new(Note::crowd(count))
        } else {
            return;
        };
        let newcomers = self.presence.newcomers.clone();
        let told = |client: &ClientId, member: &Member| {
            member.part.may.presence && !newcomers.contains(client)
        };
        let to = self.those(told);
        if !to.is_empty() {
            self.send_to(&to, &note, effects);
            self.presence.gathers = true;
            effects.push(Effect::GatherPresence { ms: PRESENCE_GATHER_MS });
        }
    }

    /// How persons differ from what members were told, which is from now on what they are told. `None` if they do not.
    fn take_difference(&mut self) -> Option<Difference> {
        let mut difference = Difference::default();
        for user in std::mem::take(&mut self.presence.touched) {
            let shown = self.shown(&user);
            let told = &mut self.presence.told;
            let before = match &shown {
                Some(data) => told.insert(user.clone(), data.clone()),
                None => told.remove(&user),
            };
            match (before, shown) {
                (None, Some(data)) => difference.joined.push((user, data)),
                (Some(_), None) => difference.left.push(user),
                (Some(before), Some(data)) if before != data => {
                    difference.changed.push((user, data));
                }
                _ => {}
            }
        }
        let Difference { joined, left, changed } = &difference;
        if joined.is_empty() && left.is_empty() && changed.is_empty() {
            return None;
        }
        self.presence.list = None;
        Some(difference)
    }

    /// What a person shows. `None` if it is not here.
    fn shown(&self, user: &str) -> Option<Data> {
        self.presence.here.get(user)?;
        Some(self.latest(user).and_then(|shown| shown.data.clone()))
    }

    fn latest(&self, user: &str) -> Option<&Shown> {
        let connections = self.presence.here.get(user)?.iter();
        let shown =
            connections.filter_map(|client| self.by_client.get(client)?.part.shown.as_ref());
        shown.max_by_key(|shown| shown.at)
    }

    /// A member shows something of its user.
    pub(super) fn show(
        &mut self,
        client: &ClientId,
        data: Data,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let Some(member) = self.by_client.get(client) else { return Ok(()) };
        if !member.part.may.presence {
            return Err((FrameFault::NotAllowed, OFF.to_owned()));
        }
        if member.user.is_empty() {
            let message = "this connection has no user, so it is nobody: connect with a token";
            return Err((FrameFault::NotAllowed, message.to_owned()));
        }
        let after = self.latest(&member.user).map(|shown| shown.at.plus_ms(1));
        let shown = Shown { at: now.max(after.unwrap_or_default()), data };
        if !member.has_room_for(&shown) {
            let message = "the topics and permissions of this connection leave no room for `data`";
            return Err((FrameFault::BadFrame, message.to_owned()));
        }
        self.presence.touched.insert(member.user.clone());
        if let Some(member) = self.by_client.get_mut(client) {
            member.part.shown = Some(shown);
        }
        Ok(())
    }

    /// A member asks who is here.
    pub(super) fn ask_who_is_here(
        &mut self,
        client: &ClientId,
        reference: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refused> {
        let Some(member) = self.by_client.get_mut(client) else { return Ok(Vec::new()) };
        if !member.part.may.presence {
            return Err((FrameFault::NotAllowed, OFF.to_owned()));
        }
        if now < member.part.asked.plus_ms(PRESENCE_EVERY_MS) {
            let message = "more than one `presence.get` in a second: this one had no effect";
            return Err((FrameFault::RateLimited, message.to_owned()));
        }
        member.part.asked = now;
        let list = self.presence.list(self.limits.presence_listed);
        let answer = reference.map_or(list.clone(), |reference| Rc::new(list.answering(reference)));
        self.backlog.single_out(client, answer.bytes() as u64);
        Ok(self.tell(client, Message::Company(answer)))
    }

    /// Sends a note to some members.
    pub(super) fn send_to(
        &mut self,
        clients: &[ClientId],
        note: &Rc<Note>,
        effects: &mut Vec<Effect>,
    ) {
        let bytes = note.bytes() as u64;
        self.send_to_each(clients, (&Message::Company(note.clone()), bytes), effects);
        self.backlog.broadcast(bytes);
        if self.backlog.is_worth_a_look(&self.limits) {
            effects.push(Effect::AskPings);
        }
    }

    /// Sends a message of so many bytes to some members: one effect for each dialect, so that it is encoded once for all of them.
    pub(super) fn send_to_each(
        &mut self,
        clients: &[ClientId],
        (message, bytes): (&Message, u64),
        effects: &mut Vec<Effect>,
    ) {
        let mut by_dialect = BTreeMap::<&Dialect, (&View, Vec<ClientId>)>::new();
        for client in clients {
            let Some(member) = self.by_client.get(client) else { continue };
            let first = || (&member.view, Vec::new());
            let (_, to) = by_dialect.entry(&member.view.dialect).or_insert_with(first);
            to.push(client.clone());
            self.backlog.single_out(client, bytes);
        }
        effects.extend(by_dialect.into_values().map(|(view, to)| Effect::SendToEach {
            to,
            view: view.clone(),
            message: message.clone(),
        }));
    }
}

impl Member {
    /// Whether it can show that and still be kept with its connection, whichever topics it subscribes to.
    fn has_room_for(&self, shown: &Shown) -> bool {
        let mut member = self.clone();
        member.part.shown = Some(shown.clone());
        let bytes = |json: Result<String, _>| json.map_or(usize::MAX, |json: String| json.len());
        let growth = TOPICS_BYTES.saturating_sub(bytes(serde_json::to_string(&self.view.topics)));
        bytes(serde_json::to_string(&member)).saturating_add(growth) <= MEMBER_BYTES
    }
}

/// What a client is told that may not use it.
const OFF: &str = "presence is off here: `presence` in the document, or at its path, allows it";

impl Difference {
    fn note(&self, count: usize) -> Note {
        let left = self.left.iter().map(String::as_str);
        Note::changed(count, people(&self.joined), left, people(&self.changed))
    }
}

fn people(people: &[(String, Data)]) -> impl Iterator<Item = Person<'_>> {
    people.iter().map(|(user, data)| (user.as_str(), data.as_deref()))
}
