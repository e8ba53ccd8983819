//! The lives of topics: clients of Socket.IO may join a topic that ends. It ends for all of them at once, so many seconds after
//! the first has joined, as the document says. Whoever joins it after that begins it anew.
//!
//! The end is kept with each member that has the topic, so nothing has to be stored here. A topic that its last member
//! leaves has no end any more. What is in the topic stays in the log: this is about who is sent it.

use serde::{Deserialize, Serialize};

use super::expiry::Times;
use super::member::Member;
use super::members::Members;
use super::view::View;
use super::{Effect, Turn};
use crate::protocol::pattern::Pattern;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// A topic of a member that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The topic, as the member has it.
    pub topic: Pattern,
    /// When it ends.
    pub ends: Timestamp,
}

/// The topics of a room that end.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// Each topic with its end, and how many members have it. Sorted by topic.
    topics: Vec<(Life, usize)>,
    times: Times,
}

impl Lives {
    /// When a topic next ends.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.times.first()
    }

    fn place(&self, topic: &Pattern) -> Result<usize, usize> {
        self.topics.binary_search_by(|(life, _)| life.topic.cmp(topic))
    }

    fn end_of(&self, topic: &Pattern) -> Option<Timestamp> {
        let (life, _) = self.topics.get(self.place(topic).ok()?)?;
        Some(life.ends)
    }

    pub(super) fn enter(&mut self, lives: &[Life]) {
        for life in lives {
            self.times.add(life.ends);
            let place = self.place(&life.topic);
            match place.map(|place| self.topics.get_mut(place)) {
                Ok(Some((_, members))) => *members += 1,
                Ok(None) => {}
                Err(place) => self.topics.insert(place, (life.clone(), 1)),
            }
        }
    }

    pub(super) fn leave(&mut self, lives: &[Life]) {
        for life in lives {
            self.times.take(life.ends);
            let Ok(place) = self.place(&life.topic) else { continue };
            let Some((_, members)) = self.topics.get_mut(place) else { continue };
            *members -= 1;
            if *members == 0 {
                self.topics.remove(place);
            }
        }
    }
}

impl Member {
    /// The topics of it that have ended.
    fn ended(&self, now: Timestamp) -> Vec<Pattern> {
        let ended = self.lives.iter().filter(|life| life.ends <= now);
        ended.map(|life| life.topic.clone()).collect()
    }
}

impl Members {
    /// When a grant or a topic next ends, or a member has to be told of the end of its grant.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        [self.expiry.next(), self.lives.next()].into_iter().flatten().min()
    }

    /// The ends of the topics that a member has in a view. `own` are those that it had before.
    pub(super) fn lives_in(&self, view: &View, own: &[Life], now: Timestamp) -> Vec<Life> {
        if !view.dialect.ends_topics() {
            return Vec::new();
        }
        let life = |topic: Pattern| {
            let ms = view.dialect.life_ms(&topic.0)?;
            let had = own.iter().find(|life| life.topic == topic).map(|life| life.ends);
            let ends = had.or_else(|| self.lives.end_of(&topic)).unwrap_or(now.plus_ms(ms));
            Some(Life { topic, ends })
        };
        view.topics.patterns().into_iter().filter_map(life).collect()
    }
}

impl Turn<'_> {
    /// Takes the topics that have ended from the members that have them, and tells these.
    pub(super) fn end_topics(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.members.lives.next().is_some_and(|at| at <= now) {
            self.end_those_due(now, effects);
        }
    }

    #[inline(never)]
    fn end_those_due(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for client in self.members.those(|_, member| !member.ended(now).is_empty()) {
            let ended = self.members.by_client.get(&client).map(|member| member.ended(now));
            let ended = Topics::from(ended.unwrap_or_default());
            effects.extend(self.unsubscribe(&client, &ended, None, now));
            self.remember(&client, effects);
        }
    }
}
