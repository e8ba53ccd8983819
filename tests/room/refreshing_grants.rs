//! New tokens over an open connection: what they change, and what they do not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::{
    RoomLimits, EXPIRY_NOTICE_MS, FRAMES_FLOOD_MS, SWEEP_EVERY_MS, TOKEN_EVERY_MS,
};
use roomcast::protocol::codes::Refusal;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::label::{Audience, Label};
use roomcast::protocol::pattern::Pattern;
use roomcast::protocol::update::Update;
use roomcast::protocol::wire::WireForm;
use roomcast::room::ladder::Rung;
use roomcast::room::{Effect, Verdict};
use serde_json::{json, Value};

use crate::joining::GRANTED_MS;
use crate::updates::{labelled, update};
use crate::views::topics;
use crate::world::World;

/// A grant for the world's room.
fn grant(world: &World, user: &str, ms: u64) -> Grant {
    let sessions = Some(vec![Pattern("s-*".to_owned())]);
    Grant { sessions, ..Grant::new(user.to_owned(), world.now.plus_ms(ms)) }
}

fn permitted(grant: Grant, permissions: &[&str]) -> Grant {
    let permissions: Vec<_> = permissions.iter().map(ToString::to_string).collect();
    Grant { permissions: permissions.into(), ..grant }
}

fn allowed(grant: Grant, list: &[&str]) -> Grant {
    Grant { topics: topics(list), ..grant }
}

/// Sends a new token, of which the tenant says this.
fn send(world: &mut World, client: &ClientId, verdict: Verdict) {
    world.verdicts.insert("a.new.token".to_owned(), verdict);
    world.send(client, r#"{"type":"auth.refresh","token":"a.new.token","ref":"1"}"#);
}

/// Sends a new token and lets the tenant answer. Returns the answer of the room.
fn renew(world: &mut World, client: &ClientId, verdict: Verdict) -> Value {
    let before = world.clients[client].frames.len();
    send(world, client, verdict);
    world.answer_next();
    world.clients[client].frames[before].clone()
}

fn about(id: &str, topic: &str) -> Update {
    labelled(id, id, 1, Label { topic: Some(topic), audience: None })
}

fn for_permission(id: &str, permission: &str) -> Update {
    let audience = Audience { users: Vec::new(), permissions: vec![permission.to_owned()] };
    labelled(id, id, 1, Label { topic: None, audience: Some(&audience) })
}

fn shown(world: &World, client: &ClientId) -> Vec<u64> {
    world.clients[client].shown.iter().copied().collect()
}

#[test]
fn a_new_token_of_the_same_user_prolongs_the_connection() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", 90_000));
    let new = grant(&world, "ada", 600_000);
    let end = new.expires.rfc3339();
    let answer = renew(&mut world, &client, Verdict::Granted(new));
    let expected = json!({"type": "auth.refreshed", "ref": "1", "expiresAt": end, "topics": ["*"],
        "recovery": "none"});
    assert_eq!(answer, expected);
    for _ in 0..9 {
        world.ping(&client);
        world.pass_ms(SWEEP_EVERY_MS);
    }
    assert_eq!(world.clients[&client].types(), ["connected", "auth.refreshed", "auth.expiring"]);
    world.ping(&client);
    world.pass_ms(SWEEP_EVERY_MS);
    assert!(world.clients.is_empty());
}

#[test]
fn a_new_token_that_ends_within_a_minute_needs_no_other_notice() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", GRANTED_MS));
    let new = grant(&world, "ada", EXPIRY_NOTICE_MS);
    renew(&mut world, &client, Verdict::Granted(new));
    world.pass_ms(EXPIRY_NOTICE_MS - 1);
    assert_eq!(world.clients[&client].types(), ["connected", "auth.refreshed"]);
    world.pass_ms(1);
    assert!(world.clients.is_empty(), "a shorter grant counts as well");
}

#[test]
fn a_token_that_may_not_take_the_place_of_the_old_one_is_refused_and_the_old_grant_stays() {
    let mut world = World::new();
    let of = |world: &World, sessions: Option<&str>, user: &str| {
        let sessions = sessions.map(|one| vec![Pattern(one.to_owned())]);
        Grant { sessions, ..grant(world, user, 2 * GRANTED_MS) }
    };
    let mut old = grant(&world, "ada", GRANTED_MS);
    old.token = Some("t-1".to_owned());
    let client = world.join_with(Dialect::V1, old);
    let before = world.members[&client].clone();
    let refused = [
        (Verdict::Refused(Refusal::TokenInvalid), "token_invalid"),
        (Verdict::Refused(Refusal::TokenRevoked), "token_revoked"),
        (Verdict::Granted(of(&world, Some("s-1"), "bob")), "another user"),
        (Verdict::Granted(of(&world, Some("s-2"), "ada")), "session_refused"),
        (Verdict::Granted(of(&world, None, "ada")), "session_refused"),
        (Verdict::Granted(grant(&world, "ada", 0)), "token_expired"),
    ];
    for (verdict, why) in refused {
        let answer = renew(&mut world, &client, verdict);
        assert_eq!((&answer["code"], &answer["ref"]), (&json!("refresh_refused"), &json!("1")));
        assert!(answer["message"].as_str().unwrap().contains(why), "{answer} {why}");
        world.pass_ms(TOKEN_EVERY_MS);
    }
    let member = &world.members[&client];
    assert_eq!((member.expires, &member.token), (before.expires, &before.token));
    assert_eq!((&member.view, &member.allowed), (&before.view, &before.allowed));
}

#[test]
fn a_token_without_sessions_is_enough_only_where_the_first_one_was() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, Grant::new("ada".into(), world.now.plus_ms(90_000)));
    for sessions in [None, Some("s-1"), None] {
        let sessions = sessions.map(|one| vec![Pattern(one.to_owned())]);
        let new = Grant { sessions, ..grant(&world, "ada", GRANTED_MS) };
        let answer = renew(&mut world, &client, Verdict::Granted(new));
        assert_eq!(answer["type"], "auth.refreshed");
        world.pass_ms(TOKEN_EVERY_MS);
    }
}

#[test]
fn a_token_that_cannot_be_verified_now_may_be_sent_again() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", GRANTED_MS));
    let answer = renew(&mut world, &client, Verdict::Unanswered);
    assert_eq!((&answer["code"], &answer["retryable"]), (&json!("busy"), &json!(true)));
    world.pass_ms(TOKEN_EVERY_MS);
    let new = Verdict::Granted(grant(&world, "ada", GRANTED_MS));
    assert_eq!(renew(&mut world, &client, new)["type"], "auth.refreshed");
}

#[test]
fn a_client_without_a_token_cannot_put_one_in_its_place() {
    let mut world = World::new();
    let nobody = world.join_with(Dialect::V1, Grant::anonymous(topics(&["*"])));
    let new = Verdict::Granted(grant(&world, "ada", GRANTED_MS));
    send(&mut world, &nobody, new);
    assert_eq!(world.clients[&nobody].frames[1]["code"], "refresh_refused");
    assert!(world.asked.is_empty(), "the tenant is not asked");
}

#[test]
fn a_connection_has_one_token_verified_at_a_time_and_seldom() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", GRANTED_MS));
    let new = Verdict::Granted(grant(&world, "ada", GRANTED_MS));
    let code = |world: &World| world.clients[&client].frames.last().unwrap()["code"].clone();
    send(&mut world, &client, new.clone());
    world.pass_ms(2 * TOKEN_EVERY_MS);
    send(&mut world, &client, new.clone());
    assert_eq!((code(&world), world.asked.len()), (json!("rate_limited"), 1), "one is under way");
    world.answer_next();
    world.pass_ms(1);
    send(&mut world, &client, new.clone());
    assert_eq!((code(&world), world.asked.len()), (Value::Null, 1));
    world.answer_next();
    world.evict();
    world.pass_ms(TOKEN_EVERY_MS - 1);
    send(&mut world, &client, new.clone());
    assert_eq!((code(&world), world.asked.len()), (json!("rate_limited"), 0), "too soon");
    world.pass_ms(1);
    send(&mut world, &client, new);
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn the_answer_for_a_client_that_has_left_changes_nothing_and_reads_nothing() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", GRANTED_MS));
    let other = world.connect();
    let new = Verdict::Granted(grant(&world, "ada", GRANTED_MS));
    send(&mut world, &client, new);
    assert!(!world.runner.is_resting(), "the room waits for the tenant");
    world.disconnect(&client);
    assert!(world.runner.is_resting());
    world.runner.forget();
    let (before, loads) = (world.trace.len(), world.disk.loads);
    world.answer_next();
    assert_eq!((world.trace.len(), world.disk.loads), (before, loads));
    assert!(world.clients.contains_key(&other));
}

#[test]
fn the_answer_after_the_end_of_the_old_grant_comes_too_late() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", 5_000));
    let new = Verdict::Granted(grant(&world, "ada", GRANTED_MS));
    send(&mut world, &client, new);
    world.now = world.now.plus_ms(5_000);
    world.answer_next();
    assert!(!world.clients.contains_key(&client));
}

#[test]
fn no_token_is_kept_with_a_connection_or_shown() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, grant(&world, "ada", GRANTED_MS));
    let new = Verdict::Granted(grant(&world, "ada", GRANTED_MS));
    send(&mut world, &client, new.clone());
    let asked = |effect: &&Effect| matches!(effect, Effect::Verify { .. });
    assert!(world.trace.iter().any(|effect| asked(&effect)));
    world.answer_next();
    world.pass_ms(TOKEN_EVERY_MS);
    renew(&mut world, &client, new);
    assert!(!format!("{:?}", world.trace).contains("a.new.token"));
    let kept = serde_json::to_string(&world.members[&client]).unwrap();
    assert!(!kept.contains("a.new.token"));
}

#[test]
fn a_narrower_grant_cuts_the_topics_down_at_once() {
    let mut world = World::new();
    let client = world.join_with(
        Dialect::V1,
        allowed(grant(&world, "ada", GRANTED_MS), &["a", "p:*", "q:1", "z"]),
    );
    world.post(vec![about("e-1", "a"), about("e-2", "z"), about("e-3", "p:8")]);
    let narrow = allowed(grant(&world, "ada", GRANTED_MS), &["a", "p:7", "q:*"]);
    let answer = renew(&mut world, &client, Verdict::Granted(narrow));
    assert_eq!(answer["topics"], json!(["a", "p:7", "q:1"]));
    assert_eq!(answer["recovery"], "none");
    let updates =
        [about("e-4", "z"), about("e-5", "p:8"), about("e-6", "p:7"), about("e-7", "q:1")];
    for update in updates {
        world.post(vec![update]);
    }
    assert_eq!(shown(&world, &client), [1, 6, 7]);
    world.evict();
    world.send(&client, r#"{"type":"subscribe","topics":["z"]}"#);
    assert_eq!(world.clients[&client].frames.last().unwrap()["code"], "topic_refused");
}

#[test]
fn a_wider_grant_adds_no_topics_but_lets_the_client_do_so() {
    let mut world = World::new();
    let client = world.join_with(Dialect::V1, allowed(grant(&world, "ada", GRANTED_MS), &["a"]));
    world.post(vec![about("e-1", "b")]);
    let wide = grant(&world, "ada", GRANTED_MS);
    let answer = renew(&mut world, &client, Verdict::Granted(wide));
    assert_eq!(answer["topics"], json!(["a"]));
    world.post(vec![about("e-2", "b")]);
    assert!(shown(&world, &client).is_empty());
    world.send(&client, r#"{"type":"subscribe","topics":["b"]}"#);
    assert_eq!(shown(&world, &client), [1, 2]);
}

#[test]
fn lost_permissions_are_lost_at_once_and_the_state_shows_what_is_left() {
    let mut world = World::new();
    let reader = permitted(grant(&world, "ada", GRANTED_MS), &["read", "write"]);
    let client = world.join_with(Dialect::V1, reader);
    world.post(vec![for_permission("e-1", "read"), for_permission("e-2", "write")]);
    world.publish(&["e-3"]);
    assert_eq!(shown(&world, &client), [1, 2, 3]);
    let narrow = permitted(grant(&world, "ada", GRANTED_MS), &["write"]);
    let answer = renew(&mut world, &client, Verdict::Granted(narrow));
    assert_eq!(answer["recovery"], "snapshot");
    world.rest();
    assert_eq!(shown(&world, &client), [2, 3]);
    world.post(vec![for_permission("e-4", "read"), for_permission("e-5", "write")]);
    assert_eq!(shown(&world, &client), [2, 3, 5]);
    assert_eq!(world.clients[&client].frames.last().unwrap()["prev"], 3);
}

#[test]
fn new_permissions_come_with_the_state_of_what_they_show() {
    let mut world = World::new();
    let client =
        world.join_with(Dialect::V1, permitted(grant(&world, "ada", GRANTED_MS), &["read"]));
    world.post(vec![for_permission("e-1", "read"), for_permission("e-2", "write")]);
    assert_eq!(shown(&world, &client), [1]);
    let other = permitted(grant(&world, "ada", GRANTED_MS), &["write"]);
    renew(&mut world, &client, Verdict::Granted(other));
    world.rest();
    assert_eq!(shown(&world, &client), [2]);
    world.evict();
    world.post(vec![for_permission("e-3", "read"), for_permission("e-4", "write")]);
    assert_eq!(shown(&world, &client), [2, 4]);
}

#[test]
fn until_the_state_may_be_sent_the_client_sees_what_both_grants_allow() {
    let mut world = World::new();
    world.publish(&["e-0"]);
    let first = permitted(grant(&world, "ada", GRANTED_MS), &["both", "old"]);
    let client = world.join_with(Dialect::V1, first);
    let next = permitted(grant(&world, "ada", GRANTED_MS), &["both", "new"]);
    renew(&mut world, &client, Verdict::Granted(next));
    assert!(world.states.is_some(), "it was sent a state within the last second");
    for permission in ["old", "new", "both"] {
        world.post(vec![for_permission(permission, permission)]);
    }
    assert_eq!(world.clients[&client].applied, ["both"]);
    world.rest();
    assert_eq!(shown(&world, &client), [1, 3, 4]);
    world.post(vec![for_permission("more", "new"), update("e-1", "k", 1)]);
    assert_eq!(shown(&world, &client), [1, 3, 4, 5, 6]);
}

#[test]
fn new_permissions_of_a_client_that_is_behind_outlive_an_eviction() {
    let limits = RoomLimits { conflate_bytes: 500, hold_bytes: 1_000, ..RoomLimits::default() };
    let mut world = World::with_limits(limits);
    let client = world.join_with(Dialect::V1, grant(&world, "ada", GRANTED_MS));
    world.post(vec![about("e-0", "a")]);
    world.ack(&client, 0);
    for number in 1..40 {
        world.post(vec![about(&format!("e-{number}"), "a")]);
        world.rest();
    }
    assert_eq!(world.members[&client].view.rung, Rung::Held);
    world.post(vec![for_permission("e-secret", "read")]);
    let new = permitted(grant(&world, "ada", GRANTED_MS), &["read"]);
    let answer = renew(&mut world, &client, Verdict::Granted(new));
    assert_eq!(answer["recovery"], "snapshot");
    world.evict();
    world.pass_ms(FRAMES_FLOOD_MS);
    world.ack(&client, 0);
    world.rest();
    assert!(shown(&world, &client).contains(&world.head().seq));
}

#[test]
fn clients_of_other_dialects_can_renew_their_tokens_too() {
    let wire: WireForm = serde_json::from_value(json!({"update": {"event": "@type"}})).unwrap();
    for dialect in [Dialect::Plain, Dialect::Json(wire.into())] {
        let mut world = World::new();
        let client = world.join_with(dialect, grant(&world, "ada", 10_000));
        let new = grant(&world, "ada", GRANTED_MS);
        let before = world.clients[&client].frames.len();
        send(&mut world, &client, Verdict::Granted(new));
        world.answer_next();
        assert_eq!(world.clients[&client].frames[before]["type"], "auth.refreshed");
        world.pass_ms(10_000);
        assert!(world.clients.contains_key(&client));
    }
}
