//! Time in the world of a room: windows, owed states and alarms come due when a test lets time pass.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::room::Effect;
use roomcast::runner::{Runner, Wait};

use crate::world::World;

impl World {
    /// Lets windows pass until none is open, and lets owed states be sent.
    pub(crate) fn rest(&mut self) {
        while self.window.is_some() || self.states.is_some() || !self.paces.is_empty() {
            if self.window.is_some() {
                self.pass_window();
            } else if self.states.is_some() {
                self.pass_states();
            } else {
                self.pass_pace();
            }
        }
        assert!(self.runner.is_resting());
    }

    /// Lets the time pass until owed states are sent.
    pub(crate) fn pass_states(&mut self) {
        let (ms, wait) = self.states.take().unwrap();
        self.pass_wait(ms, wait);
    }

    /// Lets the time pass until the first wait for what is held back ends.
    pub(crate) fn pass_pace(&mut self) {
        let first = (0..self.paces.len()).min_by_key(|place| self.paces[*place].0).unwrap();
        let (at, wait) = self.paces.remove(first);
        self.now = self.now.max(at);
        self.take_turn(|runner, world| runner.waited(wait, world));
    }

    /// Lets the open window pass, with all its laps and looks, until its updates are sent.
    pub(crate) fn pass_window(&mut self) {
        let begun = self.trace.len();
        let sent = |effect: &Effect| matches!(effect, Effect::Broadcast { .. });
        while self.window.is_some() && !self.trace[begun..].iter().any(sent) {
            self.look_at_window();
        }
    }

    /// Lets the time pass until the room next looks at its window.
    pub(crate) fn look_at_window(&mut self) {
        let (ms, wait) = self.window.take().unwrap();
        self.pass_wait(ms, wait);
    }

    fn pass_wait(&mut self, ms: u64, wait: Wait) {
        self.now = self.now.plus_ms(ms);
        self.take_turn(|runner, world| runner.waited(wait, world));
    }

    /// Lets time pass, with every alarm that is due in it.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        while let Some(at) = self.alarm.filter(|at| *at <= end) {
            self.now = at;
            self.alarm = None;
            let failures = self.failures;
            self.take_turn(Runner::wake);
            if self.failures > failures {
                // The platform repeats an alarm that has failed.
                self.alarm = Some(at.plus_ms(2_000));
            }
        }
        self.now = end;
    }
}
