//! A place in memory where a room runs, for `roomcast preset try`: it collects what one client is sent.
//!
//! Time is that of the events. Waits end when the next event is later than their end. Alarms do not go off, so nothing is
//! refreshed and nobody is closed as silent.

use std::ops::RangeInclusive;
use std::rc::Rc;

use roomcast::limits::RoomLimits;
use roomcast::protocol::bearer::Bearer;
use roomcast::protocol::ids::{ClientId, Epoch, SessionId};
use roomcast::protocol::report::Report;
use roomcast::protocol::time::Timestamp;
use roomcast::room::groups::GroupId;
use roomcast::room::member::Member;
use roomcast::room::occupancy::Kept;
use roomcast::room::row::{BurstRow, Stored};
use roomcast::room::tree::KeptTree;
use roomcast::room::Effect;
use roomcast::runner::{Asked, Failure, Identity, Platform, Readers, Runner, Wait};

/// A room with one client.
#[derive(Debug)]
pub(super) struct Stage {
    session: SessionId,
    now: Timestamp,
    waits: Vec<(Timestamp, Wait)>,
    bursts: Vec<BurstRow>,
    /// The frames that the client was sent.
    sent: Vec<Rc<str>>,
    failed: Option<String>,
}

impl Stage {
    pub(super) fn new(session: SessionId, now: Timestamp) -> Self {
        let (waits, bursts, sent) = (Vec::new(), Vec::new(), Vec::new());
        Self { session, now, waits, bursts, sent, failed: None }
    }

    /// All frames that the client was sent, one per line.
    pub(super) fn sent(&self) -> String {
        let mut text = String::new();
        for frame in &self.sent {
            text.push_str(frame);
            text.push('\n');
        }
        text
    }

    /// Why the room failed, if it did.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Lets time pass, with all waits that end in it. Without an end: until nothing waits.
    pub(super) fn pass(&mut self, until: Option<Timestamp>, runner: &mut Runner) {
        while let Some(first) = self.waits.iter().map(|(end, _)| *end).min() {
            if until.is_some_and(|until| first > until) {
                break;
            }
            let at = self.waits.iter().position(|(end, _)| *end == first).unwrap_or_default();
            let (_, wait) = self.waits.remove(at);
            self.now = self.now.max(first);
            if runner.waited(wait, self).is_err() {
                return;
            }
        }
        self.now = self.now.max(until.unwrap_or_default());
    }
}

impl Platform for Stage {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn identity(&self) -> Result<Identity, Failure> {
        Ok(Identity {
            session: self.session.clone(),
            relay: None,
            limits: RoomLimits::default(),
            occupancy: Kept::default(),
            tree: KeptTree::default(),
        })
    }

    fn members(&mut self) -> Vec<(ClientId, Member)> {
        Vec::new()
    }

    fn load(&mut self) -> Result<(Stored, Epoch), Failure> {
        Ok((Stored::default(), Epoch::from_random([1; 8])))
    }

    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure> {
        let wanted = self.bursts.iter().filter(|burst| numbers.contains(&burst.number));
        Ok(wanted.cloned().collect())
    }

    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)> {
        Vec::new()
    }

    fn enter(&mut self, _: &ClientId, _: GroupId) {}

    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure> {
        match effect {
            Effect::Append { row, .. } => self.bursts.push(row),
            // The client is the only member, so it is the one that is sent something else.
            Effect::Broadcast { except, .. } if !except.is_empty() => {}
            _ => self.sent.extend(frames.iter().cloned()),
        }
        Ok(())
    }

    fn wait(&mut self, ms: u64, wait: Wait) {
        self.waits.push((self.now.plus_ms(ms), wait));
    }

    /// The client sends nothing, so it has no new token.
    fn verify(&mut self, _: Bearer, _: Asked) {}

    /// No operator watches a trial.
    fn report(&mut self, _: Report, _: Readers) {}

    fn failed(&mut self, failure: &Failure) {
        self.failed = Some(format!("{}: {}", failure.stage, failure.cause));
    }
}
