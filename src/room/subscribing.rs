//! Subscriptions: a member changes the topics of its view, and is sent the state of what it did not see before.
//!
//! All of it happens in one turn, so that there is neither a gap nor a duplicate between that state and the tail.

use std::rc::Rc;

use super::input::Resume;
use super::ladder::Rung;
use super::member::Member;
use super::outgoing::{Message, Snapshot};
use super::view::View;
use super::{Effect, Turn};
use crate::protocol::client_frame::BadFrame;
use crate::protocol::codes::FrameFault;
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

impl Turn<'_> {
    /// Adds a client whose position counts for other topics than those of its view. It is sent what it missed of the topics
    /// that it had and still wants, and the state of those that are new.
    #[inline(never)]
    pub(super) fn rejoin(
        &mut self,
        client: &ClientId,
        mut member: Member,
        (resume, seen): (&Resume, &Topics),
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let wanted = member.view.topics.clone();
        member.view.topics = seen.within(&wanted);
        let grows = member.view.topics != wanted;
        self.join(client, member, resume, now, effects);
        if grows {
            let (added, _) = self.added(client, &wanted);
            effects.extend(self.grow(client, wanted, None, added, now));
            self.remember(client, effects);
        }
    }

    /// Adds topics to a member's subscription, unless as many members have them as may.
    pub(super) fn subscribe(
        &mut self,
        client: &ClientId,
        (more, most): (&Topics, Option<usize>),
        reference: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, BadFrame> {
        let refused = |fault, message: &str, reference| {
            Err(BadFrame { fault, message: message.to_owned(), reference })
        };
        let Some(member) = self.members.by_client.get(client) else { return Ok(Vec::new()) };
        if !member.allowed.cover(more) {
            let message = "the token does not allow one of these topics";
            return refused(FrameFault::TopicRefused, message, reference);
        }
        let has = |member: &Member| member.view.topics.cover(more);
        let others = || self.members.by_client.values().filter(|one| has(one)).count();
        if !has(member) && most.is_some_and(|most| others() >= most) {
            let message = "as many clients as may have this topic have it: try again later";
            return refused(FrameFault::TopicFull, message, reference);
        }
        let topics = match member.view.topics.with(more) {
            Ok(topics) => topics,
            Err(bad) => return refused(FrameFault::BadTopic, &bad.to_string(), reference),
        };
        if member.view.rung == Rung::Held {
            let message =
                "acknowledge what you were sent, then try again: this connection is behind";
            return refused(FrameFault::Busy, message, reference);
        }
        let (added, bytes) = self.added(client, &topics);
        if bytes > 0 && !self.members.backlog.takes_recovery(bytes, self.limits) {
            let message = "others are being sent so much that this has to wait: try again";
            return refused(FrameFault::Busy, message, reference);
        }
        Ok(self.grow(client, topics, reference, added, now))
    }

    /// Takes topics from a member's subscription.
    pub(super) fn unsubscribe(
        &mut self,
        client: &ClientId,
        less: &Topics,
        reference: Option<String>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(member) = self.members.by_client.get(client) else { return Vec::new() };
        let (before, user) = (member.view.clone(), member.user.clone());
        let topics = before.topics.without(less);
        let view = View { topics: topics.clone(), ..before.clone() };
        let mut effects = self.enter(client, &view, now);
        // A member that is held has not been sent everything up to the head.
        let held = before.rung == Rung::Held;
        let seen = (!held).then(|| self.log.head_of(before.of(&user)).seq);
        effects.extend(self.tell(client, Message::Unsubscribed { reference, topics, seen }));
        effects
    }

    /// Changes how often a member is sent frames.
    pub(super) fn change_pace(
        &mut self,
        client: &ClientId,
        pace_ms: u32,
        reference: Option<String>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(member) = self.members.by_client.get(client) else { return Vec::new() };
        let view = View { pace_ms, ..member.view.clone() };
        self.change_view(client, &view, Message::Paced { reference, ms: pace_ms }, now)
    }

    /// The state of what a member does not see yet and would see with these topics, and its bytes.
    fn added(&self, client: &ClientId, topics: &Topics) -> (Rc<Snapshot>, usize) {
        let member = self.members.by_client.get(client);
        let added = member.map(|member| {
            let view = View { topics: topics.clone(), ..member.view.clone() };
            self.log.added(view.of(&member.user), member.viewer())
        });
        let added = added
            .unwrap_or_else(|| Rc::new(Snapshot { head: self.head(), mark: None, each: vec![] }));
        let bytes = added.each.iter().map(|slice| slice.text.len()).sum();
        (added, bytes)
    }

    /// Replaces the topics of a member's subscription by more, and sends the state of what is new.
    fn grow(
        &mut self,
        client: &ClientId,
        topics: Topics,
        reference: Option<String>,
        added: Rc<Snapshot>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let bytes = added.each.iter().map(|slice| slice.text.len()).sum();
        let Some(member) = self.members.by_client.get(client) else { return Vec::new() };
        let view = View { topics: topics.clone(), ..member.view.clone() };
        let message = Message::Subscribed { reference, topics, added };
        let effects = self.change_view(client, &view, message, now);
        self.members.backlog.recover(client, bytes, now);
        effects
    }

    /// Moves a member to the group of another view, and tells it.
    pub(super) fn change_view(
        &mut self,
        client: &ClientId,
        view: &View,
        message: Message,
        now: Timestamp,
    ) -> Vec<Effect> {
        let mut effects = self.enter(client, view, now);
        effects.extend(self.tell(client, message));
        effects
    }

    /// Moves a member to the group of a view. What is unsent or held is sent before, as the previous view shows it.
    pub(super) fn enter(&mut self, client: &ClientId, view: &View, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.flush(now, &mut effects);
        let Some(before) = self.members.by_client.get(client).map(|member| member.view.clone())
        else {
            return effects;
        };
        self.release(&before, now, &mut effects);
        if before != *view {
            self.release(view, now, &mut effects);
            let group = self.members.change_view(client, view, now);
            self.members.level(self.log);
            effects.extend(group.map(|group| Effect::Enter { client: client.clone(), group }));
        }
        effects
    }
}
