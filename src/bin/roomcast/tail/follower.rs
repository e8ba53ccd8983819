//! Follows a session: each frame either continues what has been seen, repeats it, or shows that
//! something is missing.
//!
//! A state machine without IO or clock. It says what to show and when to connect again; it does
//! neither. The rules are those of docs/protocol.md, and of `position.js` for the browser.

use roomcast::protocol::ids::{Position, Seq};

use super::frame::{Frame, Recovery, Update};

/// Where the follower is.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    position: Option<Position>,
    welcomed: bool,
}

/// What a frame amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
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

impl Step {
    fn note(text: String) -> Self {
        Self::Show { updates: vec![], note: Some(text) }
    }

    fn nothing() -> Self {
        Self::Show { updates: vec![], note: None }
    }
}

impl Follower {
    /// One that has seen everything up to `position`, or nothing.
    pub(crate) fn new(position: Option<Position>) -> Self {
        Self { position, welcomed: false }
    }

    /// What has been seen: where to resume.
    pub(crate) fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Whether the current connection has been greeted.
    pub(crate) fn welcomed(&self) -> bool {
        self.welcomed
    }

    /// A new connection begins. The position stays.
    pub(crate) fn begin(&mut self) {
        self.welcomed = false;
    }

    /// Of the last frame only the updates up to `seq` were shown: the rest has not been seen.
    pub(crate) fn seen_only(&mut self, seq: Seq) {
        if let Some(own) = self.position.as_mut() {
            own.seq = own.seq.min(seq);
        }
    }

    /// Takes the next frame of the connection.
    pub(crate) fn hear(&mut self, text: &str) -> Step {
        match Frame::parse(text) {
            Some(Frame::Connected(head, recovery)) => self.greeted(head, recovery),
            Some(Frame::Updates { prev, seq, updates }) => self.continued(prev, seq, updates),
            Some(Frame::State(head, updates)) => self.rebuilt(&head, updates),
            Some(Frame::Error { code, message }) => Step::note(format!("{code}: {message}")),
            Some(Frame::Pong) => Step::Pong,
            Some(Frame::Unknown) => Step::nothing(),
            None => Step::Gap("a frame could not be read".to_owned()),
        }
    }

    fn greeted(&mut self, head: Position, recovery: Recovery) -> Step {
        self.welcomed = true;
        let own = self.position.as_ref();
        match recovery {
            Recovery::None => {
                let other = own.filter(|own| own.epoch != head.epoch);
                let note = other.map_or_else(
                    || "connected; there are no updates yet".to_owned(),
                    |own| format!("connected; {} there are no updates yet", anew(own)),
                );
                self.position = Some(head);
                Step::note(note)
            }
            Recovery::Replayed if own.is_some_and(|own| own.epoch == head.epoch) => {
                let missed = own.map_or(0, |own| head.seq.saturating_sub(own.seq));
                Step::note(format!("connected; {missed} missed, the room is at {head}"))
            }
            Recovery::Replayed => {
                self.position = None;
                Step::Gap("the server replays another lineage than the one seen".to_owned())
            }
            Recovery::Snapshot => Step::note(format!("connected; the room is at {head}")),
        }
    }

    /// What is already seen is passed over, whether it is a whole frame or the start of one.
    fn continued(&mut self, prev: Seq, seq: Seq, mut updates: Vec<Update>) -> Step {
        let Some(own) = self.position.as_mut() else {
            return Step::Gap("updates came before a position".to_owned());
        };
        if prev > own.seq {
            return Step::Gap(format!("the updates after {own} up to {prev} are missing"));
        }
        if seq > own.seq {
            updates.retain(|update| update.seq > own.seq);
            own.seq = seq;
            return Step::Show { updates, note: None };
        }
        Step::nothing()
    }

    /// Of the state only what is newer than the position is shown: the rest has been shown before.
    fn rebuilt(&mut self, head: &Position, mut updates: Vec<Update>) -> Step {
        let own = self.position.replace(head.clone());
        let (shown, note) = match own {
            Some(own) if own.epoch != head.epoch => {
                (0, Some(format!("{} its whole state follows", anew(&own))))
            }
            Some(own) if own.seq < head.seq => (own.seq, Some(too_old(&own, head))),
            Some(own) if own.seq > head.seq => {
                (own.seq, Some(format!("{own} is ahead of the room, which is at {head}")))
            }
            Some(own) => (own.seq, None),
            None => (0, None),
        };
        updates.retain(|update| update.seq > shown);
        Step::Show { updates, note }
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
