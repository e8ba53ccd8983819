//! The members of a room: join, sweep, leave. `frames` handles what they send.
//!
//! The members here are copies. The originals are kept with the connections, where they survive eviction. The shell
//! handles the sockets.

use std::collections::{BTreeMap, BTreeSet};

use super::backlog::Backlog;
use super::expiry::Expiry;
use super::groups::{GroupId, Groups};
use super::input::Resume;
use super::ladder::Ladder;
use super::lives::Lives;
use super::log::Log;
use super::member::Member;
use super::outgoing::{Greeting, Message};
use super::presence::Presence;
use super::returning::{within_ms, Returning};
use super::tree::company::passing::Passing;
use super::view::View;
use super::{Effect, Turn};
use crate::limits::{RoomLimits, SILENT_AFTER_MS};
use crate::protocol::codes::{ClientFault, CloseReason, Refusal, ABNORMAL};
use crate::protocol::gather::gathered;
use crate::protocol::ids::{ClientId, Position, Seq};
use crate::protocol::revocation::Revocation;
use crate::protocol::server_frame::Recovery;
use crate::protocol::time::Timestamp;

/// The members of a room.
#[derive(Debug, Default)]
pub struct Members {
    pub(super) limits: RoomLimits,
    pub(super) by_client: BTreeMap<ClientId, Member>,
    pub(super) groups: Groups,
    /// The members that wait for the state, and when it is due.
    pub(super) owed: BTreeMap<ClientId, Timestamp>,
    /// Whether the room waits for the time at which states are due.
    pub(super) waits: bool,
    pub(super) backlog: Backlog,
    pub(super) ladder: Ladder,
    pub(super) expiry: Expiry,
    pub(super) lives: Lives,
    pub(super) presence: Presence,
    /// Signals that other objects of the room have not been passed yet.
    pub(super) passing: Vec<Passing>,
    pub(super) returning: Returning,
    /// When a signal last made the room look at the pings.
    pub(super) looked: Timestamp,
    /// The members whose new tokens are being verified.
    pub(super) asking: BTreeSet<ClientId>,
    /// How many want refreshes.
    refreshing: usize,
}

impl Members {
    /// The members whose connections are open.
    pub fn restore(
        limits: RoomLimits,
        members: impl IntoIterator<Item = (ClientId, Member)>,
    ) -> Self {
        let mut all = Self { limits, ..Self::default() };
        for (client, member) in members {
            all.insert(client, member);
        }
        all.settle_presence();
        all.returning = Returning::of(all.len());
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_client.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_client.is_empty()
    }

    /// Whether a member wants refreshes.
    pub(super) fn refreshes(&self) -> bool {
        self.refreshing > 0
    }

    fn insert(&mut self, client: ClientId, mut member: Member) -> GroupId {
        self.refreshing += usize::from(member.view.dialect.refresh().is_some());
        let group = self.groups.enter(&member.view);
        // Members of a group share what their views hold.
        if let Some(group) = self.groups.get(&member.view) {
            member.view = group.view.clone();
        }
        self.backlog.enter(client.clone(), &member.view, &self.groups, member.heard);
        self.expiry.enter(&member);
        self.lives.enter(&member.lives);
        self.presence.enter(&client, &member);
        self.by_client.insert(client, member);
        group
    }

    /// Gives a member another view. Returns its new group.
    pub(super) fn change_view(
        &mut self,
        client: &ClientId,
        view: &View,
        now: Timestamp,
    ) -> Option<GroupId> {
        let lag = self.lag(client, self.by_client.get(client)?);
        let lives = self.lives_in(view, &self.by_client.get(client)?.lives, now);
        let member = self.by_client.get_mut(client)?;
        self.lives.leave(&member.lives);
        self.lives.enter(&lives);
        member.lives = lives;
        let before = std::mem::replace(&mut member.view, view.clone());
        let group = self.groups.enter(view);
        self.backlog.change(client, view, &self.groups);
        self.groups.leave(&before);
        if let Some(lag) = lag {
            let level = self.groups.get(view).map_or(0, |group| group.sent);
            self.ladder.stand(client, level, lag);
        }
        Some(group)
    }

    /// Sets the cursors of new groups. Nothing is stored but unsent then, so they are at the head.
    pub(super) fn level(&mut self, log: &Log) {
        for group in self.groups.iter_mut().filter(|group| group.cursor.is_none()) {
            group.cursor = Some(log.head_of(group.view.of_group()).seq);
        }
    }

    fn remove(&mut self, client: &ClientId) -> Option<Member> {
        let member = self.by_client.remove(client)?;
        self.refreshing -= usize::from(member.view.dialect.refresh().is_some());
        self.groups.leave(&member.view);
        self.expiry.leave(&member);
        self.lives.leave(&member.lives);
        self.presence.leave(client, &member);
        self.owed.remove(client);
        self.asking.remove(client);
        self.ladder.leave(client);
        Some(member)
    }

    /// Removes a member whose connection has ended, by the client or by the network.
    pub(super) fn leave(&mut self, client: &ClientId, code: u16, effects: &mut Vec<Effect>) {
        if code == ABNORMAL {
            self.backlog.vanish(client);
        }
        self.dismiss(client, code, effects);
        if self.backlog.is_stuck(&self.limits) {
            effects.push(Effect::Abort);
        }
    }

    fn dismiss(&mut self, client: &ClientId, code: u16, effects: &mut Vec<Effect>) {
        self.backlog.leave(client, &self.groups, &self.limits);
        let Some(member) = self.remove(client) else {
            return;
        };
        effects.push(Effect::Left { client: client.clone(), member, code });
    }

    /// The sweep: closes members that have been silent, or that do not read.
    pub(super) fn sweep(
        &mut self,
        pinged: &[(ClientId, Timestamp)],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let heard = last_heard(pinged);
        let silent = |client: &ClientId, member: &Member| {
            now.ms_since(heard(client, member)) > SILENT_AFTER_MS && member.view.dialect.pings()
        };
        let gone = self.by_client.iter().filter(|(client, member)| silent(client, member));
        let gone: Vec<_> = gone.map(|(client, _)| client.clone()).collect();
        for client in gone {
            self.close(&client, ClientFault::Silent.into(), effects);
        }
        self.close_held(now, effects);
        self.close_slow(pinged, effects);
        self.ladder.report(now, effects);
    }

    /// Closes the members whose tokens were revoked.
    pub(super) fn revoke(&mut self, revocation: &Revocation, effects: &mut Vec<Effect>) {
        for client in self.those(|_, member| member.is_revoked_by(revocation)) {
            self.close(&client, Refusal::TokenRevoked.into(), effects);
        }
    }

    /// Closes all members.
    pub(super) fn close_all(&mut self, reason: CloseReason, effects: &mut Vec<Effect>) {
        for client in self.those(|_, _| true) {
            self.close(&client, reason, effects);
        }
    }

    /// The clients of some members.
    pub(super) fn those(&self, wanted: impl Fn(&ClientId, &Member) -> bool) -> Vec<ClientId> {
        let members = self.by_client.iter().filter(|(client, member)| wanted(client, member));
        members.map(|(client, _)| client.clone()).collect()
    }

    pub(super) fn close(
        &mut self,
        client: &ClientId,
        reason: CloseReason,
        effects: &mut Vec<Effect>,
    ) {
        let Some(member) = self.by_client.get(client) else { return };
        let view = member.view.clone();
        effects.push(Effect::Close { client: client.clone(), view, reason });
        self.dismiss(client, reason.close().number(), effects);
    }

    /// Closes the members that were heard of longest ago, until one more can join a room of so many.
    pub(super) fn make_room(
        &mut self,
        clients: usize,
        pinged: &[(ClientId, Timestamp)],
        effects: &mut Vec<Effect>,
    ) {
        let heard = last_heard(pinged);
        while self.len() >= clients.max(1) {
            let age =
                |(client, member): &(&ClientId, &Member)| (heard(client, member), member.joined);
            let idle = self.by_client.iter().min_by_key(age).map(|(client, _)| client.clone());
            let Some(idle) = idle else { return };
            self.close(&idle, ClientFault::Replaced.into(), effects);
        }
    }

    /// Closes members that have left too much unread. Ends all connections if closed ones hold too many bytes.
    pub(super) fn close_slow(
        &mut self,
        pinged: &[(ClientId, Timestamp)],
        effects: &mut Vec<Effect>,
    ) {
        self.backlog.pinged(pinged, &self.groups);
        for client in self.backlog.too_slow(&self.groups, &self.limits) {
            self.close(&client, ClientFault::Slow.into(), effects);
        }
        if self.backlog.is_stuck(&self.limits) {
            effects.push(Effect::Abort);
        }
    }
}

/// When each member was last heard of, by a frame or by an answered ping.
fn last_heard(pinged: &[(ClientId, Timestamp)]) -> impl Fn(&ClientId, &Member) -> Timestamp + '_ {
    let answered: BTreeMap<_, _> = gathered(pinged.iter().map(|(client, at)| (client, *at)));
    move |client, member| answered.get(client).copied().unwrap_or_default().max(member.heard)
}

impl Turn<'_> {
    /// Adds a client in the same turn in which its recovery is decided, so that there is neither a gap nor a
    /// duplicate between the recovery and the tail.
    pub(super) fn join(
        &mut self,
        client: &ClientId,
        mut member: Member,
        resume: &Resume,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.flush(now, effects);
        self.release(&member.view, now, effects);
        member.lives = self.members.lives_in(&member.view, &[], now);
        let view = member.view.clone();
        let (recovery, bytes, effect) = self.recover(client, member.viewer(), resume);
        if recovery == Recovery::Snapshot {
            member.state = now;
        }
        let (session, head) = (self.session.clone(), self.log.head_of(member.viewer()));
        member.acked = self.start(resume, &head);
        let (id, expires) = (client.clone(), member.ends());
        let pid = resume.pid().map(str::to_owned);
        let shown = resume.position().map(|position| position.seq);
        let returns = within_ms(self.members.len() + 1);
        let greeting =
            Greeting { session, client: id, at: now, head, recovery, expires, returns, pid, shown };
        let message = Message::Connected(greeting);
        effects.push(Effect::Remember { client: client.clone(), member: member.clone() });
        effects.push(Effect::Send { to: client.clone(), view, message });
        effects.extend(effect);
        let group = self.members.insert(client.clone(), member);
        self.members.level(self.log);
        effects.push(Effect::Enter { client: client.clone(), group });
        self.members.backlog.recover(client, bytes, now);
        self.members.announce_return(effects);
    }

    /// The number up to which a client that joins has everything, or will have once it has read its recovery.
    fn start(&self, resume: &Resume, head: &Position) -> Seq {
        match resume {
            Resume::From(seen) if seen.epoch == head.epoch && seen.seq <= self.head_seq() => {
                seen.seq
            }
            _ => head.seq,
        }
    }
}
