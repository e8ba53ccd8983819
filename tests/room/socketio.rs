//! Ring 2: properties of Socket.IO's sessions and the room together. Stock clients lose their connections at any point, also when they
//! have read only a part of what a turn has sent them, and come back with what they keep.
//!
//! Whoever is told that it has recovered has been sent every update of its topics, once and in order ([`crate::stock`] checks that at each
//! packet). Whoever is not is sent the state. In the end each client shows what the log and its topics say.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use roomcast::limits::RoomLimits;
use roomcast::protocol::ids::Seq;
use roomcast::protocol::label::Label;
use roomcast::protocol::socket_io::SocketIoForm;
use roomcast::protocol::update::{Content, Entry, Update};
use serde_json::{json, Value};

use crate::client::fold;
use crate::sessions::Sessions;
use crate::stock::Stock;
use crate::view_properties::{list, permissions, visible, with_label, USERS};
use crate::world::World;

/// One update: the number of its event, its key, its label, and how long it may wait.
type Posted = (u8, u8, u8, u8);

/// One thing that happens. Numbers select clients.
#[derive(Debug, Clone)]
enum Event {
    /// A client comes back, over either transport.
    Open(usize, bool),
    LetIn,
    /// A client loses its connection, comes back, and reads some of what it is sent.
    Back(usize, bool, u8),
    Upgrade(usize),
    /// A client reads as many messages or answers as there are, and no more than that.
    Read(usize, u8),
    ReadAll,
    Cut(usize),
    Notice,
    Join(usize, u8, bool),
    Leave(usize, u8, bool),
    AskState(usize, bool),
    Pace(usize, u32),
    Post(Vec<Posted>),
    PostTogether(Vec<Posted>),
    Crowd,
    Look,
    PassPace,
    Pass(u64),
    Evict,
    Kill,
    /// Nobody is there until the room has ended.
    End,
}

const CLIENTS: usize = 4;

/// How long the room is kept without anybody.
const KEPT_MS: u64 = 200_000;

fn event() -> impl Strategy<Value = Event> {
    let posts = || vec((any::<u8>(), 0..6_u8, 0..12_u8, 0..8_u8), 1..5);
    let who = || any::<usize>();
    prop_oneof![
        6 => (who(), any::<bool>()).prop_map(|(who, polls)| Event::Open(who, polls)),
        5 => Just(Event::LetIn),
        16 => (who(), any::<bool>(), 0..12_u8).prop_map(|(who, polls, most)| Event::Back(who, polls, most)),
        2 => who().prop_map(Event::Upgrade),
        12 => (who(), 1..8_u8).prop_map(|(who, most)| Event::Read(who, most)),
        8 => Just(Event::ReadAll),
        3 => who().prop_map(Event::Cut),
        3 => Just(Event::Notice),
        4 => (who(), any::<u8>(), any::<bool>()).prop_map(|(who, topic, asks)| Event::Join(who, topic, asks)),
        3 => (who(), any::<u8>(), any::<bool>()).prop_map(|(who, topic, asks)| Event::Leave(who, topic, asks)),
        1 => (who(), any::<bool>()).prop_map(|(who, asks)| Event::AskState(who, asks)),
        1 => (who(), 0..3_000_u32).prop_map(|(who, ms)| Event::Pace(who, ms)),
        16 => posts().prop_map(Event::Post),
        6 => posts().prop_map(Event::PostTogether),
        1 => Just(Event::Crowd),
        3 => Just(Event::Look),
        2 => Just(Event::PassPace),
        2 => (1..30_000_u64).prop_map(Event::Pass),
        3 => Just(Event::Evict),
        1 => Just(Event::Kill),
        1 => Just(Event::End),
    ]
}

fn form() -> SocketIoForm {
    serde_json::from_value(json!({"args": ["@data", "@seq"],
        "acknowledged": {"job": {"attempts": 3, "timeout_ms": 1_000}},
        "emits": [{"on": "join", "do": "subscribe", "topic": "{0}"},
            {"on": "leave", "do": "unsubscribe", "topic": "{0}"},
            {"on": "state", "do": "state"}, {"on": "pace", "do": "pace"}]}))
    .unwrap()
}

fn limits() -> RoomLimits {
    RoomLimits {
        log_bursts: 8,
        seen_ids: 1_000,
        checkpoint_bursts: 4,
        replay_bytes: 1_500,
        retention_ms: KEPT_MS,
        ..RoomLimits::default()
    }
}

fn update((id, key, label, patience): Posted, number: usize, patient: bool) -> Update {
    with_label(label, |label: Label<'_>| {
        let data = json!({"id": number});
        let kind = if id.is_multiple_of(5) { "job" } else { "test" };
        let at = "2026-01-07T10:00:00Z";
        let content = Content {
            update_type: kind,
            timestamp: at,
            correlation_id: None,
            topic: label.topic,
            trace: None,
            data: &data.as_object().unwrap().into(),
        };
        let (content, parts) = content.encode();
        let known = Entry::new(format!("k-{key}"), content.len());
        let drops = if id % 16 == 1 { vec![format!("k-{}", (key + 1) % 6)] } else { Vec::new() };
        let entry = Entry {
            keep: usize::from(key % 4),
            topic: label.topic.map(str::to_owned),
            audience: label.audience.cloned().map(Box::new),
            parts: Some(parts),
            drops,
            patience_ms: if patient { u32::from(patience).saturating_sub(4) * 300 } else { 0 },
            ..known
        };
        Update { event_id: format!("e-{number}"), entry, content }
    })
}

struct Run {
    sessions: Sessions,
    posted: usize,
    patient: bool,
}

impl Run {
    /// Clients by their numbers: who they are, what they may read, and which topics they have at first.
    fn new(bits: u8, patient: bool) -> Self {
        let mut sessions = Sessions::new(World::with_limits(limits()), form().into());
        for number in 0..CLIENTS {
            let usual = list(if number == 0 { bits } else { bits >> number });
            let reads = permissions(number.is_multiple_of(2));
            let mut stock = Stock::new(USERS[number % 3], reads, usual);
            stock.conflates = patient;
            stock.acknowledges = number != 3;
            sessions.stocks.push(stock);
        }
        Self { sessions, posted: 0, patient }
    }

    fn updates(&mut self, posted: &[Posted]) -> Vec<Update> {
        let mut updates = Vec::new();
        for one in posted {
            self.posted += 1;
            updates.push(update(*one, self.posted, self.patient));
        }
        updates
    }

    fn emit(&mut self, who: usize, name: &str, arg: &Value, asks: bool) {
        let who = who % CLIENTS;
        if self.sessions.stocks[who].connected {
            let packet = self.sessions.stocks[who].emit(name, arg, asks);
            self.sessions.say(who, &packet);
        }
    }

    fn read(&mut self, who: usize, most: u8) {
        for _ in 0..most {
            self.sessions.read(who % CLIENTS);
        }
    }

    fn happen(&mut self, event: &Event) {
        let topic = |number: u8| json!(["a", "b", "c:1", "c:2", "c:*"][usize::from(number) % 5]);
        match event {
            Event::Open(who, polls) => self.sessions.open(who % CLIENTS, *polls),
            Event::LetIn => drop(self.sessions.let_in()),
            Event::Upgrade(who) => self.sessions.upgrade(who % CLIENTS),
            Event::Back(who, polls, most) => {
                self.sessions.lose(who % CLIENTS);
                self.sessions.open(who % CLIENTS, *polls);
                while self.sessions.let_in() {}
                self.read(*who, *most);
            }
            Event::Read(who, most) => self.read(*who, *most),
            Event::ReadAll => (0..CLIENTS).for_each(|who| while self.sessions.read(who) {}),
            Event::Cut(who) => self.sessions.lose(who % CLIENTS),
            Event::Notice => self.sessions.notice(),
            Event::Join(who, number, asks) => self.emit(*who, "join", &topic(*number), *asks),
            Event::Leave(who, number, asks) => self.emit(*who, "leave", &topic(*number), *asks),
            Event::AskState(who, asks) => self.emit(*who, "state", &json!({}), *asks),
            Event::Pace(who, ms) => self.emit(*who, "pace", &json!({"ms": ms}), true),
            Event::Post(posted) => {
                let updates = self.updates(posted);
                self.sessions.world.post(updates);
            }
            Event::PostTogether(posted) => {
                let updates = self.updates(posted);
                self.sessions.world.post_together(updates);
            }
            Event::Crowd => (0..40).for_each(|_| drop(self.sessions.world.connect())),
            Event::Look if self.sessions.world.window.is_some() => {
                self.sessions.world.look_at_window();
            }
            Event::PassPace if !self.sessions.world.paces.is_empty() => {
                self.sessions.world.pass_pace();
            }
            Event::Look | Event::PassPace => {}
            Event::Pass(ms) => self.sessions.pass_ms(*ms),
            Event::Evict => self.sessions.evict(),
            Event::Kill => self.sessions.kill(),
            Event::End => self.end(),
        }
        self.sessions.settle();
    }

    fn end(&mut self) {
        (0..CLIENTS).for_each(|who| self.sessions.lose(who));
        self.sessions.world.rest();
        self.sessions.settle();
        while self.sessions.let_in() {}
        for _ in 0..12 {
            self.sessions.pass_ms(30_000);
            self.sessions.world.rest();
            self.sessions.settle();
        }
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        self.sessions.come_to_rest();
        let Sessions { world, stocks, .. } = &self.sessions;
        for (who, stock) in stocks.iter().enumerate() {
            let member = self.sessions.member(who).and_then(|client| world.members.get(client));
            let member = member.unwrap();
            prop_assert!(stock.connected, "{} is connected", who);
            prop_assert_eq!(&member.view.topics, stock.topics());
            let shown = fold(&world.history, stock.applied.iter().copied());
            let expected: BTreeSet<Seq> = visible(&world.history, member.view.of(&stock.user));
            prop_assert_eq!(shown, expected, "client {}", who);
        }
        Ok(())
    }
}

/// A client keeps its offset when it is told that it has not recovered.
#[test]
fn an_offset_of_a_room_that_has_ended_is_not_one_of_the_next() {
    let mut run = Run::new(255, false);
    let posts = [(2, 0, 0, 0), (2, 1, 0, 0), (2, 2, 0, 0)];
    let back = [Event::Open(0, false), Event::LetIn, Event::ReadAll];
    let live = |run: &mut Run, events: &[Event]| events.iter().for_each(|event| run.happen(event));
    live(&mut run, &back);
    live(&mut run, &[Event::Post(posts.to_vec()), Event::ReadAll, Event::End]);
    live(&mut run, &back);
    live(&mut run, &[Event::Cut(0), Event::Notice, Event::Post(posts.to_vec())]);
    live(&mut run, &[Event::Post(posts.to_vec())]);
    live(&mut run, &back);
    assert_eq!(run.sessions.stocks[0].applied.len(), 3, "the latest of each key");
    run.check().unwrap();
}

/// The property below says something only if both happen.
#[test]
fn many_clients_recover_and_many_do_not() {
    let mut runner = TestRunner::deterministic();
    let (mut recovered, mut anew) = (0, 0);
    for number in 0..64 {
        let mut run = Run::new(number, false);
        for event in vec(event(), 40..80).new_tree(&mut runner).unwrap().current() {
            run.happen(&event);
        }
        recovered += run.sessions.stocks.iter().map(|stock| stock.returns.0).sum::<usize>();
        anew += run.sessions.stocks.iter().map(|stock| stock.returns.1).sum::<usize>();
    }
    assert!(recovered > 40 && anew > 200, "{recovered} recovered, {anew} did not");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stock_client_that_has_recovered_has_been_sent_everything_once_and_in_order(
        bits in any::<u8>(),
        patient in any::<bool>(),
        events in vec(event(), 1..80),
    ) {
        let mut run = Run::new(bits, patient);
        for event in &events {
            run.happen(event);
        }
        run.check()?;
    }
}
