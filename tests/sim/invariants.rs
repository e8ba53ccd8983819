//! What must always hold, and what must hold once everything has come to rest.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::Seq;
use roomcast::protocol::revocation::Revocation;
use roomcast::room::member::Member;
use roomcast::room::publish::Posted;
use roomcast::room::tree::KeptTree;
use roomcast::room::view::{View, Viewer};
use roomcast::room::Effect;

use crate::client::{fold, History};
use crate::documents::{PER_ADDRESS, PER_USER};
use crate::events::Answer;
use crate::relays::{relay, root};
use crate::system::System;

impl System {
    /// After each step.
    pub(crate) fn check(&self) {
        let (mut users, mut addresses) = (BTreeMap::new(), BTreeMap::new());
        for line in self.lines.values().filter(|line| line.held) {
            let agent = &self.agents[line.agent];
            *users.entry(agent.user.as_str()).or_insert(0) += 1;
            *addresses.entry(agent.address.as_str()).or_insert(0) += 1;
        }
        for (user, count) in users {
            assert!(count <= PER_USER, "{user} has {count} connections, and may have {PER_USER}");
        }
        for (address, count) in addresses {
            assert!(
                count <= PER_ADDRESS,
                "{address} has {count} connections, and may have {PER_ADDRESS}"
            );
        }
        if self.tenant.suspended && self.is_shut() {
            for name in &self.tenant.rooms {
                let members =
                    self.rooms.get(name).map_or(0, |room| room.sessions.world.members.len());
                assert_eq!(members, 0, "members of {name} stay connected to a suspended tenant");
            }
        }
    }

    /// Enters into the ledger what has become durable: numbers without a gap, and no event twice.
    pub(crate) fn keep_ledger(&mut self, name: &str) {
        if relay(name).is_some() {
            self.compare_relay(name);
            return;
        }
        let room = self.rooms.get_mut(name).unwrap();
        for stored in std::mem::take(&mut room.fresh) {
            let Some((seq, event)) = stored else {
                room.ledger.clear();
                self.told.retain(|_, (room, _)| room != name);
                continue;
            };
            let next = room.ledger.last_key_value().map_or(0, |(seq, _)| *seq) + 1;
            assert_eq!(seq, next, "the numbers of {name} have no gap");
            let twice = room.ledger.values().any(|known| *known == event);
            assert!(!twice, "{event} is in the log of {name} twice");
            room.ledger.insert(seq, event);
        }
        let (ledger, durable) =
            (room.ledger.last_key_value().map_or(0, |(seq, _)| *seq), room.disk.head());
        assert_eq!(ledger, durable, "the head of {name} is the last of its log");
    }

    /// A relay has stored nothing that is not durable at the root, and under the same numbers.
    fn compare_relay(&mut self, name: &str) {
        let fresh = std::mem::take(&mut self.rooms.get_mut(name).unwrap().fresh);
        let own = &self.rooms[root(name)];
        for (seq, event) in fresh.into_iter().flatten() {
            assert_eq!(own.ledger.get(&seq), Some(&event), "{seq} of {name} is not of its room");
        }
        let head = self.rooms[name].disk.head();
        assert!(head <= own.disk.head(), "{name} has what its room has not stored");
    }

    /// What is known of everything that the room of an object has stored.
    pub(crate) fn history(&self, name: &str) -> &History {
        &self.rooms[root(name)].sessions.world.history
    }

    /// Nothing is answered that is not durable.
    pub(crate) fn check_answer(&self, name: &str, answer: &Answer) {
        let Answer::Delivered(outcomes) = answer else { return };
        let room = &self.rooms[name];
        for outcome in outcomes {
            if let Posted::Accepted(seq) | Posted::Duplicate(seq) = outcome {
                assert!(
                    room.ledger.contains_key(seq),
                    "{seq} is answered, and is not durable in {name}"
                );
            }
        }
    }

    /// Whoever is connected has exactly what its view shows of everything.
    pub(crate) fn check_level(&self) {
        for agent in &self.agents {
            let Some(line) = agent.line.as_ref().and_then(|client| self.lines.get(client)) else {
                continue;
            };
            let history = self.history(&line.room);
            if let Some(client) = &agent.client {
                assert!(
                    client.try_position().is_some(),
                    "{} has the state that it was promised",
                    agent.user
                );
                let shown = fold(history, client.shown.iter().copied());
                assert_eq!(
                    shown,
                    visible(history, client.viewer()),
                    "what {} shows of {}",
                    agent.user,
                    line.room
                );
                continue;
            }
            let view = agent.view();
            let wanted = visible(history, view.of(&agent.user));
            let shown = fold(history, agent.tail.shown.iter().copied());
            if matches!(agent.dialect, Dialect::Json(_)) {
                assert_eq!(shown, wanted, "what {} shows of {}", agent.user, line.room);
            } else {
                let missed: Vec<Seq> = wanted
                    .into_iter()
                    .filter(|seq| *seq > line.head && !shown.contains(seq))
                    .collect();
                assert!(
                    missed.is_empty(),
                    "{} was not sent {missed:?} of {}",
                    agent.user,
                    line.room
                );
            }
        }
        self.check_stocks();
        self.check_events();
    }

    fn check_stocks(&self) {
        for (name, room) in &self.rooms {
            let world = &room.sessions.world;
            for (who, stock) in room.sessions.stocks.iter().enumerate() {
                let member = room.sessions.member(who).and_then(|client| world.members.get(client));
                let member: &Member = member.unwrap_or_else(|| {
                    std::panic::panic_any(format!("client {who} of Socket.IO is not in {name}"))
                });
                assert!(stock.connected, "client {who} of Socket.IO is connected to {name}");
                assert_eq!(
                    &member.view.topics,
                    stock.topics(),
                    "the topics of client {who} of {name}"
                );
                let shown = fold(&world.history, stock.applied.iter().copied());
                assert_eq!(
                    shown,
                    visible(&world.history, member.view.of(&stock.user)),
                    "what client {who} of Socket.IO shows of {name}"
                );
            }
        }
    }

    /// What backends were told is so.
    fn check_events(&self) {
        for (event, (name, seq)) in &self.told {
            let stored = self.rooms[name].ledger.get(seq);
            assert_eq!(stored, Some(event), "{event} was acknowledged as {seq} of {name}");
        }
        let lost = self.backends.iter().map(|backend| backend.bodies.len()).sum::<usize>();
        assert_eq!(lost, 0, "bodies were never taken");
    }

    /// The clients of each user, and how many of them are connected.
    fn places(&self) -> BTreeMap<&str, (u32, u32)> {
        let mut users = BTreeMap::<&str, (u32, u32)>::new();
        for agent in &self.agents {
            let (all, inside) = users.entry(&agent.user).or_default();
            *all += 1;
            *inside += u32::from(agent.line.is_some());
        }
        users
    }

    pub(crate) fn has_free_places(&self) -> bool {
        self.places().into_values().any(|(all, inside)| inside < all.min(PER_USER))
    }

    /// Everyone is in who may be, no revoked token is, and state reads show what the log folds to.
    pub(crate) fn check_places(&mut self) {
        for (user, (all, inside)) in self.places() {
            assert_eq!(
                inside,
                all.min(PER_USER),
                "{user} has a place for each connection that it may have"
            );
        }
        for (user, token, issued_until, since) in &self.revoked {
            let revocation = Revocation {
                user: user.clone(),
                token: token.clone(),
                issued_until: *issued_until,
            };
            for (name, room) in &self.rooms {
                let members = room.sessions.world.members.values();
                let left = members.filter(|member| member.is_revoked_by(&revocation)).count();
                assert_eq!(
                    left, 0,
                    "{name} has members whose token was revoked at {since}: {revocation:?}"
                );
            }
        }
        for name in self.rooms.keys().cloned().collect::<Vec<_>>() {
            self.check_state(&name);
        }
    }

    /// Whoever reads the state of a room, at any object that has members, is shown what its log folds to.
    fn check_state(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        let empty = room.sessions.world.members.is_empty();
        if !room.sessions.world.disk.has_begun() || (empty && relay(name).is_some()) {
            return;
        }
        let view = View::of_all(Dialect::V1);
        let (_, state) = room.world().read(&view, "user-1");
        room.looked = room.sessions.world.trace.len();
        let seqs: BTreeSet<Seq> = state.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, visible(self.history(name), view.of("user-1")), "the state of {name}");
        let head = |name: &str| self.rooms[name].sessions.world.disk.head();
        assert_eq!(head(name), head(root(name)), "{name} is level");
    }

    pub(crate) fn rests(&self) -> bool {
        self.rooms.values().all(|room| room.sessions.world.runner.is_resting() && !room.pending)
    }

    /// A room with nothing to do sleeps, and has its alarm.
    pub(crate) fn check_rest(&self) {
        for (name, room) in &self.rooms {
            let world = &room.sessions.world;
            assert!(world.runner.is_resting(), "{name} rests");
            let waits =
                world.window.is_some() || world.states.is_some() || world.gathering.is_some();
            let waits = waits || world.feeding.is_some();
            assert!(!waits && world.paces.is_empty(), "{name} waits for nothing");
            assert!(
                world.asked.is_empty() && !room.pending && room.held.is_empty(),
                "{name} has nothing to do"
            );
            assert!(world.alarm.is_some() || !world.disk.has_begun(), "{name} has an alarm");
        }
    }

    /// Relays that nobody needs have ended, whether or not their rooms have.
    pub(crate) fn check_relays_ended(&self) {
        for (name, room) in self.rooms.iter().filter(|(name, _)| relay(name).is_some()) {
            assert!(!room.sessions.world.disk.has_begun(), "{name} has ended, which nobody needs");
        }
    }

    /// Rooms that nobody uses have ended, and nothing is left of them.
    pub(crate) fn check_ended(&self) {
        for (name, room) in &self.rooms {
            let world = &room.sessions.world;
            assert!(!world.disk.has_begun() && world.alarm.is_none(), "{name} has ended");
            assert_eq!(world.disk.tree, KeptTree::default(), "nothing is left of {name}");
            assert!(world.members.is_empty(), "nobody is in {name}");
            let occupied = self.tenant.occupied.get(name).copied().unwrap_or_default();
            assert!(!occupied, "the tenant was told that nobody is in {name}");
        }
    }
}

fn visible(history: &History, viewer: Viewer<'_>) -> BTreeSet<Seq> {
    let visible = history.iter().filter(|(_, entry)| viewer.sees(entry.label()));
    fold(history, visible.map(|(seq, _)| *seq))
}

/// Notes which events were stored.
pub(crate) fn note_stored(effects: &[Effect], fresh: &mut Vec<Option<(Seq, String)>>) {
    for effect in effects {
        match effect {
            Effect::Append { row, .. } => {
                let updates = row.updates().unwrap();
                fresh.extend(updates.iter().map(|(seq, _, text)| Some((*seq, event_in(text)))));
            }
            Effect::End => fresh.push(None),
            _ => {}
        }
    }
}

/// The id of the event of an update.
fn event_in(text: &str) -> String {
    let (_, after) = text.split_once(r#""id":""#).unwrap();
    after.split_once('"').unwrap().0.to_owned()
}
