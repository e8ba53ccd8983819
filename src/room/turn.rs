//! One turn of a room: what it does with an input that needs the log.
//!
//! Inputs that need none are handled before, in `mod.rs`, so that they read nothing from storage.

use super::log::Log;
use super::member::Member;
use super::members::Members;
use super::pacing::Pacing;
use super::publish::Burst;
use super::tree::Tree;
use super::{Effect, Input};
use crate::limits::RoomLimits;
use crate::protocol::ids::{Position, Seq, SessionId};
use crate::protocol::time::Timestamp;

/// A room whose log is in memory, while it handles one input.
pub(super) struct Turn<'r> {
    pub(super) session: &'r SessionId,
    pub(super) limits: &'r RoomLimits,
    pub(super) members: &'r mut Members,
    pub(super) log: &'r mut Log,
    pub(super) burst: &'r mut Burst,
    pub(super) pacing: &'r mut Pacing,
    pub(super) tree: &'r mut Tree,
}

impl Turn<'_> {
    pub(super) fn handle(&mut self, input: Input<'_>, now: Timestamp, effects: &mut Vec<Effect>) {
        self.end_topics(now, effects);
        match input {
            Input::Connected { client, grant, view, company, resume, resume_topics, address } => {
                effects.extend(self.log.begin().map(Effect::Found));
                let mut member = Member { address, ..Member::new(grant, view, now) };
                member.part.may = company;
                match resume_topics.filter(|_| resume.position().is_some()) {
                    None => self.join(&client, member, &resume, now, effects),
                    Some(seen) => self.rejoin(&client, member, (&resume, &seen), now, effects),
                }
            }
            Input::Frame { client, said } => self.receive(client, said, now, effects),
            Input::Published(post) => {
                effects.extend(self.log.begin().map(Effect::Found));
                self.publish(post, now, effects);
            }
            Input::WindowElapsed => self.look_at_window(now, effects),
            Input::StatesDue => self.send_due_states(now, effects),
            Input::PaceElapsed => self.release_due(now, effects),
            Input::Verified { client, reference, verdict } => {
                self.renew(&client, reference, verdict, now, effects);
            }
            // These are handled before: they need no log, or can fail.
            Input::Disconnected { .. }
            | Input::Woken { .. }
            | Input::PresenceDue
            | Input::Pinged(_)
            | Input::Adopted { .. }
            | Input::Unanswered
            | Input::Fed { .. }
            | Input::FeedDue
            | Input::Replied { .. }
            | Input::Revoked(_)
            | Input::Ruled(_)
            | Input::Announced { .. }
            | Input::Abolished
            | Input::Crowded { .. } => {}
        }
        self.look_who_is_slow(effects);
    }

    pub(super) fn head(&self) -> Position {
        self.log.head()
    }

    pub(super) fn head_seq(&self) -> Seq {
        self.log.head_seq()
    }
}
