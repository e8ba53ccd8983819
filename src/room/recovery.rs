//! What a client is sent when it joins: the updates that it missed, if the log still has them, else the state at
//! exactly the head. A client that has missed nothing, or that will ask for the state itself, is sent neither.

use std::ops::RangeInclusive;

use super::groups::View;
use super::input::Resume;
use super::outgoing::{Message, Slice};
use super::row::{BurstRow, Corrupt};
use super::{Effect, Turn};
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::server_frame::Recovery;

/// The stored bursts that a client has missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The numbers of the bursts.
    pub bursts: RangeInclusive<u64>,
    /// The client has everything up to this number, which may be within the first burst.
    pub after: Seq,
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
        view: View,
        resume: &Resume,
    ) -> (Recovery, usize, Option<Effect>) {
        let way = self.way(resume);
        let bytes = self.bytes(&way);
        let (recovery, effect) = match way {
            Way::Nothing(recovery) => (recovery, None),
            Way::Bursts(replay, _) => {
                (Recovery::Replayed, Some(Effect::Replay { to: client.clone(), view, replay }))
            }
            Way::OnRequest => (Recovery::None, None),
            Way::Snapshot => (Recovery::Snapshot, Some(self.snapshot(client, view))),
        };
        (recovery, bytes, effect)
    }

    /// The effect that sends the state at the head.
    pub(super) fn snapshot(&mut self, client: &ClientId, view: View) -> Effect {
        let message = Message::State(self.log.snapshot());
        Effect::Send { to: client.clone(), view, message }
    }

    /// Bytes that a client has to be sent to get from its position to the head.
    pub(super) fn recovery_bytes(&self, resume: &Resume) -> usize {
        self.bytes(&self.way(resume))
    }

    fn bytes(&self, way: &Way) -> usize {
        match way {
            Way::Nothing(_) | Way::OnRequest => 0,
            Way::Bursts(_, bytes) => *bytes,
            Way::Snapshot => self.log.state_bytes(),
        }
    }

    fn way(&self, resume: &Resume) -> Way {
        let head = self.head();
        match resume {
            Resume::From(position) if position.epoch == head.epoch && position.seq <= head.seq => {
                let after = position.seq;
                if after == head.seq {
                    return Way::Nothing(Recovery::Replayed);
                }
                let bursts = self.log.after(after);
                bursts.map_or(Way::Snapshot, |(bursts, bytes)| {
                    Way::Bursts(Replay { bursts, after }, bytes)
                })
            }
            _ if head.seq == 0 => Way::Nothing(Recovery::None),
            Resume::OnRequest => Way::OnRequest,
            Resume::From(_) | Resume::State => Way::Snapshot,
        }
    }
}

/// The updates of one burst that a client has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed<'b> {
    /// The number of the last update.
    pub last: Seq,
    /// The encodings of the updates, separated by commas.
    pub joined: &'b str,
}

impl Replay {
    /// The missed updates of each of the stored `bursts`, in order.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read, or when rows are missing.
    pub fn missed<'b>(&self, bursts: &'b [BurstRow]) -> Result<Vec<Missed<'b>>, Corrupt> {
        self.check(bursts)?;
        let missed = |burst: &'b BurstRow| {
            Ok(Missed { last: burst.last, joined: burst.body_after(self.after)? })
        };
        bursts.iter().map(missed).collect()
    }

    /// The missed updates one by one, in order.
    ///
    /// # Errors
    /// As for [`Replay::missed`].
    pub fn each(&self, bursts: &[BurstRow]) -> Result<Vec<Slice>, Corrupt> {
        self.check(bursts)?;
        let mut slices = Vec::new();
        for burst in bursts {
            let updates = burst.updates()?.into_iter();
            let missed = updates.filter(|(seq, ..)| *seq > self.after);
            slices.extend(missed.map(|(seq, entry, text)| {
                let (parts, text) = (entry.parts, text.into());
                Slice { seq, parts, text }
            }));
        }
        Ok(slices)
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
