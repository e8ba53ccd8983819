//! Ring 2: properties of a room that hold whatever happens to it.

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::dialect::Received;
use roomcast::limits::RoomLimits;
use roomcast::protocol::codes::Refusal;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Position};
use roomcast::protocol::revocation::Revocation;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::groups::GroupId;
use roomcast::room::{Effect, Input, Verdict};

use crate::updates::update;
use crate::world::World;

/// One thing that happens. Numbers select clients.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Connect(bool),
    Resume {
        plain: bool,
        back: u64,
        other_epoch: bool,
    },
    Crowd,
    /// A client whose grant ends after so many milliseconds, by one of a few tokens.
    ConnectFor(u64, u8),
    /// A new token, which ends after so many milliseconds, or is refused.
    Renew(usize, Option<u64>),
    /// The tenant answers.
    Answer,
    /// One of the few tokens, or all, count no longer.
    Revoke(u8),
    /// The tenant's rule: whether it is suspended, and for how many hours rooms are kept: longer than all that passes
    /// while a window may be open.
    Rule(bool, u64),
    Disconnect(usize),
    Frame(usize, String),
    Publish(Vec<(u8, u8)>),
    PublishTogether(Vec<(u8, u8)>),
    /// A request that was signed so many milliseconds ago. Its events occurred in the order of their ids.
    PublishInOrder(Vec<(u8, u8)>, u64),
    /// The tenant is over its budget and wants this pace, or it is not any more.
    Slow(Option<u32>),
    PassStates,
    PassWindow,
    Look,
    Pass(u64),
    Ping(usize),
    /// Nothing happens for so many hours.
    Idle(u64),
    Kill,
}

const HOUR_MS: u64 = 3_600_000;

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let frame = prop_oneof![
        Just(r#"{"type":"request.state"}"#.to_owned()),
        Just(r#"{"type":"ping","ref":"x"}"#.to_owned()),
        (0..40_u64).prop_map(|seq| format!(r#"{{"type":"ack","seq":{seq}}}"#)),
        Just(" ".repeat(5_000)),
        ".{0,20}",
    ];
    prop_oneof![
        3 => any::<bool>().prop_map(Event::Connect),
        3 => (any::<bool>(), 0..12_u64, prop::bool::weighted(0.1))
            .prop_map(|(plain, back, other_epoch)| Event::Resume { plain, back, other_epoch }),
        1 => Just(Event::Crowd),
        3 => (1..300_000_u64, 0..3_u8).prop_map(|(ms, token)| Event::ConnectFor(ms, token)),
        3 => (any::<usize>(), prop::option::weighted(0.8, 0..300_000_u64))
            .prop_map(|(who, ms)| Event::Renew(who, ms)),
        2 => Just(Event::Answer),
        1 => (0..30_u8).prop_map(Event::Revoke),
        1 => (prop::bool::weighted(0.2), 4..8_u64).prop_map(|(shut, hours)| Event::Rule(shut, hours)),
        2 => any::<usize>().prop_map(Event::Disconnect),
        2 => (any::<usize>(), frame).prop_map(|(who, text)| Event::Frame(who, text)),
        5 => vec((0..60_u8, 0..8_u8), 0..6).prop_map(Event::Publish),
        4 => vec((0..60_u8, 0..8_u8), 0..6).prop_map(Event::PublishTogether),
        2 => (vec((0..60_u8, 0..8_u8), 0..6), 0..300_000_u64)
            .prop_map(|(ids, ago)| Event::PublishInOrder(ids, ago)),
        2 => prop::option::weighted(0.7, 100..10_000_u32).prop_map(Event::Slow),
        2 => Just(Event::PassStates),
        4 => Just(Event::PassWindow),
        4 => Just(Event::Look),
        2 => (1..200_000_u64).prop_map(Event::Pass),
        2 => any::<usize>().prop_map(Event::Ping),
        1 => (1..9_u64).prop_map(Event::Idle),
        1 => Just(Event::Kill),
    ]
}

/// Small limits, so that each is reached within a few events.
pub(crate) fn limits() -> RoomLimits {
    RoomLimits {
        clients: 1_000,
        log_bursts: 6,
        seen_ids: 20,
        seen_ids_without_burst: 7,
        checkpoint_bursts: 3,
        checkpoint_bytes: 1_000,
        burst_bytes: 400,
        replay_bytes: 900,
        state_bytes: 700,
        ..RoomLimits::default()
    }
}

fn pick(world: &World, index: usize) -> Option<ClientId> {
    let count = world.clients.len();
    (count > 0).then(|| world.clients.keys().nth(index % count).cloned()).flatten()
}

fn updates(ids: &[(u8, u8)]) -> Vec<Update> {
    ids.iter()
        .map(|(id, key)| update(&format!("e-{id}"), &format!("k-{key}"), 1 + usize::from(key % 3)))
        .collect()
}

/// The grant of one of a few tokens, which ends after so many milliseconds.
fn grant(world: &World, ms: u64, token: u8) -> Grant {
    let token = Some(format!("t-{token}"));
    Grant { token, ..Grant::new("ada".into(), world.now.plus_ms(ms)) }
}

fn renew(world: &mut World, client: &ClientId, ms: Option<u64>) {
    let granted = ms.map(|ms| Verdict::Granted(grant(world, ms, 9)));
    let verdict = granted.unwrap_or(Verdict::Refused(Refusal::TokenInvalid));
    let token = format!("token-{}", world.verdicts.len());
    world.send(client, &format!(r#"{{"type":"auth.refresh","token":"{token}"}}"#));
    world.verdicts.insert(token, verdict);
}

fn revoke(world: &mut World, number: u8) {
    let token = (number > 0).then(|| format!("t-{number}"));
    let issued_until = world.now;
    world.revoke(&Revocation { user: "ada".into(), token, issued_until });
}

pub(crate) fn happen(world: &mut World, event: &Event) {
    match event {
        Event::Connect(plain) => drop(world.join(dialect(*plain), None)),
        Event::Resume { plain, back, other_epoch } => {
            let mut position = world.head();
            position.seq = (position.seq + 2).saturating_sub(*back);
            if *other_epoch {
                position = Position { epoch: "00000000000000ff".parse().unwrap(), ..position };
            }
            world.join(dialect(*plain), Some(position));
        }
        Event::Crowd => (0..40).for_each(|_| drop(world.connect())),
        Event::ConnectFor(ms, token) => {
            let grant = grant(world, *ms, *token);
            world.join_with(Dialect::V1, grant);
        }
        Event::Renew(index, ms) => {
            if let Some(client) = pick(world, *index) {
                renew(world, &client, *ms);
            }
        }
        Event::Answer if !world.asked.is_empty() => world.answer_next(),
        Event::Revoke(number) => revoke(world, *number),
        Event::Rule(suspended, hours) => world.rule(*suspended, hours * HOUR_MS),
        Event::Disconnect(index) => {
            if let Some(client) = pick(world, *index) {
                world.disconnect(&client);
            }
        }
        Event::Frame(index, text) => {
            if let Some(client) = pick(world, *index) {
                world.send(&client, text);
            }
        }
        Event::Publish(ids) => drop(world.post(updates(ids))),
        Event::PublishTogether(ids) => drop(world.post_together(updates(ids))),
        Event::PublishInOrder(ids, ago) => {
            let signed = Timestamp(world.now.0 - ago);
            let mut in_order = updates(ids);
            for (update, (id, _)) in in_order.iter_mut().zip(ids) {
                update.entry.occurred = Some(Timestamp(u64::from(*id)));
                update.entry.keep = 1;
            }
            world.post_signed(signed, in_order);
        }
        Event::Slow(pace_ms) => world.pace_ms = *pace_ms,
        Event::PassStates if world.states.is_some() => world.pass_states(),
        Event::PassWindow if world.window.is_some() => world.pass_window(),
        Event::Look if world.window.is_some() => world.look_at_window(),
        Event::PassStates | Event::PassWindow | Event::Look | Event::Answer => {}
        Event::Pass(ms) => world.pass_ms(*ms),
        Event::Ping(index) => {
            if let Some(client) = pick(world, *index) {
                world.ping(&client);
            }
        }
        Event::Idle(hours) => {
            world.rest();
            world.pass_ms(hours * HOUR_MS);
        }
        Event::Kill => {
            world.rest();
            world.kill();
        }
    }
}

/// Connects all clients again that were closed, and posts again what has no answer. The world notices if an event is
/// accepted twice.
fn recover(world: &mut World) {
    world.pass_stale_waits();
    for client in std::mem::take(&mut world.dropped) {
        world.come_back(client);
    }
    if world.window.is_some() || world.states.is_some() || !world.asked.is_empty() {
        return;
    }
    let unanswered = std::mem::take(&mut world.unanswered);
    for updates in unanswered.into_values() {
        world.post(updates);
        world.rest();
    }
}

fn dialect(plain: bool) -> Dialect {
    if plain {
        Dialect::Plain
    } else {
        Dialect::V1
    }
}

/// The world after these events. If `evict` is set, the room is evicted after each marked event at which it rests.
pub(crate) fn live(events: &[(Event, bool)], evict: bool) -> World {
    let mut world = World::with_limits(limits());
    for (event, evicted) in events {
        happen(&mut world, event);
        if evict && *evicted && world.runner.is_resting() {
            world.evict();
        }
    }
    world.rest();
    world
}

/// All effects without the ids of groups, because a room that comes back gives its groups new ids.
pub(crate) fn unnumbered(world: &World) -> Vec<Effect> {
    let mut trace = world.trace.clone();
    for effect in &mut trace {
        if let Effect::Broadcast { to, .. } = effect {
            *to = GroupId::default();
        }
    }
    trace
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// At every step the world checks that frames have no gap and no duplicate, that nothing is seen or
    /// answered before it is stored, and that nothing stored is overwritten too early.
    #[test]
    fn an_evicted_room_has_the_same_effects_as_one_that_was_never_evicted(
        events in vec((event(), any::<bool>()), 1..60),
    ) {
        let (mut stayed, mut evicted) = (live(&events, false), live(&events, true));
        prop_assert_eq!(unnumbered(&stayed), unnumbered(&evicted));
        prop_assert_eq!(&stayed.answers, &evicted.answers);
        prop_assert_eq!(stayed.state(), evicted.state());
    }

    #[test]
    fn every_request_is_answered_and_every_client_is_level_in_the_end(
        events in vec((event(), any::<bool>()), 1..60),
    ) {
        let mut world = live(&events, true);
        prop_assert!(world.unanswered.is_empty());
        let head = world.head();
        for client in world.clients.values().filter(|client| *client.dialect() == Dialect::V1) {
            prop_assert!(client.is_level());
            prop_assert_eq!(client.position(), head.clone());
        }
    }

    #[test]
    fn seqs_are_dense_and_each_event_has_one(posts in vec(vec((0..30_u8, 0..4_u8), 0..5), 0..20)) {
        let limits = RoomLimits { log_bursts: 64, seen_ids: 1_000, seen_ids_without_burst: 1_000, ..limits() };
        let mut world = World::with_limits(limits);
        let mut first = std::collections::BTreeMap::new();
        for ids in posts {
            let post = world.post(updates(&ids));
            for ((id, _), outcome) in ids.iter().zip(&world.answers[&post]) {
                let seq = *first.entry(*id).or_insert(outcome.seq().unwrap());
                prop_assert_eq!(seq, outcome.seq().unwrap());
            }
        }
        let mut seqs: Vec<_> = first.into_values().collect();
        seqs.sort_unstable();
        prop_assert_eq!(seqs, (1..=world.head().seq).collect::<Vec<_>>());
    }

    /// The room fails at random effects. Each time all clients connect again, and all requests without an answer are
    /// repeated.
    #[test]
    fn after_any_failure_clients_that_come_back_get_everything_once(
        events in vec((event(), prop::option::weighted(0.3, 1..6_usize)), 1..40),
    ) {
        let mut world = World::with_limits(RoomLimits { seen_ids: 1_000, seen_ids_without_burst: 1_000, ..limits() });
        for (event, fails) in &events {
            world.fails = *fails;
            happen(&mut world, event);
            world.fails = None;
            recover(&mut world);
        }
        world.rest();
        recover(&mut world);
        prop_assert!(world.unanswered.is_empty());
        let head = world.head();
        for client in world.clients.values().filter(|client| *client.dialect() == Dialect::V1) {
            prop_assert!(client.is_level());
            prop_assert_eq!(client.position(), head.clone());
        }
    }

    #[test]
    fn no_text_of_a_client_makes_a_room_panic(texts in vec(any::<String>(), 0..20), bytes in 0..9_000_usize) {
        let mut world = World::with_limits(limits());
        let client = world.connect();
        world.publish(&["e-1"]);
        for text in texts {
            world.send(&client, &text);
            world.hear(&client, Received::Binary(bytes));
        }
    }

    #[test]
    fn a_client_that_is_not_in_the_room_has_no_effect(text in any::<String>()) {
        let mut world = World::with_limits(limits());
        let stranger = ClientId::from_random([9; 8]);
        world.connect();
        let before = world.trace.len();
        world.hear(&stranger, Received::Text(&text));
        world.step(Input::Disconnected { client: &stranger, code: 1000 });
        prop_assert_eq!(world.trace.len(), before);
    }
}
