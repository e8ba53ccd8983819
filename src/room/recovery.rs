//! What a client is sent when it joins: the updates that it missed, if the log still has them, else the state at
//! exactly the head. A client that has missed nothing, or that will ask for the state itself, is sent neither.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::input::Resume;
use super::outgoing::{Message, Slice};
use super::row::{BurstRow, Corrupt};
use super::view::{View, Viewer};
use super::{Effect, Turn};
use crate::protocol::ids::{ClientId, Position, Seq};
use crate::protocol::server_frame::Recovery;
use crate::protocol::update::Entry;

/// The stored bursts that a client has missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The numbers of the bursts.
    pub bursts: RangeInclusive<u64>,
    /// The client has everything up to this number, which may be within the first burst.
    pub after: Seq,
    /// The view of the client.
    pub view: View,
    /// The user of the client.
    pub user: String,
}

/// How a client gets to the head.
enum Way {
    Nothing(Recovery),
    /// The bursts, and how many bytes they have.
    Bursts(Replay, usize),
    Snapshot,
    /// The client asks for the state if it wants it.
    OnRequest,
}

impl Turn<'_> {
    /// How a client gets from its position to the head: the recovery for the greeting, its bytes, and its effect.
    pub(super) fn recover(
        &mut self,
        client: &ClientId,
        viewer: Viewer<'_>,
        resume: &Resume,
    ) -> (Recovery, usize, Option<Effect>) {
        let way = self.way(viewer, resume);
        let bytes = self.bytes(viewer, &way);
        let (recovery, effect) = match way {
            Way::Nothing(recovery) => (recovery, None),
            Way::Bursts(replay, _) => {
                (Recovery::Replayed, Some(Effect::Replay { to: client.clone(), replay }))
            }
            Way::OnRequest => (Recovery::None, None),
            Way::Snapshot => (Recovery::Snapshot, Some(self.snapshot(client, viewer))),
        };
        (recovery, bytes, effect)
    }

    /// The effect that sends the state at the head.
    pub(super) fn snapshot(&mut self, client: &ClientId, viewer: Viewer<'_>) -> Effect {
        let message = Message::State(self.log.snapshot(viewer));
        Effect::Send { to: client.clone(), view: viewer.view.clone(), message }
    }

    /// Bytes that a client has to be sent to get from its position to the head.
    pub(super) fn recovery_bytes(&self, viewer: Viewer<'_>, resume: &Resume) -> usize {
        self.bytes(viewer, &self.way(viewer, resume))
    }

    fn bytes(&self, viewer: Viewer<'_>, way: &Way) -> usize {
        match way {
            Way::Nothing(_) | Way::OnRequest => 0,
            Way::Bursts(_, bytes) => *bytes,
            Way::Snapshot => self.log.state_bytes(viewer),
        }
    }

    /// Whether this is a relay that may lack what a client with this position has seen.
    pub(super) fn is_behind(&self, position: Option<&Position>) -> bool {
        let head = self.head();
        let ahead = |seen: &Position| seen.epoch != head.epoch || seen.seq > head.seq;
        let lacks = !self.log.has_begun() || self.tree.is_alone() || position.is_some_and(ahead);
        self.tree.is_relay() && lacks
    }

    fn way(&self, viewer: Viewer<'_>, resume: &Resume) -> Way {
        let head = self.head();
        let known = |one: &&Position| one.epoch == head.epoch && one.seq <= head.seq;
        match (resume, resume.position().filter(known)) {
            (_, Some(position)) => {
                let after = position.seq;
                if self.log.is_silent_since(after, viewer) {
                    return Way::Nothing(Recovery::Replayed);
                }
                let bursts = self.log.after(after);
                bursts.map_or(Way::Snapshot, |(bursts, bytes)| {
                    let (view, user) = (viewer.view.clone(), viewer.user.to_owned());
                    Way::Bursts(Replay { bursts, after, view, user }, bytes)
                })
            }
            _ if viewer.view.dialect.has_initial() => Way::Snapshot,
            _ if self.log.is_silent_since(0, viewer) => Way::Nothing(Recovery::None),
            (Resume::OnRequest, None) => Way::OnRequest,
            (_, None) => Way::Snapshot,
        }
    }
}

/// The updates of one burst that a client has missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed<'b> {
    /// The number of the last update.
    pub last: Seq,
    /// The encodings of the updates, separated by commas.
    pub joined: Cow<'b, str>,
}

impl Replay {
    /// The missed updates of each of the stored `bursts` that has any, in order.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read, or when rows are missing.
    pub fn missed<'b>(&self, bursts: &'b [BurstRow]) -> Result<Vec<Missed<'b>>, Corrupt> {
        self.check(bursts)?;
        let missed = bursts.iter().map(|burst| {
            if burst.is_public() {
                let joined = Cow::Borrowed(burst.body_after(self.after)?);
                return Ok(Some(Missed { last: burst.last, joined }));
            }
            let shown = self.shown(burst)?;
            let texts: Vec<&str> = shown.iter().map(|(_, _, text)| *text).collect();
            let last = shown.last().map(|(seq, ..)| *seq);
            Ok(last.map(|last| Missed { last, joined: Cow::Owned(texts.join(",")) }))
        });
        missed.filter_map(Result::transpose).collect()
    }

    /// The missed updates one by one, in order.
    ///
    /// # Errors
    /// As for [`Replay::missed`].
    pub fn each(&self, bursts: &[BurstRow]) -> Result<Vec<Slice>, Corrupt> {
        self.check(bursts)?;
        let mut slices = Vec::new();
        for burst in bursts {
            slices.extend(self.shown(burst)?.into_iter().map(|(seq, entry, text)| {
                let (parts, text) = (entry.parts, text.into());
                Slice { seq, parts, text }
            }));
        }
        Ok(slices)
    }

    /// The updates of a burst that the client has missed and sees.
    fn shown<'b>(&self, burst: &'b BurstRow) -> Result<Vec<(Seq, Entry, &'b str)>, Corrupt> {
        let viewer = self.view.of(&self.user);
        let mut updates = burst.updates()?;
        updates.retain(|(seq, entry, _)| *seq > self.after && viewer.sees(entry.label()));
        Ok(updates)
    }

    fn check(&self, bursts: &[BurstRow]) -> Result<(), Corrupt> {
        let numbers = bursts.iter().map(|burst| burst.number);
        if numbers.eq(self.bursts.clone()) {
            Ok(())
        } else {
            Err(Corrupt("burst"))
        }
    }
}
