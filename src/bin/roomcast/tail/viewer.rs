//! Follows a session for a viewer: decides which updates of a frame to show, and which note to show before them.
//!
//! The rules for positions are those of [`roomcast::protocol::follow`]. This module words the notes, and leaves out
//! updates that have been shown before. It does not print or connect.

use roomcast::protocol::follow::{Follower, Heard, Step};
use roomcast::protocol::ids::{Position, Seq};
use roomcast::protocol::server_frame::Recovery;

use super::frame::{Frame, Update};

/// The state of a viewer.
#[derive(Debug, Default)]
pub(crate) struct Viewer {
    follower: Follower,
    welcomed: bool,
}

/// What to do about a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Show these updates, after telling the user `note`.
    Show {
        /// What is new, in order.
        updates: Vec<Update>,
        /// What the user should know first.
        note: Option<String>,
    },
    /// The connection is alive; there is nothing to show.
    Pong,
    /// Something is missing: connect again with the position.
    Gap(String),
}

impl Reaction {
    fn note(text: String) -> Self {
        Self::Show { updates: vec![], note: Some(text) }
    }

    fn nothing() -> Self {
        Self::Show { updates: vec![], note: None }
    }
}

impl Viewer {
    /// A viewer that has seen everything up to `position`, or nothing yet.
    pub(crate) fn new(position: Option<Position>) -> Self {
        Self { follower: Follower::new(position), welcomed: false }
    }

    /// The position up to which everything has been seen, from which to resume.
    pub(crate) fn position(&self) -> Option<&Position> {
        self.follower.position()
    }

    /// Whether the current connection has received `connected`.
    pub(crate) fn welcomed(&self) -> bool {
        self.welcomed
    }

    /// A new connection begins. The position stays.
    pub(crate) fn begin(&mut self) {
        self.welcomed = false;
    }

    /// Only the updates up to `seq` of the last frame were shown, so the rest has not been seen.
    pub(crate) fn seen_only(&mut self, seq: Seq) {
        self.follower.stand_at(seq);
    }

    /// Takes the next frame of the connection.
    pub(crate) fn hear(&mut self, text: &str) -> Reaction {
        match Frame::parse(text) {
            Some(Frame::Positioned(heard, updates)) => self.follow(&heard, updates),
            Some(Frame::Error { code, message }) => Reaction::note(format!("{code}: {message}")),
            Some(Frame::Expiring { at }) => {
                Reaction::note(format!("the token ends at {at}, and the connection with it"))
            }
            Some(Frame::Pong) => Reaction::Pong,
            None => Reaction::Gap("a frame could not be read".to_owned()),
        }
    }

    fn follow(&mut self, heard: &Heard, updates: Vec<Update>) -> Reaction {
        self.welcomed |= matches!(heard, Heard::Connected { .. });
        match (self.follower.hear(heard), heard) {
            (Step::Continues { after }, _) => newer(updates, after, None),
            (Step::Anew { was }, Heard::State { head }) => {
                let note = was.as_ref().and_then(|own| instead_of_a_replay(own, head));
                // Older updates have been shown.
                let same = was.filter(|own| own.epoch == head.epoch);
                newer(updates, same.map_or(0, |own| own.seq), note)
            }
            (Step::Anew { was }, Heard::Connected { head, .. }) => {
                Reaction::note(empty(was.filter(|own| own.epoch != head.epoch).as_ref()))
            }
            (Step::Stays, Heard::Connected { head, recovery }) => {
                Reaction::note(connected(self.position(), head, *recovery))
            }
            (Step::Adds, _) => newer(updates, 0, None),
            (Step::Gap, heard) => Reaction::Gap(missing(self.position(), heard)),
            (Step::Stranger, _) => {
                Reaction::Gap("the server replays another epoch than the one seen".to_owned())
            }
            (Step::Repeats | Step::Stays | Step::Anew { .. }, _) => Reaction::nothing(),
        }
    }
}

fn newer(mut updates: Vec<Update>, after: Seq, note: Option<String>) -> Reaction {
    updates.retain(|update| update.seq > after);
    Reaction::Show { updates, note }
}

fn connected(own: Option<&Position>, head: &Position, recovery: Recovery) -> String {
    match own.filter(|_| recovery == Recovery::Replayed) {
        Some(own) => {
            let missed = head.seq.saturating_sub(own.seq);
            format!("connected; {missed} missed, the room is at {head}")
        }
        None => format!("connected; the room is at {head}"),
    }
}

fn empty(other: Option<&Position>) -> String {
    other.map_or_else(
        || "connected; there are no updates yet".to_owned(),
        |own| format!("connected; {} there are no updates yet", anew(own)),
    )
}

fn missing(own: Option<&Position>, heard: &Heard) -> String {
    match (own, heard) {
        (Some(own), Heard::Updates { prev, .. }) => {
            format!("the updates after {own} up to {prev} are missing")
        }
        _ => "updates came before a position".to_owned(),
    }
}

/// Why a viewer at `own` gets the state instead of a replay.
fn instead_of_a_replay(own: &Position, head: &Position) -> Option<String> {
    if own.epoch != head.epoch {
        return Some(format!("{} its whole state follows", anew(own)));
    }
    match own.seq.cmp(&head.seq) {
        std::cmp::Ordering::Less => Some(too_old(own, head)),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => {
            Some(format!("{own} is ahead of the room, which is at {head}"))
        }
    }
}

fn anew(own: &Position) -> String {
    format!("the room has begun anew and {own} means nothing there any more:")
}

fn too_old(own: &Position, head: &Position) -> String {
    let why = format!("the log no longer reaches back to {own}");
    format!("{why}: up to {head} only the latest update per key follows")
}

#[cfg(test)]
mod tests;
