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
//!
//! In a room with relays the root decides, and each relay is one more connection of the persons there: see `tree/company/`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::company::{Refused, Shown};
use super::effect::Effect;
use super::member::Member;
use super::members::Members;
use super::outgoing::Message;
use super::told::{listed, Difference, Told};
use super::tree::company::letters::Data;
use super::tree::company::roll::{Elsewhere, Roll};
use super::tree::company::saying::Saying;
use super::tree::Tree;
use super::view::View;
use crate::limits::{MEMBER_BYTES, PRESENCE_EVERY_MS, PRESENCE_GATHER_MS, TOPICS_BYTES};
use crate::protocol::codes::FrameFault;
use crate::protocol::company::note::Note;
use crate::protocol::dialect::Dialect;
use crate::protocol::gather::gathered;
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// Who is here, and what members were told of it.
#[derive(Debug, Default)]
pub struct Presence {
    /// The persons who are here.
    pub(super) here: BTreeMap<String, Here>,
    /// The persons of whom members were told.
    pub(super) told: Told,
    /// The persons who may be other than members were told, or at a relay, other than the root was told.
    pub(super) touched: BTreeSet<String>,
    /// Members that have joined and were not told who is here.
    pub(super) newcomers: Vec<ClientId>,
    /// Members that have asked who is here when that was not known, with their `ref`.
    pub(super) askers: Vec<(ClientId, Option<String>)>,
    /// How many members are told who is here.
    pub(super) attending: usize,
    /// Whether changes are gathered.
    gathers: bool,
    /// In a tree.
    pub(super) tree: InTree,
}

/// What an object needs to know that is not the only one of its room.
#[derive(Debug, Default)]
pub(super) struct InTree {
    /// Whether it is not known what members were told.
    pub(super) forgot: bool,
    /// At a relay: the highest number of what it has been told, also while nobody was there.
    pub(super) told: u64,
    /// Whether something has happened that they have to be told, and nobody knows what.
    pub(super) stirred: bool,
    /// Whether somebody waits to read who is here.
    pub(super) readers: bool,
    /// Whether the time is over for which relays are waited for; `None` if nobody waits.
    pub(super) held: Option<bool>,
    /// At the root: who is at the relays.
    pub(super) roll: Roll,
    /// At a relay: what the root was told.
    pub(super) saying: Saying,
}

/// Where a person is.
#[derive(Debug, Default)]
pub(super) struct Here {
    clients: BTreeSet<ClientId>,
    pub(super) relays: Elsewhere,
}

impl Here {
    pub(super) fn is_nowhere(&self) -> bool {
        self.clients.is_empty() && self.relays.is_empty()
    }
}

impl Presence {
    /// A member has joined.
    pub(super) fn enter(&mut self, client: &ClientId, member: &Member) {
        if !member.part.may.presence {
            return;
        }
        self.attending += 1;
        self.newcomers.push(client.clone());
        if !member.user.is_empty() {
            self.here.entry(member.user.clone()).or_default().clients.insert(client.clone());
            self.touched.insert(member.user.clone());
        }
    }

    /// A member has left.
    pub(super) fn leave(&mut self, client: &ClientId, member: &Member) {
        if !member.part.may.presence {
            return;
        }
        self.attending -= 1;
        self.newcomers.retain(|other| other != client);
        self.askers.retain(|(other, _)| other != client);
        let Some(here) = self.here.get_mut(&member.user) else { return };
        if here.clients.remove(client) {
            self.touched.insert(member.user.clone());
        }
        if here.is_nowhere() {
            self.here.remove(&member.user);
        }
    }

    /// Changes are gathered no longer.
    pub(super) fn elapse(&mut self) {
        self.gathers = false;
        self.tree.tick();
    }

    /// The object has ended. What it waits for does not matter any more.
    pub(super) fn end(&mut self, tree: &Tree) {
        self.gathers = false;
        self.forget(tree);
    }

    /// Whether it waits for a time to end.
    pub(super) fn is_waiting(&self) -> bool {
        self.gathers
    }

    /// Whether changes are gathered, or were just sent; or whether another object of the room has not answered.
    pub(super) fn is_gathering(&self) -> bool {
        self.gathers || !self.tree.is_resting()
    }

    /// Whether a wait is under way that began before it was restored.
    pub(super) fn expect_wait(&mut self, gathers: bool) {
        self.gathers = gathers;
    }

    /// Comes back after a time.
    pub(super) fn wait(&mut self, ms: u64, effects: &mut Vec<Effect>) {
        self.gathers = true;
        effects.push(Effect::GatherPresence { ms });
    }
}

impl Members {
    /// Takes who is here for what members were told, in a room that is restored.
    pub(super) fn settle_presence(&mut self) {
        self.take_difference();
        self.presence.newcomers.clear();
    }

    /// The list of who is here now, whatever members were told.
    pub(super) fn who_is_here(&self) -> Note {
        let people = self.people();
        listed(&people, people.len(), self.limits.presence_listed)
    }

    /// The persons who are here, with what they show.
    pub(super) fn people(&self) -> BTreeMap<String, Data> {
        let here = self.presence.here.keys();
        gathered(here.filter_map(|user| Some((user.clone(), self.shown(user)?))))
    }

    /// Tells those who have joined or asked who is here.
    pub(super) fn tell_newcomers(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for client in std::mem::take(&mut self.presence.newcomers) {
            let list = self.presence.told.list(self.limits.presence_listed);
            self.backlog.recover(&client, list.bytes(), now);
            effects.extend(self.tell(&client, Message::Company(list)));
        }
        for (client, reference) in std::mem::take(&mut self.presence.askers) {
            effects.extend(self.answer_who_is_here(&client, reference.as_deref()));
        }
    }

    /// Tells members what has changed.
    pub(super) fn tell_difference(&mut self, effects: &mut Vec<Effect>) {
        let Some(difference) = self.take_difference() else { return };
        let note = self.presence.told.note(&difference, self.limits.presence_listed);
        let told = note.is_some_and(|note| self.tell_attending(&note, effects));
        if told || self.presence.tree.roll.has_listeners() {
            self.presence.wait(PRESENCE_GATHER_MS, effects);
        }
    }

    /// Tells all members that see who is here, but those who have just joined. Says whether there are any.
    pub(super) fn tell_attending(&mut self, note: &Rc<Note>, effects: &mut Vec<Effect>) -> bool {
        let newcomers = self.presence.newcomers.clone();
        let told = |client: &ClientId, member: &Member| {
            member.part.may.presence && !newcomers.contains(client)
        };
        let to = self.those(told);
        if !to.is_empty() {
            self.send_to(&to, note, effects);
        }
        !to.is_empty()
    }

    /// How persons differ from what members were told, which is from now on what they are told. `None` if they do not.
    fn take_difference(&mut self) -> Option<Difference> {
        let mut difference = self.presence.told.begin();
        for user in std::mem::take(&mut self.presence.touched) {
            let shown = self.shown(&user);
            self.presence.told.take(user, shown, &mut difference);
        }
        let told = &mut self.presence.told;
        told.end(told.people.len(), &difference).then_some(difference)
    }

    /// What a person shows. `None` if it is not here.
    fn shown(&self, user: &str) -> Option<Data> {
        self.presence.here.get(user)?;
        Some(self.latest(user).and_then(|shown| shown.data.clone()))
    }

    /// What one of a person's connections has set last.
    pub(super) fn latest(&self, user: &str) -> Option<&Shown> {
        let here = self.presence.here.get(user)?;
        let own = here.clients.iter();
        let own = own.filter_map(|client| self.by_client.get(client)?.part.shown.as_ref());
        own.chain(here.relays.iter().filter_map(|(_, shown)| shown.as_ref()))
            .max_by_key(|shown| shown.at)
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
        if self.presence.tree.forgot {
            self.presence.askers.push((client.clone(), reference.map(str::to_owned)));
            return Ok(Vec::new());
        }
        Ok(self.answer_who_is_here(client, reference))
    }

    fn answer_who_is_here(&mut self, client: &ClientId, reference: Option<&str>) -> Vec<Effect> {
        let list = self.presence.told.list(self.limits.presence_listed);
        let answer = reference.map_or(list.clone(), |reference| Rc::new(list.answering(reference)));
        self.backlog.single_out(client, answer.bytes() as u64);
        self.tell(client, Message::Company(answer))
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
