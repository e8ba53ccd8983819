//! A room that goes out of memory: lost with what is not durable, or evicted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::VOID_MS;
use roomcast::runner::{Failure, Runner};

use crate::room::Room;
use crate::sessions::Down;
use crate::system::System;

impl Room {
    fn knows_its_failures(&mut self) {
        let world = &mut self.sessions.world;
        world.dropped.clear();
        self.failures = world.failures;
    }

    /// Each session has ended with its object, also if it had ended before, and its end was undone.
    fn end_sessions(&mut self) {
        for link in self.sessions.links.values_mut() {
            if !link.line.iter().any(|down| matches!(down, Down::Closed)) {
                link.line.push_back(Down::Closed);
            }
        }
    }
}

impl System {
    /// The object is lost while a write is under way.
    pub(crate) fn loses_write(&mut self, name: &str, number: u64) {
        if self.rooms[name].pending && self.rooms[name].writes == number {
            self.crash(name);
        }
    }

    /// The object is lost, with everything that is not durable.
    pub(crate) fn crash(&mut self, name: &str) {
        self.remark(|| format!("{name} is lost"));
        let skew = self.skew();
        let room = self.rooms.get_mut(name).unwrap();
        self.counts.crashes += 1;
        room.skew = skew;
        room.objects += 1;
        // Whoever waits for an answer learns that there is none as of everything that is lost.
        room.posts.clear();
        room.held.clear();
        room.fresh.clear();
        room.waits.clear();
        room.entered = (None, None);
        let undone = std::mem::take(&mut room.pending);
        self.counts.undone += u64::from(undone);
        let (disk, alarm, since) = (room.disk.clone(), room.alarm, room.durable_at);
        let marks = std::mem::take(&mut room.marks);
        let world = room.world();
        (world.window, world.states, world.gathering) = (None, None, None);
        (world.feeding, world.asks_parent) = (None, false);
        world.meals.clear();
        world.written.clear();
        world.paces.clear();
        world.asked.clear();
        world.unanswered.clear();
        world.wires.clear();
        if undone {
            room.listed = room.durably_listed;
            let world = room.world();
            (world.disk, world.alarm) = (disk, alarm);
            let head = world.disk.head();
            world.history.split_off(&(head + 1));
            world.taken.retain(|_, at| *at < since);
            for (sid, link) in &mut room.sessions.links {
                link.line.truncate(marks.get(sid).copied().unwrap_or(0));
            }
        }
        (room.listing, room.asking) = (false, None);
        room.sessions.kill();
        room.end_sessions();
        // The next object knows nothing of this one. But rows and the alarm of a turn are one write on the platform: a room without an
        // alarm is one whose turn has failed, and knows that.
        if room.world().alarm.is_some() {
            room.world().runner = Runner::default();
        } else {
            // It may have set its alarm since, and that is undone.
            let failure = Failure { stage: "object", cause: "it is lost".to_owned() };
            room.world().with_runner(|runner, world| runner.fail(&failure, world));
            room.knows_its_failures();
        }
        room.looked = room.sessions.world.trace.len();
        room.connections.clear();
        self.end_lines(name);
        let program = crate::events::To::Room(name.to_owned());
        // Whoever has asked this object and not the next hears nothing.
        self.calendar.lose(&program);
        self.give_up(&program);
        self.enter_waits(name);
    }

    /// All connections of an object end with it, also those whose end it had not sent yet.
    fn end_lines(&mut self, name: &str) {
        let held = self.lines.iter_mut().filter(|(_, line)| line.held && line.room == name);
        let mut ended = Vec::new();
        for (client, line) in held {
            line.held = false;
            ended.push(client.clone());
        }
        for client in ended {
            self.send_down(&client, None);
        }
    }

    /// The object is evicted, if the platform may do that.
    pub(crate) fn evict(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        let world = &room.sessions.world;
        let waits = !world.paces.is_empty()
            || !world.asked.is_empty()
            || room.listing
            || room.asking.is_some();
        // The platform keeps an object for a while after a request.
        let asked = world.now.ms_since(room.asked) < VOID_MS;
        if room.pending || waits || asked || !world.runner.is_resting() {
            return;
        }
        self.counts.evictions += 1;
        self.remark(|| format!("{name} is evicted"));
        let room = self.rooms.get_mut(name).unwrap();
        room.sessions.evict();
    }
}
