//! The survey: how a room stands, for its operator's console. Looks only: nothing here changes the room or reads its log, and
//! what the room did is counted by who runs it (`src/runner/reporting.rs`).

use super::ladder::Rung;
use super::timers::Reason;
use super::view::View;
use super::Room;
use crate::protocol::dialect::Dialect;
use crate::protocol::report::{Census, Keeps, NextAlarm, Standing, Why};

impl Room {
    /// How it stands.
    pub fn survey(&self) -> Standing {
        let head = self.head();
        let (epoch, head) = head.map(|head| (head.epoch, head.seq)).unzip();
        let alarm = self.timers.first().map(|(reason, at)| NextAlarm { at, why: reason.into() });
        Standing { epoch, head, members: self.census(), keeps: self.keeps().collect(), alarm }
    }

    /// Why its alarm last went off.
    pub fn rang_for(&self) -> impl Iterator<Item = Why> + '_ {
        let reasons = Reason::ALL.into_iter().filter(|reason| self.timers.rang_for(*reason));
        reasons.map(Why::from)
    }

    /// How many updates have come that are not stored yet.
    pub fn gathered(&self) -> usize {
        self.burst.gathered()
    }

    /// Whether every update that has come was sent to the groups that see it; they may still hold it because of their pace.
    pub fn has_sent_all(&self) -> bool {
        self.burst.gathered() == 0 && self.burst.is_sent()
    }

    /// How many members have this view.
    pub fn audience(&self, view: &View) -> usize {
        self.members.groups.get(view).map_or(0, super::groups::Group::size)
    }

    /// Whether members with this view are sent compressed frames.
    pub fn deflates(&self, view: &View) -> bool {
        view.deflate && self.audience(view) >= self.limits.deflate_members
    }

    fn census(&self) -> Census {
        let mut census = Census::default();
        for group in self.members.groups.iter() {
            let (size, view) = (group.size(), &group.view);
            census.all += size;
            *match view.dialect {
                Dialect::V1 => &mut census.v1,
                Dialect::Plain => &mut census.plain,
                Dialect::Json(_) => &mut census.json,
                Dialect::SocketIo { .. } => &mut census.socket_io,
            } += size;
            match view.rung {
                Rung::All => {}
                Rung::Conflated => census.conflated += size,
                Rung::Held => census.held += size,
            }
        }
        census
    }

    /// What keeps the room in memory: what [`Room::is_resting`] rests on, by name.
    pub fn keeps(&self) -> impl Iterator<Item = Keeps> + use<> {
        let members = &self.members;
        let all = [
            (Keeps::Window, !self.burst.is_resting()),
            (Keeps::States, members.waits),
            (Keeps::Pace, !self.pacing.is_resting()),
            (Keeps::Presence, members.presence.is_gathering()),
            (Keeps::Token, !members.asking.is_empty()),
            (Keeps::Relays, !self.tree.is_resting()),
        ];
        all.into_iter().filter_map(|(keeps, is)| is.then_some(keeps))
    }
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Sweep => Self::Sweep,
            Reason::Refresh => Self::Refresh,
            Reason::Ends => Self::Ends,
            Reason::Occupancy => Self::Occupancy,
            Reason::End => Self::End,
        }
    }
}
