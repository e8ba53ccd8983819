//! Letters between the objects of a room, as `src/shell/room_host/company.rs` carries them: who is at each, and signals.
//!
//! They are encoded, and under way like all questions. Nobody waits for the answer to a signal.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use roomcast::hop::company;
use roomcast::room::tree::company::letters::{Letter, Reply};
use roomcast::room::tree::company::roll::Addressee;
use roomcast::room::Input;

use crate::events::{Answer, Asker, Call, To};
use crate::relays::{object, PATIENCE_MS};
use crate::system::System;
use crate::undertaking::What;

impl System {
    /// A letter leaves an object.
    pub(crate) fn send_letter(&mut self, name: &str, to: Addressee, letter: &Letter) {
        let (program, call) = (To::Room(object(name, to.0)), Call::Letter(company::encode(letter)));
        if matches!(letter, Letter::Signal(_)) {
            self.tell(program, call);
            return;
        }
        let of = Some(To::Room(name.to_owned()));
        let number = self.begin(of, What::Write(name.to_owned(), to));
        self.ask((program, call), (number, 0), PATIENCE_MS);
    }

    /// A letter reaches an object. One that has not begun, or has ended, does not begin.
    pub(crate) fn gets_letter(&mut self, name: &str, text: &str, asker: Option<Asker>) {
        let letter = company::decode(text).unwrap();
        let room = self.rooms.get_mut(name).unwrap();
        if !room.sessions.world.disk.has_begun() {
            self.hold(name, asker, Answer::Written(Reply::Gone));
            return;
        }
        let reply = self.turn(name, "A letter", |sessions| {
            sessions.world.answered(|runner, world| runner.receive(letter, world))
        });
        self.hold(name, asker, reply.map_or(Answer::Lost, Answer::Written));
    }

    /// A letter was answered, or not.
    pub(crate) fn letter_is_answered(&mut self, name: &str, to: Addressee, answer: Answer) {
        let reply = match answer {
            Answer::Written(reply) => Some(reply),
            _ => None,
        };
        self.turn(name, "Replied", |sessions| sessions.world.step(Input::Replied { to, reply }));
    }
}
