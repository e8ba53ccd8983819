//! Time in the world of a room: windows, owed states and alarms come due when a test lets time pass.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::protocol::time::Timestamp;
use roomcast::room::{Effect, Verdict};
use roomcast::runner::{Asked, Runner};

use crate::world::World;

impl World {
    /// Lets windows pass until none is open, and lets owed states be sent.
    pub(crate) fn rest(&mut self) {
        loop {
            if !self.asked.is_empty() {
                self.answer_next();
            } else if self.window.is_some() {
                self.pass_window();
            } else if self.states.is_some() {
                self.pass_states();
            } else if self.gathering.is_some() {
                self.pass_gathering();
            } else if !self.paces.is_empty() {
                self.pass_pace();
            } else {
                break;
            }
        }
        assert!(self.runner.is_resting());
    }

    /// Lets the time pass until owed states are sent.
    pub(crate) fn pass_states(&mut self) {
        self.pass_ms(self.states.unwrap().0);
        // The room may have failed meanwhile.
        if let Some((_, wait)) = self.states.take() {
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
    }

    /// Lets the time pass until the room says what has changed of who is here.
    pub(crate) fn pass_gathering(&mut self) {
        self.pass_until(self.gathering.unwrap().0);
        if let Some((_, wait)) = self.gathering.take() {
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
    }

    /// Ends the wait for changes of who is here, if it is over.
    pub(crate) fn gather_if_due(&mut self) {
        if let Some((_, wait)) = self.gathering.take_if(|(at, _)| *at <= self.now) {
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
    }

    /// Ends the wait after which relays are fed again, if it is over.
    pub(crate) fn feed_again_if_due(&mut self) {
        if let Some((_, wait)) = self.feeding.take_if(|(at, _)| *at <= self.now) {
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
    }

    /// Ends the waits for what is held back that are over.
    pub(crate) fn pace_if_due(&mut self) {
        while let Some(due) = self.paces.iter().position(|(at, _)| *at <= self.now) {
            let (_, wait) = self.paces.remove(due);
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
    }

    /// Lets the time pass until the first wait for what is held back ends.
    pub(crate) fn pass_pace(&mut self) {
        self.pass_until(self.paces.iter().map(|(at, _)| *at).min().unwrap());
        let first = (0..self.paces.len()).min_by_key(|place| self.paces[*place].0);
        if let Some((_, wait)) = first.map(|first| self.paces.remove(first)) {
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
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
        self.pass_ms(self.window.unwrap().0);
        if let Some((_, wait)) = self.window.take() {
            self.take_turn(|runner, world| runner.waited(wait, world));
        }
    }

    /// Lets time pass, with every alarm that is due in it.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.pass_until(self.now.plus_ms(ms));
    }

    fn pass_until(&mut self, end: Timestamp) {
        while let Some(at) = self.alarm.filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.alarm = None;
            let failures = self.failures;
            self.take_turn(Runner::wake);
            if self.failures > failures {
                // The platform repeats an alarm that has failed.
                self.alarm = Some(at.plus_ms(2_000));
            }
        }
        self.now = self.now.max(end);
    }

    /// The tenant answers about the token that it was asked about first, and about those before it whose clients have left.
    pub(crate) fn answer_next(&mut self) {
        let mut left = 1;
        while left > 0 && !self.asked.is_empty() {
            let (token, asked) = self.asked.remove(0);
            left -= usize::from(self.members.contains_key(&asked.client));
            self.answer_about(&token, asked);
        }
    }

    fn answer_about(&mut self, token: &str, asked: Asked) {
        let verdict = self.verdicts.get(token).cloned().unwrap_or(Verdict::Unanswered);
        if let (Verdict::Granted(grant), Some(client)) =
            (&verdict, self.clients.get_mut(&asked.client))
        {
            client.hopes_for(grant.permissions.clone());
        }
        self.step(asked.answered(verdict));
    }
}
