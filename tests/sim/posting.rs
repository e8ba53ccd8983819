//! How a front Worker publishes a body: decode, route, look up pointers, teach them, deliver; as `src/shell/publish.rs` and
//! `src/shell/pointers.rs` do it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::rc::Rc;

use roomcast::hop::delivery::{self, Docket};
use roomcast::hop::lesson::Lesson;
use roomcast::ingest::dispatch::{Batch, Delivery, Dispatch, Pointers};
use roomcast::ingest::pointer;
use roomcast::ingest::source::Source;
use roomcast::limits::{POINTER_CACHE_MS, UNKNOWN_POINTER_MS};
use roomcast::preset::event::Aggregate;
use roomcast::protocol::time::Timestamp;
use roomcast::room::publish::Posted;
use roomcast::tenant::{Access, Tenant};

use crate::documents::tenant_name;
use crate::events::{Answer, Asker, Call, To};
use crate::front::Found;
use crate::system::System;
use crate::undertaking::What;

/// A body on its way.
pub(crate) struct Posting {
    front: usize,
    asker: Option<Asker>,
    asked: Timestamp,
    body: String,
    signed: Timestamp,
    tenant: Option<Rc<Tenant>>,
    /// What each question to a pointer is about: its object, and the names.
    questions: Vec<Vec<(String, Aggregate)>>,
    found: Pointers,
    dispatch: Dispatch,
    deliveries: Vec<Delivery>,
    /// For each event, its room and its number.
    results: Vec<(String, Option<(String, u64)>)>,
    left: usize,
    failed: bool,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Tenant,
    Find,
    Learn,
    Deliver,
}

impl System {
    pub(crate) fn post(
        &mut self,
        front: usize,
        body: String,
        signed: Timestamp,
        asker: Option<Asker>,
    ) {
        let now = self.clock(self.fronts[front].skew);
        let mut posting = Box::new(Posting {
            front,
            asker,
            asked: now,
            body,
            signed,
            tenant: None,
            questions: Vec::new(),
            found: Pointers::new(),
            dispatch: Dispatch::default(),
            deliveries: Vec::new(),
            results: Vec::new(),
            left: 0,
            failed: false,
            stage: Stage::Tenant,
        });
        self.begun += 1;
        let number = self.begun;
        let goes_on = match self.find(front) {
            Found::Ask(known) => {
                self.ask((To::Tenant, Call::Document(known)), (number, 0), 5_000);
                true
            }
            Found::Tenant(tenant) => self.routes(number, &mut posting, &tenant),
        };
        if goes_on {
            let what = What::Post(posting);
            self.undertakings.insert(
                number,
                crate::undertaking::Undertaking { of: Some(To::Front(front)), what },
            );
        }
    }

    pub(crate) fn posting_goes_on(
        &mut self,
        number: u64,
        posting: &mut Posting,
        question: u32,
        answer: Answer,
    ) -> bool {
        match posting.stage {
            Stage::Tenant => match self.learn_copy(posting.front, posting.asked, answer) {
                Some(tenant) => self.routes(number, posting, &tenant),
                None => self.unpublished(posting, "room_failed"),
            },
            Stage::Find | Stage::Learn => {
                self.pointer_has_said(posting, question, answer);
                posting.left -= 1;
                match posting.stage {
                    _ if posting.left > 0 => true,
                    _ if posting.failed => self.unpublished(posting, "room_failed"),
                    Stage::Find => self.maps(number, posting),
                    _ => self.delivers(number, posting),
                }
            }
            Stage::Deliver => {
                Self::room_has_taken(posting, (question % 1_000) as usize, &answer);
                posting.left -= 1;
                if posting.left > 0 {
                    return true;
                }
                if posting.failed {
                    return self.unpublished(posting, "room_failed");
                }
                let results = std::mem::take(&mut posting.results);
                self.reply(posting.asker, Answer::Posted(results));
                false
            }
        }
    }

    fn routes(&mut self, number: u64, posting: &mut Posting, tenant: &Rc<Tenant>) -> bool {
        if tenant.access == Access::Suspended {
            return self.unpublished(posting, "tenant_suspended");
        }
        posting.tenant = Some(Rc::clone(tenant));
        let events =
            Source::Envelope.decode(posting.body.as_bytes(), posting.signed, None).unwrap();
        let batch = Batch::new(&tenant.presets, events).unwrap();
        let now = self.clock(self.fronts[posting.front].skew);
        let mut unseen = BTreeMap::<String, Vec<(String, Aggregate)>>::new();
        for aggregate in batch.unresolved() {
            let name = pointer::name(&aggregate);
            match self.fronts[posting.front].seen.get(&name) {
                Some((Some(session), at)) if now.ms_since(*at) < POINTER_CACHE_MS => {
                    posting.found.insert(aggregate, session.clone());
                }
                Some((None, at)) if now.ms_since(*at) < UNKNOWN_POINTER_MS => {}
                _ => {
                    let object = pointer::object(&tenant.name, &name);
                    unseen.entry(object).or_default().push((name, aggregate));
                }
            }
        }
        if unseen.is_empty() {
            return self.maps(number, posting);
        }
        (posting.stage, posting.left) = (Stage::Find, unseen.len());
        for (question, (object, aggregates)) in (1..).zip(unseen) {
            let names: Vec<&String> = aggregates.iter().map(|(name, _)| name).collect();
            let call = Call::Find(serde_json::to_string(&names).unwrap());
            posting.questions.push(aggregates);
            self.ask((To::Pointer(object), call), (number, question), 3_000);
        }
        true
    }

    fn pointer_has_said(&mut self, posting: &mut Posting, question: u32, answer: Answer) {
        let Answer::Sessions(sessions) = answer else {
            posting.failed = true;
            return;
        };
        let now = self.clock(self.fronts[posting.front].skew);
        let asked = &posting.questions[(question % 1_000 - 1) as usize];
        for ((name, aggregate), session) in asked.iter().zip(sessions) {
            self.fronts[posting.front].seen.insert(name.clone(), (session.clone(), now));
            posting.found.extend(session.map(|session| (aggregate.clone(), session)));
        }
    }

    /// Maps the events, and teaches pointers what they did not know.
    fn maps(&mut self, number: u64, posting: &mut Posting) -> bool {
        let tenant = posting.tenant.clone().unwrap();
        let events =
            Source::Envelope.decode(posting.body.as_bytes(), posting.signed, None).unwrap();
        let ids = events.iter().map(|event| (event.id.clone(), None)).collect();
        let batch = Batch::new(&tenant.presets, events).unwrap();
        posting.dispatch = batch.dispatch(&posting.found).unwrap();
        posting.results = ids;
        let now = self.clock(self.fronts[posting.front].skew);
        let mut lessons = BTreeMap::<String, Vec<(Lesson, Aggregate)>>::new();
        for learned in &posting.dispatch.learn {
            let name = pointer::name(&learned.aggregate);
            let seen = self.fronts[posting.front].seen.get(&name);
            let known = seen.is_some_and(|(session, at)| {
                session.as_ref() == Some(&learned.session) && now.ms_since(*at) < POINTER_CACHE_MS
            });
            if !known {
                let at = learned.occurred.min(now);
                let lesson = Lesson { name: name.clone(), session: learned.session.clone(), at };
                let object = pointer::object(&tenant.name, &name);
                lessons.entry(object).or_default().push((lesson, learned.aggregate.clone()));
            }
        }
        if lessons.is_empty() {
            return self.delivers(number, posting);
        }
        (posting.stage, posting.left) = (Stage::Learn, lessons.len());
        posting.questions.clear();
        for (question, (object, lessons)) in (1_001..).zip(lessons) {
            let (lessons, aggregates): (Vec<_>, Vec<_>) = lessons.into_iter().unzip();
            let call = Call::Learn(serde_json::to_string(&lessons).unwrap());
            let names = lessons.into_iter().map(|lesson| lesson.name);
            posting.questions.push(names.zip(aggregates).collect());
            self.ask((To::Pointer(object), call), (number, question), 3_000);
        }
        true
    }

    fn delivers(&mut self, number: u64, posting: &mut Posting) -> bool {
        let tenant = posting.tenant.clone().unwrap();
        posting.deliveries = std::mem::take(&mut posting.dispatch.deliveries);
        (posting.stage, posting.left) = (Stage::Deliver, posting.deliveries.len());
        if posting.deliveries.is_empty() {
            let results = std::mem::take(&mut posting.results);
            self.reply(posting.asker, Answer::Posted(results));
            return false;
        }
        for (question, delivery) in (2_000..).zip(&posting.deliveries) {
            let room = tenant.presets.room(&tenant_name(), delivery.preset, &delivery.session);
            let body = delivery::encode(Docket::signed(posting.signed), &delivery.updates);
            self.ask((To::Room(room.to_string()), Call::Deliver(body)), (number, question), 6_000);
        }
        true
    }

    fn room_has_taken(posting: &mut Posting, which: usize, answer: &Answer) {
        let Answer::Delivered(outcomes) = answer else {
            posting.failed = true;
            return;
        };
        posting.failed |= outcomes.contains(&Posted::Stale);
        let delivery = &posting.deliveries[which];
        let tenant = posting.tenant.clone().unwrap();
        let room = tenant.presets.room(&tenant_name(), delivery.preset, &delivery.session);
        for (slot, outcome) in delivery.slots.iter().zip(outcomes) {
            if let (Some(slot), Some(seq)) = (slot, outcome.seq()) {
                posting.results[slot.event].1 = Some((room.to_string(), seq));
            }
        }
    }

    fn unpublished(&mut self, posting: &Posting, why: &'static str) -> bool {
        self.reply(posting.asker, Answer::Refused(why));
        false
    }
}
