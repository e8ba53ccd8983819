//! Connections end when their grants do, and clients are told before.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::{EXPIRY_NOTICE_MS, EXPIRY_NOTICE_STEP_MS, SWEEP_EVERY_MS};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::Topics;
use roomcast::protocol::wire::WireForm;
use roomcast::room::Effect;
use serde_json::{json, Value};

use crate::world::World;

const HOUR: u64 = 3_600_000;

/// The frames of a client that say something about its grant, apart from the greeting.
fn notices(world: &World, client: &ClientId) -> Vec<Value> {
    let frames = world.clients[client].frames.iter();
    frames.filter(|frame| frame["type"] == "auth.expiring").cloned().collect()
}

fn alarms(world: &World) -> usize {
    world.trace.iter().filter(|effect| matches!(effect, Effect::WakeAt(_))).count()
}

/// Everyone pings, apart from one.
fn ping_all(world: &mut World, silent: Option<&ClientId>) {
    let all = world.clients.keys().filter(|client| Some(*client) != silent);
    for client in all.cloned().collect::<Vec<_>>() {
        world.ping(&client);
    }
}

/// Lets time pass, with a ping of everyone in each minute.
fn pass(world: &mut World, mut ms: u64) {
    while ms > 0 {
        ping_all(world, None);
        let some = ms.min(SWEEP_EVERY_MS);
        world.pass_ms(some);
        ms -= some;
    }
}

#[test]
fn a_connection_ends_when_its_grant_does() {
    let mut world = World::new();
    let short = world.join_until(Dialect::V1, None, 30_000);
    let (plain, long) = (world.join_until(Dialect::Plain, None, 31_000), world.connect());
    pass(&mut world, 29_999);
    assert!(world.clients.contains_key(&short));
    pass(&mut world, 1);
    assert!(!world.clients.contains_key(&short) && world.clients.contains_key(&plain));
    pass(&mut world, 1_000);
    assert!(!world.clients.contains_key(&plain) && world.clients.contains_key(&long));
    let expired = |effect: &&Effect| matches!(effect, Effect::Left { code: 4401, .. });
    assert_eq!(world.trace.iter().filter(expired).count(), 2);
}

#[test]
fn the_greeting_says_when_the_connection_ends() {
    let mut world = World::new();
    let client = world.join_until(Dialect::V1, None, HOUR);
    let end = world.now.plus_ms(HOUR).rfc3339();
    assert_eq!(world.clients[&client].frames[0]["expiresAt"], json!(end));
    let nobody = world.join_with(Dialect::V1, Grant::anonymous(Topics::default()));
    let endless = world.join_until(Dialect::V1, None, u64::MAX / 2);
    for client in [nobody, endless] {
        assert_eq!(world.clients[&client].frames[0].get("expiresAt"), None);
    }
}

#[test]
fn a_client_is_told_once_a_minute_before_its_grant_ends() {
    let mut world = World::new();
    let client = world.join_until(Dialect::V1, None, HOUR + 7_000);
    let end = world.now.plus_ms(HOUR + 7_000);
    pass(&mut world, HOUR + 7_000 - EXPIRY_NOTICE_MS - EXPIRY_NOTICE_STEP_MS);
    assert_eq!(notices(&world, &client), [] as [Value; 0]);
    world.evict();
    pass(&mut world, EXPIRY_NOTICE_STEP_MS);
    let notice = json!({"type": "auth.expiring", "expiresAt": end.rfc3339()});
    assert_eq!(notices(&world, &client), [notice]);
    world.evict();
    pass(&mut world, EXPIRY_NOTICE_MS - 1);
    assert_eq!(notices(&world, &client).len(), 1, "not again");
    pass(&mut world, 1);
    assert!(world.clients.is_empty());
}

#[test]
fn a_client_whose_grant_ends_within_a_minute_knows_it_from_its_greeting() {
    let mut world = World::new();
    for ms in [1_000, EXPIRY_NOTICE_MS] {
        let client = world.join_until(Dialect::V1, None, ms);
        pass(&mut world, ms - 1);
        assert_eq!(world.clients[&client].types(), ["connected"]);
        pass(&mut world, 1);
        assert!(world.clients.is_empty());
    }
}

#[test]
fn a_room_wakes_for_a_notice_only_if_someone_is_told() {
    let wire = |expiring: Value| {
        let form = json!({"update": {"type": "@type"}, "expiring": expiring});
        let form: WireForm = serde_json::from_value(form).unwrap();
        Dialect::Json(form.into())
    };
    let told = wire(json!({"type": "bye-bye", "at": "@expires_at"}));
    for (dialect, frames) in [(Dialect::Plain, 0), (wire(Value::Null), 0), (told, 1)] {
        let mut world = World::new();
        let client = world.join_until(dialect, None, 2 * SWEEP_EVERY_MS);
        let (end, before) = (world.now.plus_ms(2 * SWEEP_EVERY_MS), alarms(&world));
        let greeted = world.clients[&client].frames.len();
        pass(&mut world, 2 * SWEEP_EVERY_MS - 1);
        assert_eq!(world.clients[&client].frames.len() - greeted, frames);
        assert_eq!(alarms(&world) - before, 2 + frames, "two sweeps");
        if frames > 0 {
            let notice = json!({"type": "bye-bye", "at": end.rfc3339()});
            assert_eq!(world.clients[&client].frames.last(), Some(&notice));
        }
        pass(&mut world, 1);
        assert!(world.clients.is_empty());
    }
}

#[test]
fn a_room_wakes_once_for_all_grants_that_end_together_and_seldom_for_notices() {
    let mut world = World::new();
    let (members, seconds) = (1_000, 100);
    for number in 0..members {
        world.join_until(Dialect::V1, None, HOUR + number % seconds * 1_000);
    }
    pass(&mut world, HOUR - 2 * SWEEP_EVERY_MS);
    let (before, begun) = (alarms(&world), world.now);
    pass(&mut world, 2 * SWEEP_EVERY_MS + seconds * 1_000);
    assert!(world.clients.is_empty());
    let sweeps = world.now.ms_since(begun) / SWEEP_EVERY_MS + 1;
    let notices = seconds * 1_000 / EXPIRY_NOTICE_STEP_MS + 1;
    let most = usize::try_from(seconds + sweeps + notices + 1).unwrap();
    let woken = alarms(&world) - before;
    assert!((100..=most).contains(&woken), "woken {woken} times, and may be {most} times");
}

#[test]
fn a_room_of_clients_without_tokens_wakes_for_sweeps_only() {
    let mut world = World::new();
    for _ in 0..10 {
        world.join_with(Dialect::V1, Grant::anonymous(Topics::default()));
    }
    let before = alarms(&world);
    pass(&mut world, 20 * SWEEP_EVERY_MS);
    assert_eq!((world.clients.len(), alarms(&world) - before), (10, 20));
}

#[test]
fn a_grant_that_has_ended_counts_no_longer_even_if_the_alarm_is_late() {
    let mut world = World::new();
    let short = world.join_until(Dialect::V1, None, 5_000);
    let long = world.connect();
    world.now = world.now.plus_ms(5_000);
    world.publish(&["e-1"]);
    assert_eq!(world.clients[&long].applied, ["e-1"]);
    assert!(!world.clients.contains_key(&short));
    let seen = world.left[&short].iter().any(|frame| frame["type"] == "dashboard.update");
    assert!(!seen, "it may not see this any more");
}

#[test]
fn an_evicted_room_ends_connections_on_time_and_reads_no_log_for_it() {
    let mut world = World::new();
    let ends: Vec<Timestamp> = (1..=5).map(|one| world.now.plus_ms(one * 70_123)).collect();
    for one in 1..=5 {
        world.join_until(Dialect::V1, None, one * 70_123);
    }
    world.publish(&["e-1"]);
    let loads = world.disk.loads;
    for end in ends {
        while world.now < end {
            world.evict();
            ping_all(&mut world, None);
            world.pass_ms(end.ms_since(world.now).min(10_000));
        }
        assert!(world.members.values().all(|member| member.expires > end));
    }
    assert_eq!((world.disk.loads, world.members.len()), (loads, 0));
}

#[test]
fn sweeps_go_on_in_a_room_that_is_evicted_between_them() {
    let mut world = World::new();
    let silent = world.connect();
    // Grants that end all the time, so that the alarm is seldom set to a sweep.
    for seconds in 1..300 {
        let client = world.join_until(Dialect::V1, None, seconds * 1_000);
        world.ping(&client);
    }
    for _ in 0..300 {
        world.evict();
        ping_all(&mut world, Some(&silent));
        world.pass_ms(1_000);
    }
    assert!(!world.clients.contains_key(&silent), "silent for five minutes");
}
