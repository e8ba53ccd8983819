//! Following a session: what a frame says of positions, and what that means to a client that has one.
//!
//! These are the rules of `docs/protocol.md` for every client in Rust. `dashboard/position.js` has them for the
//! page, and `tests/vectors/following.json` is what both must agree with. Nothing here looks into an update,
//! connects, or words what a user is told.

use serde_json::Value;

use super::ids::{Position, Seq};
use super::server_frame::Recovery;

/// What a frame says of positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The greeting.
    Connected {
        /// Where the room is.
        head: Position,
        /// How the client gets there.
        recovery: Recovery,
    },
    /// Updates. Where the client does not get all of them there are fewer than numbers.
    Updates {
        /// The position before the frame.
        prev: Seq,
        /// The position after it.
        seq: Seq,
    },
    /// The state.
    State {
        /// The position that it is the state of.
        head: Position,
    },
    /// Nothing: a pong, an error, or what this version of the protocol does not know.
    Other,
}

/// The fields of a frame, however they are found: by parsing all of it, or by looking at its start.
pub trait Fields {
    /// A whole number.
    fn number(&self, name: &'static str) -> Option<u64>;
    /// A text in which nothing is escaped.
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
    /// Reads a frame; `None` where it lacks what its type has to have. The greeting of a plain client does:
    /// such a client is told of no positions, and cannot follow them.
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
    /// Those of its updates that come after this one are new. The client has seen the others, if there are any.
    Continues {
        /// The client's position before the frame.
        after: Seq,
    },
    /// The client has seen all of its updates.
    Repeats,
    /// Something between the client's position and the frame is missing, or the client has no position: it has to
    /// connect again. Its position stays.
    Gap,
    /// A replay of another epoch than the client's, so numbered differently: like a gap, but there is no position any
    /// more to come back with.
    Stranger,
    /// The view starts from nothing, with the updates of the frame.
    Anew {
        /// The client's position before the frame.
        was: Option<Position>,
    },
    /// Nothing, or not yet: what the frame announces follows.
    Stays,
}

/// A client's position, as the frames of its connections move it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Follower {
    position: Option<Position>,
}

impl Follower {
    /// A client that has seen everything up to `position`, or nothing.
    pub fn new(position: Option<Position>) -> Self {
        Self { position }
    }

    /// Up to where everything has been seen: where to come back.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Everything up to `seq` counts as seen, whatever the frames said: less, where a client stopped within a frame,
    /// or more, where it goes on in spite of a gap. Without a position there is nothing to move.
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
            Heard::Other => Step::Stays,
        }
    }

    /// An empty room has nothing of what the client may have seen. The state says where it is when it comes.
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
    fn what_lacks_a_field_is_not_a_frame() {
        for frame in [
            json!(null),
            json!([]),
            json!({}),
            json!({"type": 7}),
            json!({"type": "dashboard.update"}),
            json!({"type": "dashboard.update", "seq": 0}),
            json!({"type": "dashboard.updates", "seq": 2}),
            json!({"type": "dashboard.state", "seq": 2}),
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
    fn only_what_is_new_moves_the_position() {
        let mut follower = at(4);
        for (prev, seq, then) in [(4, 6, 6), (4, 5, 6), (9, 11, 6), (5, 8, 8)] {
            follower.hear(&updates(prev, seq));
            assert_eq!(follower, at(then), "after {prev} to {seq}");
        }
    }

    #[test]
    fn whoever_starts_anew_knows_where_it_was() {
        let (mut follower, head) = (at(4), "07aa000000000000:9".parse::<Position>().unwrap());
        let step = follower.hear(&Heard::State { head: head.clone() });
        assert_eq!(step, Step::Anew { was: at(4).position().cloned() });
        assert_eq!(follower.position(), Some(&head));
    }

    #[test]
    fn a_client_may_stand_elsewhere_than_the_frames_say() {
        let mut follower = at(4);
        follower.stand_at(7);
        assert_eq!(follower.hear(&updates(7, 8)), Step::Continues { after: 7 });
        let mut nowhere = Follower::default();
        nowhere.stand_at(7);
        assert_eq!(nowhere.position(), None);
    }
}
