//! What goes wrong by itself: objects are lost or evicted, everything is replaced by another version, crowds come, documents change,
//! tokens are revoked.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::hop::seat::RevokeUser;
use roomcast::quota::name;

use crate::documents::{tenant_name, user, DAYS};
use crate::events::{Answer, Call, Event, To};
use crate::front::Front;
use crate::relays::root;
use crate::seat::Order;
use crate::system::System;
use crate::undertaking::What;

impl System {
    pub(crate) fn something_goes_wrong(&mut self) {
        if !self.active {
            return;
        }
        let every = self.weather.faults_ms;
        let ms = self.chance.between(every / 2, every + every / 2);
        self.later(ms, Event::Fault);
        let rooms: Vec<String> = self.rooms.keys().cloned().collect();
        let seats: Vec<String> = self.seats.keys().cloned().collect();
        match self.chance.below(100) {
            0..30 if !rooms.is_empty() => {
                let room = self.chance.pick(&rooms).clone();
                self.crash(&room);
            }
            30..62 if !rooms.is_empty() => {
                let room = self.chance.pick(&rooms).clone();
                self.evict(&room);
            }
            62..76 if !seats.is_empty() => {
                let seat = self.chance.pick(&seats).clone();
                self.lose_seat(&seat);
            }
            76..80 => self.lose_tenant(),
            80..84 => {
                let front = self.chance.index(self.fronts.len());
                self.lose_front(front);
            }
            84..87 => self.deploy(),
            87..89 if !rooms.is_empty() && !self.tenant.suspended => {
                let room = root(self.chance.pick::<String>(&rooms)).to_owned();
                self.turn(&room, "a crowd", |sessions| {
                    (0..41).for_each(|_| drop(sessions.world.connect()));
                });
            }
            89..92 => {
                let suspended = self.chance.happens(300);
                let days = *self.chance.pick(&DAYS);
                self.change_document(suspended, days);
            }
            92..97 => self.revokes(),
            _ => {}
        }
    }

    /// An isolate ends, with its copies.
    pub(crate) fn lose_front(&mut self, front: usize) {
        self.give_up(&To::Front(front));
        let skew = self.skew();
        self.fronts[front] = Front { skew, ..Front::default() };
    }

    /// Another version takes the place of this one: everything begins again from what is stored.
    pub(crate) fn deploy(&mut self) {
        self.counts.deploys += 1;
        for front in 0..self.fronts.len() {
            self.lose_front(front);
        }
        for room in self.rooms.keys().cloned().collect::<Vec<_>>() {
            self.crash(&room);
        }
        for seat in self.seats.keys().cloned().collect::<Vec<_>>() {
            self.lose_seat(&seat);
        }
        self.lose_tenant();
    }

    fn revokes(&mut self) {
        let who = self.chance.index(self.agents.len());
        let alone = self.chance.happens(500);
        let token = alone.then(|| self.agents[who].token_id.clone()).filter(|id| !id.is_empty());
        let until = self.clock(0);
        let order = Order { user: self.agents[who].user.clone(), token: token.clone(), until };
        let seat = name::of_user(&tenant_name(), &order.user);
        let call = Call::RevokeUser(RevokeUser {
            user: order.user.clone(),
            token,
            session: None,
            issued_until: until,
            longest_ms: None,
        });
        let undertaking = self.begin(None, What::Order(order));
        self.ask((To::Seat(seat), call), (undertaking, 0), 6_000);
    }

    /// What was answered is durable.
    pub(crate) fn order_is_answered(&mut self, order: &mut Order, answer: &Answer) {
        if matches!(answer, Answer::Closed) {
            let Order { user, token, until } = order;
            self.revoked.push((user.clone(), token.clone(), *until, self.now));
        }
    }

    /// The users of a run: four clients of the first, three of the second, two of the third.
    pub(crate) fn user_of(number: usize) -> String {
        user([0, 0, 0, 0, 1, 1, 1, 2, 2][number % 9])
    }
}
