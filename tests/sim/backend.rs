//! A backend of a run: it posts events of its cards, and posts each body again until it is taken, as its clock and its patience allow.
//!
//! It checks what it is answered: that each event has one number for ever, and that an event whose card has a board does not get lost.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use roomcast::protocol::time::Timestamp;
use serde_json::Value;

use crate::documents::{event, Label};
use crate::events::{Answer, Asker, Call, Event, To};
use crate::system::System;
use crate::undertaking::What;

/// Milliseconds after which a body is given up: its events could be forgotten by then.
const PATIENCE_MS: u64 = 240_000;

#[derive(Default)]
pub(crate) struct Backend {
    skew: i64,
    /// Bodies that are not taken yet: when they were signed first and last, and whether each event has a known board.
    pub(crate) bodies: BTreeMap<u64, Body>,
    begun: u64,
    /// When each card's board was last acknowledged.
    boards: BTreeMap<String, (String, u64)>,
}

pub(crate) struct Body {
    text: String,
    cards: Vec<(String, Option<String>)>,
    since: u64,
    signed: Timestamp,
    /// Boards that were known when it was first sent.
    known: Vec<bool>,
    under_way: usize,
}

/// What a backend was told of an event.
pub(crate) type Known = BTreeMap<String, (String, u64)>;

impl System {
    pub(crate) fn backend_acts(&mut self, number: usize) {
        let now = self.now;
        self.backends[number].bodies.retain(|_, body| now - body.since < PATIENCE_MS);
        let waiting: Vec<u64> = self.backends[number].bodies.keys().copied().collect();
        for body in waiting {
            let idle = self.backends[number].bodies[&body].under_way == 0;
            if idle || self.chance.happens(100) {
                self.hand_in(number, body);
            }
        }
        if self.active && self.backends[number].bodies.len() < 4 {
            let body = self.write_body(number);
            self.hand_in(number, body);
        }
        if self.active || !self.backends[number].bodies.is_empty() {
            let ms = self.chance.between(20, 900);
            self.later(ms, Event::Backend(number));
        }
    }

    /// Posts a body, which it repeats until it is taken.
    pub(crate) fn backend_posts(&mut self, number: usize) {
        let body = self.write_body(number);
        self.hand_in(number, body);
        self.later(1_000, Event::Backend(number));
    }

    /// Puts events into a body. Each card's first event names its board, later ones often do not.
    fn write_body(&mut self, number: usize) -> u64 {
        let at = self.clock(self.backends[number].skew);
        let (mut events, mut cards, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.chance.between(1, 4) {
            let card = self.chance.below(6);
            let board = format!("b-{}", card % 3);
            let card = format!("c-{number}-{card}");
            let told = self.backends[number].boards.get(&card);
            // By now no isolate remembers that the card had none.
            let is_known = told.is_some_and(|(_, since)| self.now - since > 5_000);
            let names = !is_known || self.chance.happens(400);
            self.counts.events += 1;
            let id = self.counts.events;
            let session = names.then_some(board.as_str());
            let event = event(id, (&card, session), at, &mut self.chance);
            self.labels.insert(format!("e-{id}"), Label::of(&event));
            events.push(event);
            cards.push((card, names.then_some(board)));
            known.push(is_known || names);
        }
        let backend = &mut self.backends[number];
        backend.begun += 1;
        let text = Value::from(events).to_string();
        let body = Body { text, cards, since: self.now, signed: at, known, under_way: 0 };
        backend.bodies.insert(backend.begun, body);
        backend.begun
    }

    fn hand_in(&mut self, number: usize, body: u64) {
        let now = self.clock(self.backends[number].skew);
        let again = self.chance.happens(500);
        let front = self.chance.index(self.fronts.len());
        let posted = self.backends[number].bodies.get_mut(&body).unwrap();
        posted.under_way += 1;
        if again {
            posted.signed = now;
        }
        let call = Call::Post { body: posted.text.clone(), signed: posted.signed };
        let question = u32::try_from(body).unwrap();
        let undertaking = self.begin(None, What::Hand(number));
        self.ask((To::Front(front), call), (undertaking, question), 9_000);
    }

    pub(crate) fn backend_is_answered(&mut self, number: usize, asker: Asker, answer: Answer) {
        let (now, body) = (self.now, u64::from(asker.1));
        let backend = &mut self.backends[number];
        let Some(posted) = backend.bodies.get_mut(&body) else {
            if let Answer::Posted(results) = answer {
                self.note_results(&results);
            }
            return;
        };
        posted.under_way -= 1;
        let Answer::Posted(results) = answer else { return };
        for ((result, (card, named)), known) in results.iter().zip(&posted.cards).zip(&posted.known)
        {
            assert!(
                result.1.is_some() || !known,
                "an event whose board is known was ignored: {result:?} of {card}"
            );
            if let Some(board) = named {
                backend.boards.entry(card.clone()).or_insert((board.clone(), now));
            }
        }
        backend.bodies.remove(&body);
        self.note_results(&results);
    }

    /// Whoever asks twice gets the same answer twice, unless the room has ended meanwhile.
    fn note_results(&mut self, results: &[(String, Option<(String, u64)>)]) {
        for (event, place) in results {
            let Some(place) = place else { continue };
            let before = self.told.entry(event.clone()).or_insert_with(|| place.clone());
            assert_eq!(before, place, "{event} has one number for ever");
        }
    }
}
