//! What a client is sent when it joins: the updates it missed, if the log still has them, else the
//! state at exactly the head. There is no third case.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::row::{BurstRow, Corrupt};
use super::{Effect, Turn};
use crate::limits::REPLAY_FRAME_BYTES;
use crate::protocol::ids::{ClientId, Position, Seq};
use crate::protocol::server_frame::{self, Dialect, Recovery};

/// Stored bursts that a client is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Their numbers.
    pub bursts: RangeInclusive<u64>,
    /// The client has everything up to here, which may be within the first of them.
    pub after: Seq,
    /// How the client speaks.
    pub dialect: Dialect,
}

/// How a client gets to the head.
enum Way {
    Nothing(Recovery),
    /// The bursts, and how many bytes they have.
    Bursts(RangeInclusive<u64>, usize),
    Snapshot,
    /// A plain client asks for the state itself, if it wants it.
    OnRequest,
}

impl Turn<'_> {
    /// How a client gets from its position to the head, for the greeting; the bytes that it takes; and the
    /// effects that take it there.
    pub(super) fn recover(
        &mut self,
        client: &ClientId,
        dialect: Dialect,
        resume: Option<&Position>,
    ) -> (Recovery, usize, Vec<Effect>) {
        let way = self.way(dialect, resume);
        let bytes = self.bytes(&way);
        let (recovery, effects) = match way {
            Way::Nothing(recovery) => (recovery, Vec::new()),
            Way::Bursts(bursts, _) => {
                let after = resume.map_or(0, |position| position.seq);
                let replay = Replay { bursts, after, dialect };
                (Recovery::Replayed, vec![Effect::Replay { to: client.clone(), replay }])
            }
            Way::OnRequest => (Recovery::None, Vec::new()),
            Way::Snapshot => (Recovery::Snapshot, self.snapshot(client, dialect)),
        };
        (recovery, bytes, effects)
    }

    /// The state at the head, in the client's dialect.
    pub(super) fn snapshot(&mut self, client: &ClientId, dialect: Dialect) -> Vec<Effect> {
        let send = |text| Effect::Send { to: client.clone(), text };
        match dialect {
            Dialect::V1 => vec![send(self.log.state_frame())],
            Dialect::Plain => self.log.state_updates().map(send).collect(),
        }
    }

    /// Bytes that it takes to get a client from its position to the head.
    pub(super) fn recovery_bytes(&self, dialect: Dialect, resume: Option<&Position>) -> usize {
        self.bytes(&self.way(dialect, resume))
    }

    fn bytes(&self, way: &Way) -> usize {
        match way {
            Way::Nothing(_) | Way::OnRequest => 0,
            Way::Bursts(_, bytes) => *bytes,
            Way::Snapshot => self.log.state_bytes(),
        }
    }

    fn way(&self, dialect: Dialect, resume: Option<&Position>) -> Way {
        let head = self.head();
        match resume {
            Some(position) if position.epoch == head.epoch && position.seq <= head.seq => {
                if position.seq == head.seq {
                    return Way::Nothing(Recovery::Replayed);
                }
                let bursts = self.log.after(position.seq);
                bursts.map_or(Way::Snapshot, |(bursts, bytes)| Way::Bursts(bursts, bytes))
            }
            _ if head.seq == 0 => Way::Nothing(Recovery::None),
            None if dialect == Dialect::Plain => Way::OnRequest,
            _ => Way::Snapshot,
        }
    }
}

impl Replay {
    /// The frames for the stored `bursts`, in order: joined into few for `roomcast.v1`, one per
    /// update for plain clients.
    ///
    /// # Errors
    /// [`Corrupt`] when a row cannot be read, or when rows are missing.
    pub fn frames(&self, bursts: &[BurstRow]) -> Result<Vec<Rc<str>>, Corrupt> {
        let numbers = bursts.iter().map(|burst| burst.number);
        if !numbers.eq(self.bursts.clone()) {
            return Err(Corrupt("burst"));
        }
        match self.dialect {
            Dialect::V1 => self.joined(bursts),
            Dialect::Plain => self.single(bursts),
        }
    }

    fn joined(&self, bursts: &[BurstRow]) -> Result<Vec<Rc<str>>, Corrupt> {
        let mut frames = Vec::new();
        let mut body = String::new();
        let (mut prev, mut last) = (self.after, self.after);
        for burst in bursts {
            let next = burst.body_after(self.after)?;
            if !body.is_empty() && body.len() + next.len() > REPLAY_FRAME_BYTES {
                frames.push(server_frame::updates(prev, last, &body).into());
                body.clear();
                prev = last;
            }
            if !body.is_empty() {
                body.push(',');
            }
            body.push_str(next);
            last = burst.last;
        }
        frames.push(server_frame::updates(prev, last, &body).into());
        Ok(frames)
    }

    fn single(&self, bursts: &[BurstRow]) -> Result<Vec<Rc<str>>, Corrupt> {
        let mut frames = Vec::new();
        for burst in bursts {
            let updates = burst.updates()?;
            let missed = updates.into_iter().filter(|(seq, ..)| *seq > self.after);
            frames.extend(missed.map(|(_, _, text)| Rc::from(text)));
        }
        Ok(frames)
    }
}
