//! Undertakings: what a program does in several steps, between which it waits for others. Each goes on by itself, and is given up when its
//! program ends.

use roomcast::protocol::time::Timestamp;
use roomcast::room::tree::company::roll::Addressee;
use roomcast::room::tree::feeding::Guest;

use crate::connecting::Entering;
use crate::events::{Answer, Asker, To};
use crate::posting::Posting;
use crate::seat::Asking;
use crate::system::System;
use crate::tenant::Passing;

pub(crate) struct Undertaking {
    /// The program, which may end before; clients and backends never do.
    pub(crate) of: Option<To>,
    pub(crate) what: What,
}

pub(crate) enum What {
    /// A client waits for a front Worker.
    Knock(usize),
    /// A backend waits for one.
    Hand(usize),
    /// A front Worker looks whether its copy of the tenant's document is still right, and nobody waits for it.
    Compare {
        front: usize,
        checked: Timestamp,
        asked: Timestamp,
    },
    Enter(Box<Entering>),
    Post(Box<Posting>),
    /// A seat asks rooms about connections.
    Ask(Asking),
    /// A seat tells rooms of a revocation: how many have not heard it.
    Revoke {
        seat: String,
        silent: usize,
        again: bool,
    },
    /// Somebody revokes, and waits.
    Order(crate::seat::Order),
    /// A room tells its tenant that it has begun.
    List(String),
    /// A room tells its tenant who is there: which change.
    Announce(String, u64),
    /// A relay asks its parent.
    AskParent(String),
    /// An object feeds a relay.
    Feed(String, Guest),
    /// An object has written to another.
    Write(String, Addressee),
    /// The tenant's object tells rooms its rule.
    Pass(Passing),
}

impl System {
    pub(crate) fn begin(&mut self, of: Option<To>, what: What) -> u64 {
        self.begun += 1;
        self.undertakings.insert(self.begun, Undertaking { of, what });
        self.begun
    }

    /// A program ends, with everything that it was doing.
    pub(crate) fn give_up(&mut self, program: &To) {
        self.undertakings.retain(|_, one| one.of.as_ref() != Some(program));
    }

    /// An answer has come, or none. What is answered twice, or too late, is not heard.
    pub(crate) fn is_answered(&mut self, asker: Asker, answer: Answer) {
        let (number, question) = asker;
        if !self.open.remove(&asker) {
            return;
        }
        let Some(mut undertaking) = self.undertakings.remove(&number) else { return };
        if self.go_on(number, &mut undertaking, question, answer) {
            self.undertakings.insert(number, undertaking);
        }
    }

    /// Whether it has questions without an answer.
    fn waits(&self, number: u64) -> bool {
        self.open.range((number, 0)..=(number, u32::MAX)).next().is_some()
    }

    fn go_on(&mut self, number: u64, one: &mut Undertaking, question: u32, answer: Answer) -> bool {
        match &mut one.what {
            What::Knock(agent) => {
                self.agent_is_answered(*agent, answer);
                false
            }
            What::Hand(backend) => {
                self.backend_is_answered(*backend, (number, question), answer);
                false
            }
            What::Compare { front, checked, asked } => {
                self.front_has_compared(*front, (*checked, *asked), answer);
                false
            }
            What::Enter(entering) => self.entering_goes_on(number, entering, question, answer),
            What::Post(posting) => self.posting_goes_on(number, posting, question, answer),
            What::Ask(asking) => {
                self.room_has_said(asking, question, &answer);
                self.waits(number)
            }
            What::Revoke { seat, silent, again } => {
                *silent += usize::from(!matches!(answer, Answer::Closed));
                if !self.waits(number) {
                    self.rooms_were_told(&seat.clone(), *silent, *again);
                }
                self.waits(number)
            }
            What::Order(order) => {
                self.order_is_answered(order, &answer);
                false
            }
            What::List(room) => {
                self.room_is_listed(&room.clone(), &answer);
                false
            }
            What::Announce(room, change) => {
                if matches!(answer, Answer::Noted) {
                    self.change_is_noted(&room.clone(), *change);
                }
                false
            }
            What::AskParent(relay) => {
                self.parent_has_answered(&relay.clone(), &answer);
                false
            }
            What::Feed(parent, guest) => {
                self.child_has_eaten(&parent.clone(), *guest, answer);
                false
            }
            What::Write(from, to) => {
                self.letter_is_answered(&from.clone(), *to, answer);
                false
            }
            What::Pass(passing) => {
                self.room_was_told(passing, question, &answer);
                if !self.waits(number) {
                    self.pass_goes_on(passing);
                }
                self.waits(number)
            }
        }
    }
}
