//! The publishers. Each sends one post at a time: in a closed loop when the last post was answered, in an open loop
//! when its turn comes.
//!
//! A failed post is counted and not repeated. `posting` sends the posts.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::options::LoadOptions;
use crate::peer::exchange::Post;
use crate::schedule::{counted_from, Schedule};
use crate::trial::{size, Trial};

const REST_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Starts the publishers. They end when `events` have been sent, or when they are stopped. Each
/// returns how many posts were due but not made.
pub(crate) fn start(trial: &Arc<Trial>, options: &LoadOptions, events: u64) -> JoinSet<u64> {
    let begin = trial.stopwatch.now();
    trial.posting.allow(events);
    let batch = u32::try_from(options.batch).unwrap_or(u32::MAX);
    let mut publishers = JoinSet::new();
    for index in 0..options.publishers {
        let turns = (u64::from(index), u64::from(options.publishers));
        let publisher = Publisher {
            trial: Arc::clone(trial),
            index: size(index),
            begins: first_room(size(index), size(options.publishers), trial.rooms.len()),
            batch: u64::from(batch),
            payload: options.payload,
            schedule: options.rate.map(|rate| Schedule::new(begin, rate, batch, turns)),
            posts: 0,
            numbers: vec![0; trial.rooms.len()],
        };
        publishers.spawn(publisher.run());
    }
    publishers
}

/// Waits for the publishers, and returns how many posts were due but not made.
pub(crate) async fn finish(mut publishers: JoinSet<u64>) -> u64 {
    let mut unsent = 0;
    while let Some(done) = publishers.join_next().await {
        unsent += done.unwrap_or(0);
    }
    unsent
}

/// The room with which a publisher begins. All go through the rooms in the same order, so they begin as far from each other as
/// possible: else they would come to each room together, and all other rooms would sleep meanwhile.
fn first_room(publisher: usize, publishers: usize, rooms: usize) -> usize {
    rooms * publisher / publishers.max(1)
}

struct Publisher {
    trial: Arc<Trial>,
    index: usize,
    /// The room of its first event. It goes through the rooms in order.
    begins: usize,
    batch: u64,
    payload: usize,
    schedule: Option<Schedule>,
    posts: usize,
    /// Events so far, by room.
    numbers: Vec<u64>,
}

impl Publisher {
    async fn run(mut self) -> u64 {
        while let Some(sent_us) = self.turn().await {
            let events = self.trial.posting.take(self.batch);
            if events == 0 {
                break;
            }
            if let Some(schedule) = self.schedule.as_mut() {
                schedule.advance();
            }
            self.publish(sent_us, events).await;
        }
        let until = self.trial.stopwatch.until();
        self.schedule.map_or(0, |schedule| schedule.missed(until))
    }

    /// Waits for its turn, and returns the time from which latency counts. `None` if there are no more turns.
    async fn turn(&self) -> Option<u64> {
        let stopwatch = &self.trial.stopwatch;
        let Some(schedule) = &self.schedule else {
            return Some(stopwatch.now());
        };
        let due = schedule.due();
        let early = due > stopwatch.now();
        if early {
            tokio::select! {
                () = sleep_until(stopwatch.instant(due)) => {}
                () = self.trial.posting.over() => return None,
            }
        }
        Some(counted_from(due, stopwatch.now(), early))
    }

    async fn publish(&mut self, sent_us: u64, events: u64) {
        let trial = Arc::clone(&self.trial);
        let index = (self.begins + self.posts) % trial.rooms.len().max(1);
        self.posts += 1;
        let (Some(room), Some(number)) = (trial.rooms.get(index), self.numbers.get_mut(index))
        else {
            return;
        };
        let first = *number + 1;
        *number += events;
        let (publisher, payload) = (self.index, self.payload);
        let head = room.head();
        let post = Post { room: &room.session, publisher, first, events, head, sent_us, payload };
        let composed = trial.peer.compose(&post);
        room.awake.with(|awake| awake.begin(trial.stopwatch.now()));
        let answer = trial.posting.send(composed).await;
        room.awake.with(|awake| awake.end(trial.stopwatch.now()));
        match answer {
            Ok(body) => {
                let accepted = trial.peer.accepted(&post, &body);
                room.advance(accepted);
                answered(&trial, &post, accepted.events);
            }
            Err(why) => {
                trial.posting.failures.add(why);
                sleep(REST_AFTER_FAILURE).await;
            }
        }
    }
}

fn answered(trial: &Trial, post: &Post<'_>, accepted: u64) {
    trial.posting.add(accepted);
    if accepted < post.events {
        trial.posting.failures.add("accepted only some of the events".to_owned());
    }
    let now = trial.stopwatch.now();
    if trial.stopwatch.measures(post.sent_us, now) {
        let took = now.saturating_sub(post.sent_us);
        trial.posting.answered.with(|latencies| latencies.record(took));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_rooms(publishers: usize, rooms: usize) -> Vec<usize> {
        (0..publishers).map(|publisher| first_room(publisher, publishers, rooms)).collect()
    }

    #[test]
    fn publishers_begin_as_far_from_each_other_as_possible() {
        assert_eq!(first_rooms(4, 500), [0, 125, 250, 375]);
        assert_eq!(first_rooms(3, 10), [0, 3, 6]);
        assert_eq!(first_rooms(4, 2), [0, 0, 1, 1]);
        assert_eq!(first_rooms(3, 1), [0, 0, 0]);
    }
}
