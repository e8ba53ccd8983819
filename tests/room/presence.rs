//! Presence: who is here, as members are told it. `presence_properties` has what holds whatever happens.

use std::collections::BTreeMap;

use roomcast::limits::{RoomLimits, PRESENCE_GATHER_MS};
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::topics::Topics;
use roomcast::protocol::wire::{Wire, WireForm};
use roomcast::room::view::View;
use roomcast::room::Effect;
use roomcast::runner::Runner;
use serde_json::{json, Value};

use crate::world::World;

/// What somebody is told: how many are here, and what each of them shows.
pub(crate) type Told = (u64, BTreeMap<String, Value>);

const OPEN: Company = Company { presence: true, signals: true };

pub(crate) fn open(limits: RoomLimits) -> World {
    let mut world = World::with_limits(limits);
    world.company = OPEN;
    world
}

fn world() -> World {
    open(RoomLimits::default())
}

fn enter(world: &mut World, user: &str) -> ClientId {
    world.watch(View::of_all(Dialect::V1), user, None)
}

pub(crate) fn show(world: &mut World, client: &ClientId, data: &Value) {
    world.send(client, &json!({"type": "presence.set", "data": data}).to_string());
}

/// The frames about presence that a client was sent, without those before.
fn heard(world: &mut World, client: &ClientId) -> Vec<Value> {
    let frames = std::mem::take(&mut world.clients.get_mut(client).unwrap().frames);
    // The greeting has to come first, and only once.
    let greeting = frames[0].clone();
    world.clients.get_mut(client).unwrap().frames.push(greeting);
    let about = |frame: &Value| frame["type"].as_str().unwrap().starts_with("presence.");
    frames.into_iter().filter(about).collect()
}

fn put(people: &mut BTreeMap<String, Value>, listed: &Value) {
    for person in listed.as_array().into_iter().flatten() {
        people.insert(person["user"].as_str().unwrap().to_owned(), person["data"].clone());
    }
}

/// What a client knows from its frames.
pub(crate) fn fold<'f>(frames: impl IntoIterator<Item = &'f Value>) -> Told {
    let (mut count, mut people) = (0, BTreeMap::new());
    for frame in frames {
        match frame["type"].as_str().unwrap() {
            "presence.state" => {
                people.clear();
                put(&mut people, &frame["users"]);
            }
            "presence.changed" => {
                for user in frame["left"].as_array().into_iter().flatten() {
                    people.remove(user.as_str().unwrap());
                }
                put(&mut people, &frame["joined"]);
                put(&mut people, &frame["changed"]);
            }
            _ => continue,
        }
        count = frame["count"].as_u64().unwrap();
    }
    (count, people)
}

/// What a backend reads.
pub(crate) fn read(world: &mut World) -> Value {
    let note = world.with_runner(Runner::who_is_here).unwrap();
    serde_json::from_str(&note.body()).unwrap()
}

#[test]
fn whoever_joins_is_told_who_is_here_and_the_others_are_told_of_it_at_once() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    let state = json!({"type": "presence.state", "count": 1, "users": [{"user": "ada"}]});
    assert_eq!(world.clients[&ada].frames[1..], [state]);
    heard(&mut world, &ada);
    let bob = enter(&mut world, "bob");
    let users = json!([{"user": "ada"}, {"user": "bob"}]);
    let state = json!({"type": "presence.state", "count": 2, "users": users});
    assert_eq!(heard(&mut world, &bob), [state]);
    let changed = json!({"type": "presence.changed", "count": 2, "joined": [{"user": "bob"}],
        "left": [], "changed": []});
    assert_eq!(heard(&mut world, &ada), [changed]);
}

#[test]
fn what_follows_a_change_is_gathered_into_one_frame() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    let bob = enter(&mut world, "bob");
    heard(&mut world, &ada);
    for user in ["cyn", "dan"] {
        enter(&mut world, user);
    }
    show(&mut world, &bob, &json!({"page": 1}));
    show(&mut world, &bob, &json!({"page": 2}));
    assert_eq!(heard(&mut world, &ada), Vec::<Value>::new(), "it is gathered");
    let since = world.now;
    world.pass_gathering();
    assert_eq!(world.now.ms_since(since), PRESENCE_GATHER_MS);
    let changed = json!({"type": "presence.changed", "count": 4,
        "joined": [{"user": "cyn"}, {"user": "dan"}], "left": [],
        "changed": [{"user": "bob", "data": {"page": 2}}]});
    assert_eq!(heard(&mut world, &ada), [changed]);
}

#[test]
fn a_page_that_is_loaded_again_changes_nothing() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    let bob = enter(&mut world, "bob");
    heard(&mut world, &ada);
    world.disconnect(&bob);
    enter(&mut world, "bob");
    world.rest();
    assert_eq!(heard(&mut world, &ada), Vec::<Value>::new());
}

#[test]
fn a_user_with_three_tabs_is_one_person_until_the_last_is_closed() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    let tabs = [0; 3].map(|_| enter(&mut world, "bob"));
    world.rest();
    heard(&mut world, &ada);
    show(&mut world, &tabs[0], &json!("first"));
    world.rest();
    show(&mut world, &tabs[1], &json!("second"));
    world.rest();
    let shown =
        |frames: &[Value]| frames.iter().map(|one| one["changed"].clone()).collect::<Vec<_>>();
    let bob = |data: &str| json!([{"user": "bob", "data": data}]);
    assert_eq!(shown(&heard(&mut world, &ada)), [bob("first"), bob("second")]);
    world.disconnect(&tabs[2]);
    world.rest();
    assert_eq!(heard(&mut world, &ada), Vec::<Value>::new(), "he is still here");
    world.disconnect(&tabs[1]);
    world.rest();
    assert_eq!(shown(&heard(&mut world, &ada)), [bob("first")], "what a tab that is left has set");
    world.disconnect(&tabs[0]);
    world.rest();
    let left = heard(&mut world, &ada);
    assert_eq!((left.len(), &left[0]["left"], &left[0]["count"]), (1, &json!(["bob"]), &json!(1)));
}

#[test]
fn what_was_set_last_counts_in_whichever_tab_and_null_takes_it_back() {
    let mut world = world();
    let tabs = [0; 2].map(|_| enter(&mut world, "bob"));
    show(&mut world, &tabs[0], &json!("busy"));
    assert_eq!(read(&mut world)["users"], json!([{"user": "bob", "data": "busy"}]));
    show(&mut world, &tabs[1], &Value::Null);
    assert_eq!(read(&mut world)["users"], json!([{"user": "bob"}]));
    show(&mut world, &tabs[0], &json!("back"));
    assert_eq!(read(&mut world)["users"][0]["data"], "back", "in the same millisecond");
    world.evict();
    assert_eq!(read(&mut world)["users"][0]["data"], "back", "also after an eviction");
}

#[test]
fn who_is_here_survives_an_eviction_and_is_read_without_the_log() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    enter(&mut world, "bob");
    show(&mut world, &ada, &json!({"n": 1.50, "s": "日本"}));
    world.evict();
    let users = json!([{"user": "ada", "data": {"n": 1.5, "s": "日本"}}, {"user": "bob"}]);
    assert_eq!(read(&mut world), json!({"count": 2, "users": users}));
    show(&mut world, &ada, &json!(2));
    world.send(&ada, r#"{"type":"presence.get","ref":"7"}"#);
    world.send(&ada, r#"{"type":"signal","data":1}"#);
    assert!(world.runner.head().is_none(), "nothing of it has read the log");
    let changed = heard(&mut world, &ada);
    assert_eq!(changed.last().unwrap()["ref"], "7");
    assert_eq!(fold(&changed).1["ada"], 2);
}

#[test]
fn presence_is_not_in_the_log_and_costs_nothing_while_nobody_changes() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    world.rest();
    let (rows, head) = (world.disk.rows, world.disk.head());
    enter(&mut world, "bob");
    show(&mut world, &ada, &json!(1));
    world.rest();
    assert_eq!((world.disk.rows, world.disk.head()), (rows, head));
    show(&mut world, &ada, &json!(1));
    world.publish(&["e-1"]);
    world.rest();
    let begun = world.trace.len();
    show(&mut world, &ada, &json!(1));
    world.ping(&ada);
    world.pass_ms(120_000);
    let own = |effect: &Effect| {
        matches!(effect, Effect::SendToEach { .. } | Effect::GatherPresence { .. })
    };
    assert!(!world.trace[begun..].iter().any(own), "{:?}", &world.trace[begun..]);
}

#[test]
fn a_path_without_presence_neither_shows_nor_is_shown() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    heard(&mut world, &ada);
    world.company = Company::default();
    let bob = enter(&mut world, "bob");
    for text in [r#"{"type":"presence.set","data":1}"#, r#"{"type":"presence.get"}"#] {
        world.send(&bob, text);
        let error = world.clients[&bob].frames.last().unwrap();
        assert_eq!((&error["code"], &error["retryable"]), (&json!("not_allowed"), &json!(false)));
    }
    world.rest();
    assert_eq!((heard(&mut world, &ada), heard(&mut world, &bob)), (vec![], vec![]));
    assert_eq!(read(&mut world)["count"], 1);
}

#[test]
fn a_connection_without_a_user_is_nobody_but_sees_who_is_here() {
    let mut world = world();
    enter(&mut world, "ada");
    let nobody = enter(&mut world, "");
    assert_eq!(heard(&mut world, &nobody)[0]["users"], json!([{"user": "ada"}]));
    show(&mut world, &nobody, &json!(1));
    assert_eq!(world.clients[&nobody].frames.last().unwrap()["code"], "not_allowed");
    assert_eq!(read(&mut world)["count"], 1);
}

#[test]
fn more_persons_than_are_listed_are_counted_and_a_sample_of_them_is_named() {
    let mut world = open(RoomLimits { presence_listed: 3, ..RoomLimits::default() });
    let ada = enter(&mut world, "ada");
    let others = ["bob", "cyn", "dan"].map(|user| enter(&mut world, user));
    world.rest();
    let last = heard(&mut world, &ada).pop().unwrap();
    assert_eq!(last, json!({"type": "presence.changed", "count": 4, "sample": true}));
    show(&mut world, &ada, &json!(1));
    world.rest();
    assert_eq!(heard(&mut world, &others[0]).last(), Some(&last), "nobody is named");
    let eve = enter(&mut world, "eve");
    world.rest();
    let state = heard(&mut world, &eve).remove(0);
    let users = json!([{"user": "ada", "data": 1}, {"user": "bob"}, {"user": "cyn"}]);
    assert_eq!(
        state,
        json!({"type": "presence.state", "count": 5, "users": users, "sample": true})
    );
    heard(&mut world, &ada);
    for gone in [&eve, &others[1]] {
        world.disconnect(gone);
        world.rest();
    }
    let users = json!([{"user": "ada", "data": 1}, {"user": "bob"}, {"user": "dan"}]);
    let state = json!({"type": "presence.state", "count": 3, "users": users});
    assert_eq!(heard(&mut world, &ada).last(), Some(&state), "they are listed again");
}

#[test]
fn a_client_may_ask_who_is_here_once_a_second() {
    let mut world = world();
    let ada = enter(&mut world, "ada");
    let ask = |world: &mut World| {
        world.send(&ada, r#"{"type":"presence.get","ref":"1"}"#);
        world.clients[&ada].frames.last().unwrap().clone()
    };
    let state =
        json!({"type": "presence.state", "ref": "1", "count": 1, "users": [{"user": "ada"}]});
    assert_eq!(ask(&mut world), state);
    world.evict();
    assert_eq!(ask(&mut world)["code"], "rate_limited", "also after an eviction");
    world.pass_ms(1_000);
    assert_eq!(ask(&mut world), state);
}

#[test]
fn a_change_is_encoded_once_for_each_dialect() {
    let mut world = world();
    for number in 0..100 {
        let user = format!("user-{number}");
        let dialect = if number % 2 == 0 { Dialect::V1 } else { Dialect::Plain };
        world.watch(View { pace_ms: 250 * (number % 4), ..View::of_all(dialect) }, &user, None);
    }
    world.rest();
    let first = world.clients.keys().next().unwrap().clone();
    world.sends = 0;
    show(&mut world, &first, &json!(1));
    assert_eq!(world.sends, 2);
}

#[test]
fn what_a_member_shows_fits_beside_all_topics_that_it_may_have() {
    let mut world = world();
    let long = |letter: char| {
        let name = |number| format!("{number:03}{}", letter.to_string().repeat(120));
        (0..32).map(name).collect::<Vec<_>>()
    };
    let form = json!({"update": {"x": "y".repeat(2_900)}});
    let wire = Wire::from(serde_json::from_value::<WireForm>(form).unwrap());
    let allowed = Topics::parse(long('a').iter().map(String::as_str)).unwrap();
    let small = View { topics: Topics::none(), ..View::of_all(Dialect::V1) };
    let large =
        View { permissions: long('p').into(), dialect: Dialect::Json(wire), ..small.clone() };
    for (view, fits) in [(small, true), (large, false)] {
        let member = world.watch_allowed(view, allowed.clone());
        show(&mut world, &member, &json!("x".repeat(1_000)));
        assert_eq!(world.members[&member].part.shown.is_some(), fits);
        let refused =
            world.clients[&member].frames.iter().any(|frame| frame["code"] == "bad_frame");
        assert_eq!(refused, !fits);
    }
}
