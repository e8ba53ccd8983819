//! The ends of grants: a member is closed when its grant ends, and is told before.
//!
//! Times are kept sorted, so that a turn looks at the earliest only. A restored room derives them from its members again.

use std::collections::BTreeMap;

use super::effect::Effect;
use super::member::Member;
use super::members::Members;
use super::outgoing::Message;
use crate::limits::{EXPIRY_NOTICE_MS, EXPIRY_NOTICE_STEP_MS};
use crate::protocol::codes::Refusal;
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// When grants end, and when their members are told.
#[derive(Debug, Default)]
pub struct Expiry {
    ends: Times,
    notices: Times,
}

/// Times, and how often each was added.
#[derive(Debug, Default)]
pub(super) struct Times(BTreeMap<Timestamp, usize>);

impl Times {
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.0.first_key_value().map(|(at, _)| *at)
    }

    pub(super) fn add(&mut self, at: Timestamp) {
        *self.0.entry(at).or_default() += 1;
    }

    pub(super) fn take(&mut self, at: Timestamp) {
        let Some(count) = self.0.get_mut(&at) else { return };
        *count -= 1;
        if *count == 0 {
            self.0.remove(&at);
        }
    }
}

impl Expiry {
    /// When a grant next ends, or a member has to be told of its end.
    pub fn next(&self) -> Option<Timestamp> {
        let times = [self.ends.first(), self.notices.first()];
        times.into_iter().flatten().min()
    }

    pub(super) fn enter(&mut self, member: &Member) {
        member.ends().into_iter().for_each(|at| self.ends.add(at));
        member.notice().into_iter().for_each(|at| self.notices.add(at));
    }

    pub(super) fn leave(&mut self, member: &Member) {
        member.ends().into_iter().for_each(|at| self.ends.take(at));
        member.notice().into_iter().for_each(|at| self.notices.take(at));
    }
}

/// When a client is told of this end. Earlier than it must be, so that others can be told at the same time.
fn notice_of(end: Timestamp) -> Timestamp {
    let latest = end.0.saturating_sub(EXPIRY_NOTICE_MS);
    Timestamp(latest - latest % EXPIRY_NOTICE_STEP_MS)
}

impl Member {
    /// When its grant ends, if it does. A grant without an end that can be written has none.
    pub fn ends(&self) -> Option<Timestamp> {
        Some(self.expires).filter(|at| *at <= Timestamp::LAST_WRITTEN)
    }

    /// When it has to be told of the end of its grant, unless it was.
    fn notice(&self) -> Option<Timestamp> {
        let untold = !self.told && self.view.dialect.hears_of_ends();
        self.ends().filter(|_| untold).map(notice_of)
    }

    /// A frame names the end of its grant. If that is soon, the frame is the notice.
    pub(super) fn tell_end(&mut self, now: Timestamp) {
        self.told = self.ends().is_some_and(|end| notice_of(end) <= now);
    }
}

impl Members {
    /// Closes the members whose grants have ended, and tells those whose grants end soon.
    pub(super) fn expire(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.expiry.next().is_some_and(|at| at <= now) {
            self.expire_due(now, effects);
        }
    }

    #[inline(never)]
    fn expire_due(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        for client in self.those(|_, member| due(member.ends())) {
            self.close(&client, Refusal::TokenExpired.into(), effects);
        }
        for client in self.those(|_, member| due(member.notice())) {
            self.tell_of_end(&client, effects);
        }
    }

    fn tell_of_end(&mut self, client: &ClientId, effects: &mut Vec<Effect>) {
        let Some(member) = self.by_client.get_mut(client) else { return };
        self.expiry.leave(member);
        member.told = true;
        self.expiry.enter(member);
        let message = Message::Expiring { expires: member.expires };
        let (view, member) = (member.view.clone(), member.clone());
        effects.push(Effect::Remember { client: client.clone(), member });
        effects.push(Effect::Send { to: client.clone(), view, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_comes_a_minute_ahead_and_at_few_times() {
        let ends = (1_000_000..1_060_000).step_by(500).map(Timestamp);
        let notices: std::collections::BTreeSet<_> = ends
            .map(|end| {
                let notice = notice_of(end);
                let ahead = end.ms_since(notice);
                assert!(
                    (EXPIRY_NOTICE_MS..EXPIRY_NOTICE_MS + EXPIRY_NOTICE_STEP_MS).contains(&ahead)
                );
                notice
            })
            .collect();
        assert_eq!(notices.len(), 6);
        assert_eq!(notice_of(Timestamp(5)), Timestamp(0));
    }

    #[test]
    fn a_time_is_forgotten_with_the_last_that_has_it() {
        let mut times = Times::default();
        for at in [7, 5, 5] {
            times.add(Timestamp(at));
        }
        times.take(Timestamp(5));
        assert_eq!(times.first(), Some(Timestamp(5)));
        times.take(Timestamp(5));
        times.take(Timestamp(6));
        assert_eq!(times.first(), Some(Timestamp(7)));
    }
}
