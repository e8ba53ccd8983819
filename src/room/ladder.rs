//! The ladder: a member that cannot keep up is sent conflated frames, then nothing until it has acknowledged what it
//! was sent, and then the state.
//!
//! An ack says what a client has applied, but a client may lie, so acks only say who is slow. The bound on what may be
//! queued is that of [`super::backlog`], which rests on answered pings. A member is slow only if both say so. A member
//! that has not acknowledged anything since it joined, or since the room came back into memory, is on no rung: nothing
//! is known of it but its pings. So is a member of a dialect without positions.
//!
//! The rung is a part of the view. So slow members share their frames like all members with one view, and the frames of
//! the others stay as they are. This file does not close anyone but those that were held for too long: see
//! [`super::members`] for the others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::groups::Groups;
use super::member::Member;
use super::members::Members;
use super::{Effect, Turn};
use crate::limits::{RoomLimits, LADDER_HELD_MS, LADDER_LOGGED_MS, LADDER_STAY_MS};
use crate::protocol::codes::ClientFault;
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::time::Timestamp;

/// What a member is sent. A higher rung is less.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Rung {
    /// All frames.
    #[default]
    All,
    /// A frame every [`crate::limits::LADDER_PACE_MS`].
    Conflated,
    /// No updates, until it has acknowledged the last one.
    Held,
}

impl Rung {
    /// The rung for so many bytes that were sent and neither acknowledged nor read.
    fn of(bytes: u64, limits: &RoomLimits) -> Self {
        if bytes > limits.hold_bytes as u64 {
            Self::Held
        } else if bytes > limits.conflate_bytes as u64 {
            Self::Conflated
        } else {
            Self::All
        }
    }
}

/// How much a member has not acknowledged.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// Bytes that had been sent to its group when that was last known.
    level: u64,
    /// Bytes of what it had been sent then that it had not acknowledged.
    own: u64,
}

/// What members have acknowledged that acknowledge at all.
#[derive(Debug, Default)]
pub struct Ladder {
    standings: BTreeMap<ClientId, Standing>,
    /// Bytes that had been sent to all groups when the room last looked who is slow.
    looked: u64,
    /// How many were conflated and how many held since that was last logged.
    conflated: u64,
    held: u64,
    logged: Timestamp,
}

impl Ladder {
    /// A member is known to have this many bytes to acknowledge, after so many were sent to its group.
    pub(super) fn stand(&mut self, client: &ClientId, level: u64, own: u64) {
        self.standings.insert(client.clone(), Standing { level, own });
    }

    /// A member is sent this many bytes that its group is not sent.
    pub(super) fn charge(&mut self, client: &ClientId, bytes: usize) {
        if let Some(standing) = self.standings.get_mut(client) {
            standing.own += bytes as u64;
        }
    }

    pub(super) fn leave(&mut self, client: &ClientId) {
        self.standings.remove(client);
    }

    fn lag(&self, client: &ClientId, sent: u64) -> Option<u64> {
        let Standing { level, own } = self.standings.get(client)?;
        Some(sent.saturating_sub(*level) + own)
    }

    /// Whether so much was sent to everyone that it is time to look who is slow.
    fn is_worth_a_look(&self, broadcast: u64, limits: &RoomLimits) -> bool {
        !self.standings.is_empty() && broadcast - self.looked > limits.conflate_bytes as u64 / 4
    }

    fn count(&mut self, rung: Rung) {
        match rung {
            Rung::All => {}
            Rung::Conflated => self.conflated += 1,
            Rung::Held => self.held += 1,
        }
    }

    /// Asks to log how many members could not keep up, at most once a minute.
    pub(super) fn report(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let any = self.conflated + self.held > 0;
        if any && now.ms_since(self.logged) >= LADDER_LOGGED_MS {
            self.logged = now;
            let (conflated, held) =
                (std::mem::take(&mut self.conflated), std::mem::take(&mut self.held));
            effects.push(Effect::Slowed { conflated, held });
        }
    }
}

/// Bytes sent to the group of a member.
fn sent(groups: &Groups, member: &Member) -> u64 {
    groups.get(&member.view).map_or(0, |group| group.sent)
}

impl Members {
    /// Bytes that a member has neither acknowledged nor read, as far as is known. `None` if it never acknowledged anything.
    pub(super) fn lag(&self, client: &ClientId, member: &Member) -> Option<u64> {
        let lag = self.ladder.lag(client, sent(&self.groups, member))?;
        Some(lag.min(self.backlog.unread(client, &self.groups)))
    }

    /// Closes the members that were held for too long.
    pub(super) fn close_held(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let stuck = |_: &ClientId, member: &Member| {
            member.is_behind() && now.ms_since(member.stepped) > LADDER_HELD_MS
        };
        for client in self.those(stuck) {
            self.close(&client, ClientFault::Slow.into(), effects);
        }
    }

    /// The members that have to be sent less, and from now on what.
    fn slower(&self, limits: &RoomLimits) -> Vec<(ClientId, Rung)> {
        let rung = |client: &ClientId| {
            let member = self.by_client.get(client)?;
            let rung = Rung::of(self.lag(client, member)?, limits);
            (rung > member.view.rung).then(|| (client.clone(), rung))
        };
        self.ladder.standings.keys().filter_map(rung).collect()
    }
}

impl Member {
    /// Whether it is held and has not acknowledged what it was sent before.
    pub(super) fn is_behind(&self) -> bool {
        self.view.rung == Rung::Held && self.acked < self.held_at
    }
}

impl Turn<'_> {
    /// Notes what a member has acknowledged, and sends it more if it has caught up.
    pub(super) fn catch_up(&mut self, client: &ClientId, seq: Seq, now: Timestamp) -> Vec<Effect> {
        let Some(member) = self.members.by_client.get_mut(client) else { return Vec::new() };
        member.acked = member.acked.max(seq);
        if member.view.dialect != Dialect::V1 {
            return Vec::new();
        }
        let (rung, stays) = (member.view.rung, now.ms_since(member.stepped) < LADDER_STAY_MS);
        self.stand(client);
        let Some(member) = self.members.by_client.get(client) else { return Vec::new() };
        let lag = self.members.lag(client, member).unwrap_or_default();
        let mut effects = Vec::new();
        match rung {
            Rung::Held if !member.is_behind() => effects = self.request_state(client, now),
            Rung::Conflated if !stays && lag < self.limits.conflate_bytes as u64 / 2 => {
                self.step(client, Rung::All, now, &mut effects);
            }
            Rung::All | Rung::Conflated | Rung::Held => {}
        }
        effects
    }

    /// Works out how much a member has not acknowledged. There are two bounds: what was sent to it since that was last known,
    /// and what the log has after its ack.
    fn stand(&mut self, client: &ClientId) {
        let members = &mut *self.members;
        let Some(member) = members.by_client.get(client) else { return };
        let group = members.groups.get(&member.view);
        let (level, cursor) = group.map_or((0, None), |group| (group.sent, group.cursor));
        let known = members.ladder.lag(client, level);
        let before = known.unwrap_or_else(|| members.backlog.unread(client, &members.groups));
        let level_with = |cursor: Option<Seq>| cursor.is_none_or(|cursor| member.acked >= cursor);
        let done = match member.view.rung {
            Rung::Held => !member.is_behind(),
            Rung::All | Rung::Conflated => level_with(cursor),
        };
        let after = self.log.bytes_after(member.acked).unwrap_or(u64::MAX);
        members.ladder.stand(client, level, if done { 0 } else { before.min(after) });
    }

    /// Looks who is slow, if much was sent since the last look. Pings are only asked for if someone seems to be.
    pub(super) fn look_who_is_slow(&mut self, effects: &mut Vec<Effect>) {
        let broadcast = self.members.backlog.broadcast_bytes();
        if self.members.ladder.is_worth_a_look(broadcast, self.limits) {
            self.members.ladder.looked = broadcast;
            if !self.members.slower(self.limits).is_empty() {
                effects.push(Effect::AskPings);
            }
        }
    }

    /// Sends less to the members that are slow. Their pings are known.
    pub(super) fn slow_down(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for (client, rung) in self.members.slower(self.limits) {
            self.step(&client, rung, now, effects);
        }
        self.members.ladder.report(now, effects);
    }

    /// Moves a member to another rung. What its group holds is sent before, so that its position is known.
    fn step(&mut self, client: &ClientId, rung: Rung, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(member) = self.members.by_client.get(client) else { return };
        let (before, mut view) = (member.view.clone(), member.view.clone());
        self.flush(now, effects);
        self.release(&before, now, effects);
        let held_at = self.members.groups.get(&before).and_then(|group| group.cursor);
        view.rung = rung;
        effects.extend(self.enter(client, &view, now));
        if let Some(member) = self.members.by_client.get_mut(client) {
            (member.stepped, member.held_at) = (now, held_at.unwrap_or_default());
        }
        self.members.ladder.count(rung);
        self.remember(client, effects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_owes_what_it_had_not_acknowledged_and_what_was_sent_since() {
        let (client, mut ladder) = (ClientId::from_random([1; 8]), Ladder::default());
        assert_eq!(ladder.lag(&client, 30), None, "nothing is known of it");
        ladder.charge(&client, 7);
        assert_eq!(ladder.lag(&client, 30), None);
        ladder.stand(&client, 10, 5);
        assert_eq!(ladder.lag(&client, 30), Some(25));
        ladder.charge(&client, 7);
        assert_eq!(ladder.lag(&client, 30), Some(32));
        assert_eq!(ladder.lag(&client, 0), Some(12), "a new group was sent nothing");
        ladder.leave(&client);
        assert_eq!(ladder.lag(&client, 30), None);
    }

    #[test]
    fn a_rung_begins_beyond_its_bytes() {
        let limits = RoomLimits { conflate_bytes: 10, hold_bytes: 20, ..RoomLimits::default() };
        let rungs = [0, 10, 11, 20, 21].map(|bytes| Rung::of(bytes, &limits));
        let [all, conflated] = [Rung::All, Rung::Conflated];
        assert_eq!(rungs, [all, all, conflated, conflated, Rung::Held]);
    }

    #[test]
    fn a_look_is_worth_it_after_a_quarter_of_what_makes_slow() {
        let limits = RoomLimits { conflate_bytes: 40, ..RoomLimits::default() };
        let mut ladder = Ladder { looked: 100, ..Ladder::default() };
        assert!(!ladder.is_worth_a_look(1_000, &limits), "nobody acknowledges");
        ladder.stand(&ClientId::from_random([1; 8]), 0, 0);
        assert_eq!([110, 111].map(|bytes| ladder.is_worth_a_look(bytes, &limits)), [false, true]);
    }

    #[test]
    fn who_is_slow_is_reported_once_a_minute_and_only_if_anybody_is() {
        let report = |ladder: &mut Ladder, ms| {
            let mut effects = Vec::new();
            ladder.report(Timestamp(ms), &mut effects);
            effects
        };
        let mut ladder = Ladder::default();
        let minute = LADDER_LOGGED_MS;
        assert_eq!(report(&mut ladder, minute), []);
        for rung in [Rung::All, Rung::Conflated, Rung::Held, Rung::Held] {
            ladder.count(rung);
        }
        let slowed = |conflated, held| [Effect::Slowed { conflated, held }];
        assert_eq!(report(&mut ladder, minute - 1), []);
        assert_eq!(report(&mut ladder, minute), slowed(1, 2));
        assert_eq!(report(&mut ladder, 2 * minute), [], "they were told");
        ladder.count(Rung::Conflated);
        assert_eq!(report(&mut ladder, 2 * minute - 1), []);
        assert_eq!(report(&mut ladder, 2 * minute), slowed(1, 0));
    }
}
