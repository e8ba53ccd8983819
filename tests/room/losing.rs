//! How the world of a room loses what is in memory: by an eviction, by `kill -9`, or because the room gives itself up.

use roomcast::limits::SWEEP_EVERY_MS;
use roomcast::runner::Runner;

use crate::world::World;

impl World {
    /// Loses every connection and the room's memory at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.clients.clear();
        self.start_anew();
    }

    /// Loses what is in memory, with what it waits for and every connection. The disk and the alarm stay.
    pub(crate) fn start_anew(&mut self) {
        self.end_connections();
        self.stale.clear();
        self.runner = Runner::default();
        self.awaited.clear();
        // Setting an alarm has failed before. The platform would not have stored the rows of that turn either.
        let at = (self.disk.head() > 0).then(|| self.now.plus_ms(SWEEP_EVERY_MS));
        self.alarm = self.alarm.or(at);
    }

    /// Ends all members, and makes what the room waits for that of a room that is no longer there.
    pub(crate) fn end_connections(&mut self) {
        self.members.clear();
        let waits = [self.window.take(), self.states.take()];
        self.stale.extend(waits.into_iter().flatten().map(|(_, wait)| wait));
        self.stale.extend(self.gathering.take().map(|(_, wait)| wait));
        self.stale.extend(self.reports.wait.take().map(|(_, wait)| wait));
        self.stale.extend(self.feeding.take().map(|(_, wait)| wait));
        self.stale.extend(std::mem::take(&mut self.paces).into_iter().map(|(_, wait)| wait));
    }

    /// Evicts the room. The platform does so only while nothing is pending.
    pub(crate) fn evict(&mut self) {
        self.rest();
        // A report keeps no room.
        self.reports.wait = None;
        self.runner.forget();
        self.awaited.clear();
    }
}
