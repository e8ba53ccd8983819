//! The ladder: what members are sent that do not keep up, and how they catch up.

use roomcast::limits::{
    RoomLimits, FRAMES_FLOOD_MS, LADDER_HELD_MS, LADDER_LOGGED_MS, LADDER_PACE_MS, LADDER_STAY_MS,
    SWEEP_EVERY_MS,
};
use roomcast::protocol::codes::CloseCode;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::label::Label;
use roomcast::room::ladder::Rung;
use roomcast::room::view::View;
use roomcast::room::Effect;
use serde_json::{json, Value};

use crate::updates::{labelled, update};
use crate::views::topics;
use crate::world::World;

/// An update of [`flood`] takes about 110 bytes.
const SMALL: fn() -> RoomLimits = || RoomLimits {
    conflate_bytes: 1_000,
    hold_bytes: 3_000,
    unread_bytes: 20_000,
    ..RoomLimits::default()
};

impl World {
    /// A client acknowledges what it has, or so many updates less. It does not if it has no position.
    pub(crate) fn ack(&mut self, client: &ClientId, less: u64) {
        if let Some(last) = self.clients[client].last_seq() {
            let seq = last.saturating_sub(less);
            self.send(client, &json!({"type": "ack", "seq": seq}).to_string());
        }
    }

    /// Everyone acknowledges everything, and is sent what it then has to be sent.
    pub(crate) fn all_acknowledge(&mut self) {
        // Whoever has sent too many frames has to wait.
        self.now = self.now.plus_ms(FRAMES_FLOOD_MS);
        for client in self.clients.keys().cloned().collect::<Vec<_>>() {
            self.ack(&client, 0);
        }
        self.rest();
    }

    fn rung(&self, client: &ClientId) -> Rung {
        self.members[client].view.rung
    }
}

/// Two clients that have acknowledged what they have, and one that never does.
fn three(limits: RoomLimits) -> (World, ClientId, ClientId, ClientId) {
    let mut world = World::with_limits(limits);
    let (slow, quick, mute) = (world.connect(), world.connect(), world.connect());
    world.publish(&["first"]);
    world.ack(&slow, 0);
    world.ack(&quick, 0);
    (world, slow, quick, mute)
}

/// Posts so many updates under one key, one after the other. The quick client acknowledges each.
fn flood(world: &mut World, name: &str, updates: usize, quick: &ClientId) {
    for number in 0..updates {
        world.now = world.now.plus_ms(10);
        world.post(vec![update(&format!("{name}-{number}"), "key", 1)]);
        world.ack(quick, 0);
        world.now = world.now.plus_ms(50);
    }
}

/// The slow client of [`three`], held. Also a quick one, and one that never acknowledges.
fn held() -> (World, ClientId, ClientId, ClientId) {
    let (mut world, slow, quick, mute) = three(SMALL());
    let mut posted = 0;
    while world.rung(&slow) != Rung::Held {
        flood(&mut world, &format!("e{posted}"), 1, &quick);
        // Its pings are not asked for: only the quick one proves that it reads.
        world.ping(&quick);
        world.rest();
        posted += 1;
        assert!(posted < 200, "it is held before long");
    }
    (world, slow, quick, mute)
}

fn closed(world: &World) -> Vec<(ClientId, CloseCode)> {
    let close = |effect: &Effect| match effect {
        Effect::Close { client, reason, .. } => Some((client.clone(), reason.close())),
        _ => None,
    };
    world.trace.iter().filter_map(close).collect()
}

fn last<'w>(world: &'w World, client: &ClientId) -> &'w Value {
    world.clients[client].frames.last().unwrap()
}

#[test]
fn a_client_that_acknowledges_late_is_sent_conflated_frames() {
    let (mut world, slow, quick, _) = three(SMALL());
    flood(&mut world, "e", 14, &quick);
    assert_eq!((world.rung(&slow), world.rung(&quick)), (Rung::Conflated, Rung::All));
    let (before, begun) = (world.clients[&slow].frames.len(), world.now);
    flood(&mut world, "f", 5, &quick);
    assert_eq!(world.clients[&slow].frames.len(), before, "nothing before its time");
    world.rest();
    assert!(world.now.ms_since(begun) <= u64::from(LADDER_PACE_MS) + 500);
    assert_eq!(world.clients[&slow].applied.last().unwrap(), "f-4");
    assert_eq!(world.clients[&slow].frames.len(), before + 1, "the latest of the key is left");
    assert_eq!(world.clients[&quick].applied.len(), 20);
}

#[test]
fn a_conflated_client_that_has_caught_up_is_sent_all_frames_again() {
    let (mut world, slow, quick, _) = three(SMALL());
    flood(&mut world, "e", 14, &quick);
    world.rest();
    world.ack(&slow, 0);
    assert_eq!(world.rung(&slow), Rung::Conflated, "not at once");
    world.pass_ms(LADDER_STAY_MS);
    world.ack(&slow, 0);
    assert_eq!(world.rung(&slow), Rung::All);
    flood(&mut world, "f", 3, &quick);
    let applied = world.clients[&slow].applied.len();
    assert_eq!(world.clients[&slow].applied[applied - 3..], ["f-0", "f-1", "f-2"]);
}

#[test]
fn a_held_client_is_sent_nothing_until_it_acknowledges_and_the_state_at_the_head_then() {
    let (mut world, slow, quick, _) = held();
    let frames = world.clients[&slow].frames.len();
    flood(&mut world, "f", 30, &quick);
    world.rest();
    world.ack(&slow, 1);
    assert_eq!(world.clients[&slow].frames.len(), frames, "it has not acknowledged the last one");
    world.ack(&slow, 0);
    let head = world.head();
    assert_eq!(last(&world, &slow)["type"], "dashboard.state");
    assert_eq!(last(&world, &slow)["seq"], head.seq);
    assert_eq!(world.rung(&slow), Rung::Conflated);
    world.pass_ms(LADDER_STAY_MS);
    world.ack(&slow, 0);
    world.publish(&["after"]);
    assert_eq!(last(&world, &slow)["seq"], head.seq + 1, "neither a gap nor a duplicate");
    assert_eq!(world.rung(&slow), Rung::All);
}

#[test]
fn a_client_that_was_held_owes_only_the_state() {
    let (mut world, slow, quick, _) = held();
    flood(&mut world, "f", 40, &quick);
    world.ack(&slow, 0);
    assert_eq!(world.rung(&slow), Rung::Conflated);
    for round in 0..6 {
        flood(&mut world, &format!("g{round}"), 3, &quick);
        world.ping(&quick);
        world.rest();
        assert_eq!(world.rung(&slow), Rung::Conflated, "the frames of its pace are few");
    }
}

/// What others are sent is in the log after its ack, too.
#[test]
fn a_client_that_acknowledges_all_that_it_sees_owes_nothing() {
    let mut world = World::with_limits(SMALL());
    let view = View { topics: topics(&["a"]), ..View::of_all(Dialect::V1) };
    let (few, quick) = (world.watch(view, "ada", None), world.connect());
    let post = |world: &mut World, number: usize, topic: &str| {
        let label = Label { topic: Some(topic), audience: None };
        world.now = world.now.plus_ms(60);
        world.post(vec![labelled(&format!("e-{number}"), "key", 1, label)]);
        world.ping(&quick);
        world.ack(&quick, 0);
    };
    for round in 0..12 {
        (0..3).for_each(|one| post(&mut world, round * 10 + one, "a"));
        (3..9).for_each(|one| post(&mut world, round * 10 + one, "b"));
        world.ack(&few, 0);
        assert_eq!(world.rung(&few), Rung::All, "round {round}");
    }
}

#[test]
fn a_held_client_stays_held_when_the_room_is_evicted() {
    let (mut world, slow, quick, _) = held();
    world.evict();
    let frames = world.clients[&slow].frames.len();
    flood(&mut world, "f", 5, &quick);
    assert_eq!(world.clients[&slow].frames.len(), frames);
    world.evict();
    world.ack(&slow, 0);
    let head = world.head();
    assert_eq!(last(&world, &slow)["seq"], head.seq);
}

#[test]
fn a_held_client_that_asks_for_the_state_or_for_topics_has_to_acknowledge_first() {
    let (mut world, slow, ..) = held();
    let frames = world.clients[&slow].frames.len();
    world.send(&slow, r#"{"type":"request.state"}"#);
    world.rest();
    assert_eq!(world.clients[&slow].frames.len(), frames);
    world.send(&slow, r#"{"type":"subscribe","topics":["a"],"ref":"1"}"#);
    assert_eq!(
        (&last(&world, &slow)["code"], &last(&world, &slow)["ref"]),
        (&json!("busy"), &json!("1"))
    );
    world.ack(&slow, 0);
    assert_eq!(last(&world, &slow)["type"], "dashboard.state");
}

#[test]
fn a_client_that_is_held_for_too_long_is_closed() {
    let (mut world, slow, quick, _) = held();
    let begun = world.now;
    while world.clients.contains_key(&slow) {
        assert!(world.now.ms_since(begun) <= LADDER_HELD_MS + SWEEP_EVERY_MS);
        world.ping(&slow);
        world.ping(&quick);
        world.pass_ms(SWEEP_EVERY_MS / 4);
    }
    assert!(world.now.ms_since(begun) >= LADDER_HELD_MS);
    assert!(closed(&world).contains(&(slow, CloseCode::Slow)));
    assert!(world.clients.contains_key(&quick));
}

#[test]
fn a_client_that_never_acknowledges_is_bounded_by_its_pings_alone() {
    let (mut world, _, quick, mute) = three(SMALL());
    let mut sent = 0;
    while world.clients.contains_key(&mute) {
        assert_eq!(world.rung(&mute), Rung::All);
        flood(&mut world, &format!("e{sent}"), 1, &quick);
        world.ping(&quick);
        sent += 1;
        assert!(sent < 400);
    }
    assert!(sent > 100, "20 KB are allowed");
    assert!(closed(&world).contains(&(mute, CloseCode::Slow)));
}

#[test]
fn a_client_that_acknowledges_what_it_has_not_read_is_closed_by_its_pings() {
    let (mut world, liar, quick, _) = three(SMALL());
    let mut sent = 0;
    while world.clients.contains_key(&liar) {
        flood(&mut world, &format!("e{sent}"), 1, &quick);
        world.ping(&quick);
        // The test's client has read it. The room only knows that it does not ping.
        if world.clients.contains_key(&liar) {
            world.ack(&liar, 0);
        }
        sent += 1;
        assert!(sent < 400);
    }
    assert!(closed(&world).contains(&(liar, CloseCode::Slow)));
    assert!(world.clients.contains_key(&quick));
}

#[test]
fn a_client_that_reads_but_acknowledges_seldom_is_sent_all_frames() {
    let (mut world, slow, quick, _) = three(SMALL());
    for round in 0..20 {
        flood(&mut world, &format!("e{round}"), 5, &quick);
        world.ping(&slow);
    }
    assert_eq!(world.rung(&slow), Rung::All);
}

#[test]
fn a_client_of_a_plain_dialect_is_on_no_rung() {
    let mut world = World::with_limits(SMALL());
    let (plain, quick) = (world.join(Dialect::Plain, None), world.connect());
    world.publish(&["first"]);
    world.send(&plain, r#"{"type":"ack","seq":1}"#);
    world.ack(&quick, 0);
    flood(&mut world, "e", 60, &quick);
    assert_eq!(world.rung(&plain), Rung::All);
}

#[test]
fn nobody_elses_frames_depend_on_who_is_slow() {
    let run = |acks: bool| {
        let (mut world, slow, quick, mute) = three(SMALL());
        for round in 0..40 {
            flood(&mut world, &format!("e{round}"), 1, &quick);
            world.ping(&quick);
            if acks {
                world.ping(&slow);
                world.ack(&slow, 0);
            }
        }
        assert_eq!(world.rung(&slow) == Rung::All, acks);
        let frames = |client: &ClientId| world.clients[client].frames[1..].to_vec();
        (frames(&quick), frames(&mute))
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn that_members_are_slow_is_logged_at_most_once_a_minute() {
    let (mut world, slow, quick, _) = held();
    world.pass_ms(LADDER_LOGGED_MS);
    world.ack(&slow, 0);
    world.ping(&quick);
    world.pass_ms(LADDER_LOGGED_MS);
    let counts = |effect: &Effect| match effect {
        Effect::Slowed { conflated, held } => Some((*conflated, *held)),
        _ => None,
    };
    let logged: Vec<_> = world.trace.iter().filter_map(counts).collect();
    assert_eq!(logged, [(1, 0), (0, 1)]);
}

#[test]
fn a_client_that_reads_a_flood_and_pings_after_each_mebibyte_is_sent_all_of_it() {
    let (mut world, reader, _, _) = three(RoomLimits::default());
    let mut unproven = 0;
    for number in 0..200 {
        let mut update = update(&format!("e-{number}"), "key", 1);
        let long = format!("\"long\":\"{}\",\"id\":", "x".repeat(100_000));
        update.content = update.content.replace("\"id\":", &long);
        (update.entry.bytes, update.entry.parts) = (update.content.len(), None);
        unproven += update.entry.bytes;
        world.post(vec![update]);
        world.now = world.now.plus_ms(20);
        // It takes the client some frames to read a mebibyte, and its ping as long to get here.
        if unproven >= 1024 * 1024 + 400_000 {
            world.ping(&reader);
            unproven = 400_000;
        }
        if number % 50 == 49 {
            world.ack(&reader, 0);
        }
        assert_eq!(world.rung(&reader), Rung::All, "after {number}");
    }
}
