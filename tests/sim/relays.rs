//! The objects of a room that has spread, as `src/shell/room_host/tree.rs` connects them: relays ask their parents, which feed them.
//!
//! Their questions and answers are under way like all others. Whoever wants something of a relay that has to ask first waits here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::hop::feed;
use roomcast::protocol::ids::{Position, RoomName};
use roomcast::protocol::relay::RelayName;
use roomcast::room::tree::company::letters::Letter;
use roomcast::room::tree::company::roll::Addressee;
use roomcast::room::tree::feeding::{Ate, Guest, Hunger};
use roomcast::room::tree::placing::Seeking;
use roomcast::room::Input;
use roomcast::runner::Runner;

use crate::entrance::Joining;
use crate::events::{Answer, Asker, Call, To};
use crate::system::System;
use crate::undertaking::What;
use crate::world::World;

/// How long an object waits for another, in milliseconds.
pub(crate) const PATIENCE_MS: u64 = 5_000;

/// How often a relay asks for one client.
const QUESTIONS: u8 = 2;

/// Who waits for what a relay has asked.
pub(crate) enum Waiter {
    Client(Box<Joining>),
    Child(Hunger, Option<Asker>),
    Nobody,
}

/// A call to another object, which leaves when everything is durable.
pub(crate) enum Errand {
    Feed(Guest, String),
    Ask(String),
    Write(Addressee, Letter),
}

/// The root of a room, of which this is an object.
pub(crate) fn root(name: &str) -> &str {
    name.split_once('#').map_or(name, |(root, _)| root)
}

pub(crate) fn relay(name: &str) -> Option<RelayName> {
    name.parse::<RoomName>().unwrap().relay
}

pub(crate) fn object(name: &str, relay: Option<RelayName>) -> String {
    name.parse::<RoomName>().unwrap().at(relay).to_string()
}

/// Members from which a room spreads; one does not.
pub(crate) fn above(board: &str) -> Option<usize> {
    match board {
        "b-1" => Some(1),
        "b-2" => Some(3),
        _ => None,
    }
}

/// Whether the members of a room see each other: in one that does not spread, and in one that does.
pub(crate) fn has_company(board: &str) -> bool {
    above(board) != Some(3)
}

impl System {
    /// A question to an object of a room about the room's tree.
    pub(crate) fn tree_is_asked(&mut self, name: &str, call: Call, asker: Option<Asker>) {
        match call {
            Call::Place(text) => {
                let seeking: Seeking = serde_json::from_str(&text).unwrap();
                let placed = self.turn(name, "Placed", |sessions| {
                    sessions.world.answered(|runner, world| runner.place(&seeking, world))
                });
                self.hold(name, asker, placed.map_or(Answer::Lost, Answer::Placed));
            }
            Call::Hunger(text) => {
                let hunger: Hunger = serde_json::from_str(&text).unwrap();
                self.serve(name, hunger, asker, 0);
            }
            Call::Feed(text) => {
                let served = feed::decode(&text).unwrap();
                let ate = self.turn(name, "Fed on", |sessions| {
                    sessions.world.answered(|runner, world| runner.eat(served, world))
                });
                self.hold(name, asker, ate.map_or(Answer::Lost, Answer::Ate));
            }
            Call::Letter(text) => self.gets_letter(name, &text, asker),
            other => std::panic::panic_any(format!("no question to a tree: {other:?}")),
        }
    }

    fn serve(&mut self, name: &str, hunger: Hunger, asker: Option<Asker>, times: u8) {
        let wants: Option<Position> = hunger.wants.as_deref().and_then(|text| text.parse().ok());
        let waiter = self.up_to_date(name, wants.as_ref(), Waiter::Child(hunger, asker), times);
        let Some(Waiter::Child(hunger, asker)) = waiter else { return };
        let served = self.turn(name, "Hungry", |sessions| {
            sessions.world.answered(|runner, world| runner.serve(&hunger, world)).flatten()
        });
        let answer = served.map(|served| Answer::Served(feed::encode(&served)));
        self.hold(name, asker, answer.unwrap_or(Answer::Lost));
    }

    /// Has somebody go on when the relay lacks nothing that he has seen.
    pub(crate) fn up_to_date(
        &mut self,
        name: &str,
        position: Option<&Position>,
        waiter: Waiter,
        times: u8,
    ) -> Option<Waiter> {
        if times < QUESTIONS && self.lacks(name, position) {
            self.ask_parent(name, position, (waiter, times + 1));
            return None;
        }
        Some(waiter)
    }

    pub(crate) fn lacks(&mut self, name: &str, position: Option<&Position>) -> bool {
        let lacking = |runner: &mut Runner, world: &mut World| runner.lacks(position, world);
        let world = self.rooms.get_mut(name).unwrap().world();
        world.with_runner(lacking) != Ok(false)
    }

    /// A relay asks its parent, or waits for the answer to what it has asked already.
    fn ask_parent(&mut self, name: &str, wants: Option<&Position>, waiter: (Waiter, u8)) {
        let room = self.rooms.get_mut(name).unwrap();
        if let Some(waiting) = &mut room.asking {
            waiting.push(waiter);
            return;
        }
        room.asking = Some(vec![waiter]);
        let hunger = self.turn(name, "asks", |sessions| {
            sessions.world.with_runner(|runner, world| runner.hunger(wants, world))
        });
        match hunger {
            Ok(Some(hunger)) => {
                let errand = Errand::Ask(serde_json::to_string(&hunger).unwrap());
                self.run_errand(name, errand);
            }
            _ => self.parent_has_answered(name, &Answer::Lost),
        }
    }

    /// Takes up what a turn of a room wants of other objects.
    pub(crate) fn enter_errands(&mut self, name: &str) {
        let world = self.rooms.get_mut(name).unwrap().world();
        let meals = std::mem::take(&mut world.meals);
        let asks = std::mem::take(&mut world.asks_parent);
        let letters = std::mem::take(&mut world.written);
        for (guest, served) in meals {
            self.run_errand(name, Errand::Feed(guest, feed::encode(&served)));
        }
        for (to, letter) in letters {
            self.run_errand(name, Errand::Write(to, letter));
        }
        if asks {
            self.ask_parent(name, None, (Waiter::Nobody, QUESTIONS));
        }
    }

    fn run_errand(&mut self, name: &str, errand: Errand) {
        let room = self.rooms.get_mut(name).unwrap();
        if room.pending {
            room.held.push(crate::room::Held::Errand(errand));
        } else {
            self.set_out(name, errand);
        }
    }

    /// A call to another object leaves.
    pub(crate) fn set_out(&mut self, name: &str, errand: Errand) {
        let of = Some(To::Room(name.to_owned()));
        let (to, what, call) = match errand {
            Errand::Feed(guest, text) => {
                (Some(guest.0), What::Feed(name.to_owned(), guest), Call::Feed(text))
            }
            Errand::Write(to, letter) => return self.send_letter(name, to, &letter),
            Errand::Ask(text) => {
                let parent = relay(name).and_then(RelayName::parent);
                (parent, What::AskParent(name.to_owned()), Call::Hunger(text))
            }
        };
        let number = self.begin(of, what);
        self.ask((To::Room(object(name, to)), call), (number, 0), PATIENCE_MS);
    }

    pub(crate) fn child_has_eaten(&mut self, name: &str, guest: Guest, answer: Answer) {
        let ate: Option<Ate> = match answer {
            Answer::Ate(ate) => Some(ate),
            _ => None,
        };
        self.turn(name, "Fed", |sessions| sessions.world.step(Input::Fed { guest, ate }));
    }

    pub(crate) fn parent_has_answered(&mut self, name: &str, answer: &Answer) {
        let served = match answer {
            Answer::Served(text) => feed::decode(text),
            _ => None,
        };
        let waiting = self.rooms.get_mut(name).unwrap().asking.take();
        let answered = served.is_some();
        let input = if answered { "Adopted" } else { "Unanswered" };
        let taken = self.turn(name, input, |sessions| {
            sessions.world.answered(|runner, world| {
                let alarm = match served {
                    Some(served) => runner.adopt(served, world)?,
                    None => runner.unanswered(world)?,
                };
                Ok((alarm, ()))
            })
        });
        self.list(name);
        let answered = answered && taken.is_some();
        for (waiter, times) in waiting.unwrap_or_default() {
            self.release_waiter(name, waiter, times, answered);
        }
    }

    fn release_waiter(&mut self, name: &str, waiter: Waiter, times: u8, answered: bool) {
        match waiter {
            Waiter::Client(joining) if answered => self.joins_again(name, *joining, times),
            Waiter::Client(joining) => {
                self.hold(name, joining.asker, Answer::Refused("its parent does not answer"));
            }
            Waiter::Child(hunger, asker) if answered => self.serve(name, hunger, asker, times),
            Waiter::Child(_, asker) => self.hold(name, asker, Answer::Lost),
            Waiter::Nobody => {}
        }
    }
}
