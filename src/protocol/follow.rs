//! Following a session: what a frame says about positions, and what a client should do with it.
//!
//! These are the rules of `docs/protocol.md` for every client in Rust. `dashboard/position.js` has the same rules for
//! the page, and `tests/vectors/following.json` tests both. Nothing here looks into an update, connects, or writes
//! messages for users.

use serde_json::Value;

use super::ids::{Position, Seq};
use super::server_frame::Recovery;

/// What a frame says about positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The greeting.
    Connected {
        /// The head of the room.
        head: Position,
        /// How the client gets to the head.
        recovery: Recovery,
    },
    /// Updates. There may be fewer of them than numbers, if the client does not see all updates.
    Updates {
        /// The position before the frame.
        prev: Seq,
        /// The position after it.
        seq: Seq,
    },
    /// The state.
    State {
        /// The position of the state.
        head: Position,
    },
    /// The state of topics that the client did not see before.
    Subscribed {
        /// The position of the last update that the client sees from now on.
        head: Position,
    },
    /// Nothing: a pong, an error, or a frame that this version of the protocol does not know.
    Other,
}

/// Access to the fields of a frame, whether it was parsed completely or only at its start.
pub trait Fields {
    /// The value of a field that is a whole number.
    fn number(&self, name: &'static str) -> Option<u64>;
    /// The value of a field that is a string without escapes.
    fn text(&self, name: &'static str) -> Option<&str>;
}

impl Fields for Value {
    fn number(&self, name: &'static str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    fn text(&self, name: &'static str) -> Option<&str> {
        self.get(name)?.as_str()
    }
}

impl Heard {
    /// Reads a frame; `None` if it lacks a field that its type must have. That includes the greeting of a plain client,
    /// which gets no positions and cannot follow them.
    pub fn read(frame: &impl Fields) -> Option<Self> {
        Some(match frame.text("type")? {
            "dashboard.update" => {
                let seq = frame.number("seq")?;
                Self::Updates { prev: seq.checked_sub(1)?, seq }
            }
            "dashboard.updates" => {
                Self::Updates { prev: frame.number("prev")?, seq: frame.number("seq")? }
            }
            "dashboard.state" => Self::State { head: head(frame)? },
            "subscribed" => Self::Subscribed { head: head(frame)? },
            "connected" => {
                let recovery = recovery(frame.text("recovery")?)?;
                Self::Connected { head: head(frame)?, recovery }
            }
            _ => Self::Other,
        })
    }
}

fn head(frame: &impl Fields) -> Option<Position> {
    let epoch = frame.text("epoch")?.parse().ok()?;
    Some(Position { epoch, seq: frame.number("seq")? })
}

fn recovery(name: &str) -> Option<Recovery> {
    match name {
        "none" => Some(Recovery::None),
        "replayed" => Some(Recovery::Replayed),
        "snapshot" => Some(Recovery::Snapshot),
        _ => None,
    }
}

/// What a frame means to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The updates of the frame with numbers after `after` are new. The client has seen the others.
    Continues {
        /// The client's position before the frame.
        after: Seq,
    },
    /// The client has seen all updates of the frame.
    Repeats,
    /// Updates between the client's position and the frame are missing, or the client has no position. It has to
    /// connect again, and keeps its position.
    Gap,
    /// A replay of another epoch, whose numbers mean other updates. The client has to connect again, and loses its
    /// position.
    Stranger,
    /// The client starts from nothing, with the updates of the frame.
    Anew {
        /// The client's position before the frame.
        was: Option<Position>,
    },
    /// All updates of the frame are new, though some have numbers below the client's position.
    Adds,
    /// Nothing to do: the frame has no updates.
    Stays,
}

/// The position of a client, across its connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Follower {
    position: Option<Position>,
}

impl Follower {
    /// A client that has seen everything up to `position`, or nothing.
    pub fn new(position: Option<Position>) -> Self {
        Self { position }
    }

    /// The position with which the client should come back.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Sets the `seq` of the position, whatever the frames said: back for a client that stopped within a frame, or
    /// forward for a client that continues in spite of a gap. Does nothing without a position.
    pub fn stand_at(&mut self, seq: Seq) {
        if let Some(own) = self.position.as_mut() {
            own.seq = seq;
        }
    }

    /// Takes the next frame.
    pub fn hear(&mut self, heard: &Heard) -> Step {
        match heard {
            Heard::Connected { head, recovery } => self.greeted(head, *recovery),
            Heard::Updates { prev, seq } => self.updated(*prev, *seq),
            Heard::State { head } => self.begin(head),
            Heard::Subscribed { head } => self.subscribed(head),
            Heard::Other => Step::Stays,
        }
    }

    /// An empty room makes the client start from nothing. A snapshot brings its own position, so the greeting changes
    /// nothing.
    fn greeted(&mut self, head: &Position, recovery: Recovery) -> Step {
        match recovery {
            Recovery::None => self.begin(head),
            Recovery::Snapshot => Step::Stays,
            Recovery::Replayed => {
                if self.position.as_ref().is_some_and(|own| own.epoch == head.epoch) {
                    return Step::Stays;
                }
                self.position = None;
                Step::Stranger
            }
        }
    }

    fn begin(&mut self, head: &Position) -> Step {
        Step::Anew { was: self.position.replace(head.clone()) }
    }

    /// The client has everything up to its own position of the topics that it had, and up to `head` of the new ones. Nothing
    /// that it sees is between the two.
    fn subscribed(&mut self, head: &Position) -> Step {
        let own = self.position.as_mut().filter(|own| own.epoch == head.epoch);
        let Some(own) = own else { return Step::Gap };
        own.seq = own.seq.max(head.seq);
        Step::Adds
    }

    fn updated(&mut self, prev: Seq, seq: Seq) -> Step {
        let Some(own) = self.position.as_mut().filter(|own| prev <= own.seq) else {
            return Step::Gap;
        };
        if seq <= own.seq {
            return Step::Repeats;
        }
        Step::Continues { after: std::mem::replace(&mut own.seq, seq) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    fn at(seq: Seq) -> Follower {
        Follower::new(Some(format!("5b1d000000000000:{seq}").parse().unwrap()))
    }

    fn updates(prev: Seq, seq: Seq) -> Heard {
        Heard::Updates { prev, seq }
    }

    #[test]
    fn a_frame_that_lacks_a_field_is_not_read() {
        for frame in [
            json!(null),
            json!([]),
            json!({}),
            json!({"type": 7}),
            json!({"type": "dashboard.update"}),
            json!({"type": "dashboard.update", "seq": 0}),
            json!({"type": "dashboard.updates", "seq": 2}),
            json!({"type": "dashboard.state", "seq": 2}),
            json!({"type": "subscribed", "seq": 2, "topics": []}),
            json!({"type": "dashboard.state", "seq": 2, "epoch": "5b1d"}),
            json!({"type": "connected", "sessionId": "s"}),
            json!({"type": "connected", "seq": 2, "epoch": "5b1d000000000000", "recovery": "magic"}),
        ] {
            assert_eq!(Heard::read(&frame), None, "{frame}");
        }
    }

    #[test]
    fn every_recovery_is_read_as_it_is_written() {
        for one in [Recovery::None, Recovery::Replayed, Recovery::Snapshot] {
            assert_eq!(recovery(to_value(one).unwrap().as_str().unwrap()), Some(one));
        }
    }

    #[test]
    fn a_frame_continues_repeats_or_leaves_a_gap() {
        let step = |prev, seq| at(4).hear(&updates(prev, seq));
        assert_eq!(
            (step(4, 5), step(2, 9)),
            (Step::Continues { after: 4 }, Step::Continues { after: 4 })
        );
        assert_eq!((step(3, 4), step(0, 2)), (Step::Repeats, Step::Repeats));
        assert_eq!((step(5, 6), Follower::default().hear(&updates(0, 1))), (Step::Gap, Step::Gap));
    }

    #[test]
    fn only_new_updates_move_the_position() {
        let mut follower = at(4);
        for (prev, seq, then) in [(4, 6, 6), (4, 5, 6), (9, 11, 6), (5, 8, 8)] {
            follower.hear(&updates(prev, seq));
            assert_eq!(follower, at(then), "after {prev} to {seq}");
        }
    }

    #[test]
    fn a_client_that_starts_anew_is_told_its_previous_position() {
        let (mut follower, head) = (at(4), "07aa000000000000:9".parse::<Position>().unwrap());
        let step = follower.hear(&Heard::State { head: head.clone() });
        assert_eq!(step, Step::Anew { was: at(4).position().cloned() });
        assert_eq!(follower.position(), Some(&head));
    }

    #[test]
    fn a_client_can_set_another_position_than_the_frames_say() {
        let mut follower = at(4);
        follower.stand_at(7);
        assert_eq!(follower.hear(&updates(7, 8)), Step::Continues { after: 7 });
        let mut nowhere = Follower::default();
        nowhere.stand_at(7);
        assert_eq!(nowhere.position(), None);
    }
}
