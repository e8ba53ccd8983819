//! What wakes a room by time: the ends of its waits, and its alarm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::protocol::time::Timestamp;

use crate::events::{Event, Waited};
use crate::system::System;

impl System {
    /// A wait is over. It ends no sooner than what was written is durable.
    pub(crate) fn wait_is_over(&mut self, name: &str, waited: Waited, number: u64) {
        let room = self.rooms.get_mut(name).unwrap();
        if room.is_void(waited, number) {
            return;
        }
        if room.pending {
            self.later(3, Event::Waited(name.to_owned(), waited, number));
            return;
        }
        room.waits.remove(&waited);
        room.entered.1 = room.entered.1.filter(|_| waited != Waited::Pace);
        let now = self.clock(self.rooms[name].skew);
        self.turn(name, label(waited), |sessions| {
            let world = &mut sessions.world;
            let wait = match waited {
                Waited::Window => world.window.take().map(|(_, wait)| wait),
                Waited::States => world.states.take().map(|(_, wait)| wait),
                Waited::Presence => world.gathering.take().map(|(_, wait)| wait),
                Waited::Feed => world.feeding.take().map(|(_, wait)| wait),
                Waited::Pace => {
                    let due = world.paces.iter().position(|(at, _)| *at <= now);
                    due.map(|place| world.paces.remove(place).1)
                }
            };
            if let Some(wait) = wait {
                world.take_turn(|runner, world| runner.waited(wait, world));
            }
        });
    }

    pub(crate) fn room_wakes(&mut self, name: &str, at: Timestamp) {
        let room = self.rooms.get_mut(name).unwrap();
        // Another alarm has taken its place.
        if room.world().alarm != Some(at) {
            return;
        }
        room.entered.0 = None;
        if self.clock(self.rooms[name].skew) < at {
            let when = self.when(at, self.rooms[name].skew);
            self.calendar.enter(when, Event::Alarm(name.to_owned(), at));
            return;
        }
        let failures = self.rooms[name].failures;
        let had = self.rooms[name].sessions.world.disk.has_begun();
        self.turn(name, "Woken", |sessions| {
            sessions.world.alarm = None;
            sessions.world.take_turn(roomcast::runner::Runner::wake);
        });
        let room = self.rooms.get_mut(name).unwrap();
        if room.failures > failures {
            // The platform repeats an alarm that has failed.
            let again = room.world().now.plus_ms(2_000);
            room.world().alarm = Some(again);
            room.pending = true;
            room.writes += 1;
            let number = room.writes;
            self.later(2, Event::Durable(name.to_owned(), number));
            self.enter_waits(name);
        } else if had && !room.world().disk.has_begun() {
            self.room_has_ended(name);
        }
    }
}

fn label(waited: Waited) -> &'static str {
    match waited {
        Waited::Window => "WindowElapsed",
        Waited::States => "StatesDue",
        Waited::Presence => "PresenceDue",
        Waited::Feed => "FeedDue",
        Waited::Pace => "PaceElapsed",
    }
}
