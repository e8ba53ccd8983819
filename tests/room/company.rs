//! Company in a room with relays: who is here, and signals, wherever in the tree somebody is. `company_properties` has what holds whatever
//! happens.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::{RoomLimits, RELAY_LOST_MS, ROLL_MS};
use roomcast::protocol::company::Company;
use roomcast::protocol::ids::ClientId;
use roomcast::room::tree::company::letters::Letter;
use roomcast::room::Effect;
use roomcast::runner::Runner;
use serde_json::{json, Value};

use crate::forest::{relay, Forest, Place};
use crate::posts::Posted;
use crate::presence::{fold, read, Told};

pub(crate) const OPEN: Company = Company { presence: true, signals: true };

/// A root, two relays of it, and one of the first of these.
pub(crate) const PLACES: [u16; 3] = [0, 1, 6];

pub(crate) fn forest(limits: RoomLimits) -> Forest {
    let mut forest = Forest::with_limits(1, None, limits);
    for number in PLACES {
        forest.open(relay(number), OPEN);
    }
    forest
}

#[allow(clippy::unnecessary_wraps, reason = "the root is a place, too")]
pub(crate) fn at(number: u16) -> Place {
    Some(relay(number))
}

fn show(forest: &mut Forest, place: Place, client: &ClientId, data: &Value) {
    forest.say(place, client, &json!({"type": "presence.set", "data": data}).to_string());
}

pub(crate) fn knows(forest: &Forest, place: Place, client: &ClientId) -> Told {
    fold(&forest.objects[&place].clients[client].frames)
}

pub(crate) fn names(told: &Told) -> Vec<&str> {
    assert_eq!(told.0, told.1.len() as u64);
    told.1.keys().map(String::as_str).collect()
}

fn types(forest: &Forest, place: Place, client: &ClientId) -> Vec<String> {
    let types = forest.objects[&place].clients[client].types().into_iter();
    types.map(|kind| kind.to_string().replace('"', "")).collect()
}

/// How many letters the objects have written.
fn written(forest: &Forest) -> usize {
    let effects = forest.objects.values().flat_map(|world| &world.trace);
    let to = effects.map(|effect| match effect {
        Effect::Write { to, .. } => to.len(),
        _ => 0,
    });
    to.sum()
}

/// Who reads at the root.
fn read_at_root(forest: &mut Forest) -> Value {
    forest.root().answered(Runner::seek_who_is_here);
    forest.after(None);
    forest.hand_all_over();
    read(forest.root())
}

#[test]
fn whoever_is_at_a_relay_sees_everyone_and_is_seen_by_everyone() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let bob = forest.come(at(0), "bob");
    assert_eq!(types(&forest, at(0), &bob), ["connected"], "the root knows who is here");
    forest.hand_all_over();
    assert_eq!(types(&forest, at(0), &bob), ["connected", "presence.state"]);
    assert_eq!(names(&knows(&forest, at(0), &bob)), ["ada", "bob"], "in its first list");
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada", "bob"], "at once");
    let cyn = forest.come(at(6), "cyn");
    forest.gather(3);
    for (place, client) in [(None, &ada), (at(0), &bob), (at(6), &cyn)] {
        assert_eq!(names(&knows(&forest, place, client)), ["ada", "bob", "cyn"]);
    }
    assert_eq!(read_at_root(&mut forest)["count"], 3);
}

#[test]
fn a_user_at_three_objects_is_one_person_until_the_last_is_closed() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(at(1), "ada");
    let tabs = [None, at(0), at(6)].map(|place| (place, forest.come(place, "bob")));
    forest.gather(3);
    for (number, (place, tab)) in tabs.iter().enumerate() {
        show(&mut forest, *place, tab, &json!(number));
        forest.gather(3);
        assert_eq!(knows(&forest, at(1), &ada).1["bob"], number, "what was set last counts");
    }
    forest.quit(tabs[2].0, &tabs[2].1);
    forest.gather(3);
    assert_eq!(knows(&forest, at(1), &ada).1["bob"], 1, "what a tab that is left has set");
    forest.quit(tabs[0].0, &tabs[0].1);
    forest.gather(3);
    assert_eq!(names(&knows(&forest, at(1), &ada)), ["ada", "bob"]);
    forest.quit(tabs[1].0, &tabs[1].1);
    forest.gather(3);
    assert_eq!(names(&knows(&forest, at(1), &ada)), ["ada"]);
}

#[test]
fn while_nobody_changes_no_letter_is_written_and_every_object_rests() {
    let mut forest = forest(RoomLimits::default());
    for (place, user) in [(None, "ada"), (at(0), "bob"), (at(6), "cyn")] {
        forest.come(place, user);
    }
    forest.gather(4);
    let before = written(&forest);
    forest.gather(150);
    assert_eq!(written(&forest), before);
    assert!(forest.objects.values().all(|world| world.runner.is_resting()));
}

#[test]
fn a_room_without_company_writes_no_letter() {
    let mut forest = Forest::new(1, None);
    for number in PLACES {
        forest.open(relay(number), Company::default());
    }
    for place in [None, at(0), at(1), at(6)] {
        let client = forest.come(place, "ada");
        forest.gather(2);
        assert!(forest.evict_company(place));
        forest.quit(place, &client);
    }
    forest.gather(100);
    assert_eq!(written(&forest), 0);
}

#[test]
fn a_relay_that_nobody_listens_at_is_told_nothing() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let bob = forest.come(at(0), "bob");
    forest.gather(3);
    forest.quit(at(0), &bob);
    forest.gather(3);
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada"]);
    let before = written(&forest);
    show(&mut forest, None, &ada, &json!(1));
    forest.gather(3);
    assert_eq!(written(&forest), before);
    let cyn = forest.come(at(0), "cyn");
    forest.gather(3);
    assert_eq!(names(&knows(&forest, at(0), &cyn)), ["ada", "cyn"]);
    assert_eq!(knows(&forest, at(0), &cyn).1["ada"], 1);
}

#[test]
fn a_root_that_comes_back_asks_its_relays_and_tells_everyone_the_list_once() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let bob = forest.come(at(0), "bob");
    let cyn = forest.come(at(6), "cyn");
    forest.gather(4);
    assert!(forest.evict_company(None));
    let seen = forest.objects[&None].clients[&ada].frames.len();
    forest.quit(at(6), &cyn);
    forest.gather(4);
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada", "bob"]);
    let told = &forest.objects[&None].clients[&ada].frames[seen..];
    assert_eq!((told.len(), &told[0]["type"]), (1, &json!("presence.state")));
    let frames = &forest.objects[&at(0)].clients[&bob].frames;
    assert_eq!(frames.last().unwrap()["left"], json!(["cyn"]), "it remembers what it has told");
}

#[test]
fn an_evicted_relay_goes_on() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let bob = forest.come(at(6), "bob");
    show(&mut forest, at(6), &bob, &json!("here"));
    forest.gather(4);
    assert!(forest.evict_company(at(6)));
    let cyn = forest.come(at(6), "cyn");
    forest.gather(4);
    for (place, client) in [(None, &ada), (at(6), &bob), (at(6), &cyn)] {
        assert_eq!(names(&knows(&forest, place, client)), ["ada", "bob", "cyn"]);
        assert_eq!(knows(&forest, place, client).1["bob"], "here");
    }
    assert!(forest.evict_company(at(6)));
    show(&mut forest, None, &ada, &json!(1));
    forest.gather(4);
    assert_eq!(knows(&forest, at(6), &bob).1["ada"], 1);
}

#[test]
fn a_reader_sees_everyone_also_after_an_eviction_and_nobody_is_told_of_it() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    forest.come(at(0), "bob");
    forest.come(at(6), "cyn");
    forest.gather(4);
    assert!(forest.evict_company(None));
    let seen = forest.objects[&None].clients[&ada].frames.len();
    let users = json!([{"user": "ada"}, {"user": "bob"}, {"user": "cyn"}]);
    assert_eq!(read_at_root(&mut forest), json!({"count": 3, "users": users}));
    forest.gather(4);
    assert_eq!(forest.objects[&None].clients[&ada].frames.len(), seen);
    assert!(forest.evict_company(None), "and it rests again");
}

#[test]
fn who_asks_an_object_that_has_been_evicted_is_answered() {
    for place in [None, at(0)] {
        let mut forest = forest(RoomLimits::default());
        let ada = forest.come(place, "ada");
        forest.come(at(6), "bob");
        forest.gather(4);
        assert!(forest.evict_company(place) && forest.evict_company(None));
        forest.say(place, &ada, r#"{"type":"presence.get","ref":"7"}"#);
        forest.gather(4);
        let frames = &forest.objects[&place].clients[&ada].frames;
        let answer = frames.iter().find(|frame| frame["ref"] == "7").unwrap();
        assert_eq!((&answer["type"], &answer["count"]), (&json!("presence.state"), &json!(2)));
    }
}

#[test]
fn a_relay_that_does_not_answer_holds_up_nobody_for_long_and_is_known_again() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    forest.come(at(0), "bob");
    forest.come(at(1), "cyn");
    forest.gather(4);
    assert!(forest.evict_company(None));
    let late = |posted: &Posted| matches!(posted, Posted::Letter { to, letter: Letter::Call, .. } if to.0 == at(1));
    show(&mut forest, None, &ada, &json!(1));
    for _ in 0..ROLL_MS / 1_000 {
        while let Some(index) = forest.posts.iter().position(|posted| !late(posted)) {
            forest.hand_over(index);
        }
        forest.pass_second();
    }
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada", "bob"]);
    forest.gather(4);
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada", "bob", "cyn"]);
}

#[test]
fn whoever_was_at_a_relay_that_is_lost_is_gone() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    forest.come(at(1), "bob");
    forest.gather(4);
    forest.objects.remove(&at(1));
    for _ in 0..(RELAY_LOST_MS + 61_000) / 1_000 {
        forest.gather(1);
    }
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada"]);
    assert!(forest.objects[&None].runner.is_resting());
}

#[test]
fn a_crowd_over_relays_is_counted_and_a_sample_of_it_is_named() {
    let mut forest = forest(RoomLimits { presence_listed: 3, ..RoomLimits::default() });
    let users = ["ada", "bob", "cyn", "dan", "eve"];
    let places = [at(6), None, at(0), at(1), at(6)];
    let clients: Vec<_> =
        places.iter().zip(users).map(|(place, user)| (*place, forest.come(*place, user))).collect();
    forest.gather(4);
    let last = |forest: &Forest, index: usize| {
        let (place, client): &(Place, ClientId) = &clients[index];
        forest.objects[place].clients[client].frames.last().unwrap().clone()
    };
    for (place, client) in &clients {
        assert_eq!(knows(&forest, *place, client).0, 5);
    }
    let fay = forest.come(at(1), "fay");
    forest.gather(4);
    let frames = &forest.objects[&at(1)].clients[&fay].frames;
    let users = json!([{"user": "ada"}, {"user": "bob"}, {"user": "cyn"}]);
    assert_eq!(frames[1]["users"], users);
    assert_eq!(last(&forest, 0), json!({"type": "presence.changed", "count": 6, "sample": true}));
    for index in [1, 2, 3] {
        forest.quit(clients[index].0, &clients[index].1);
        forest.gather(4);
    }
    let users = json!([{"user": "ada"}, {"user": "eve"}, {"user": "fay"}]);
    assert_eq!(last(&forest, 0), json!({"type": "presence.state", "count": 3, "users": users}));
}

fn signals(forest: &Forest, place: Place, client: &ClientId) -> usize {
    let frames = forest.objects[&place].clients[client].frames.iter();
    frames.filter(|frame| frame["type"] == "signal").count()
}

#[test]
fn a_signal_reaches_everyone_else_in_the_tree_once() {
    let places = [None, at(0), at(1), at(6)];
    for from in places {
        let mut forest = forest(RoomLimits::default());
        let clients = places.map(|place| (place, forest.come(place, "ada")));
        let other = forest.come(from, "bob");
        forest.gather(4);
        for place in places {
            assert!(forest.evict_company(place));
        }
        let sender = &clients.iter().find(|(place, _)| *place == from).unwrap().1;
        forest.say(from, sender, r#"{"type":"signal","topic":"a","data":{"x":1}}"#);
        forest.hand_all_over();
        for (place, client) in &clients {
            let heard = usize::from(*place != from);
            assert_eq!(signals(&forest, *place, client), heard);
        }
        assert_eq!(signals(&forest, from, &other), 1);
        let sent = forest.objects[&from].clients[&other].frames.last().unwrap().clone();
        for (place, client) in clients.iter().filter(|(place, _)| *place != from) {
            assert_eq!(forest.objects[place].clients[client].frames.last(), Some(&sent));
        }
        assert!(forest.objects.values().all(|world| world.runner.is_resting()));
    }
}

#[test]
fn a_signal_is_shown_to_those_at_another_object_who_see_its_topic_and_may_hear_it() {
    use roomcast::protocol::dialect::Dialect;
    use roomcast::protocol::topics::Topics;
    use roomcast::room::view::View;
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let watch = |forest: &mut Forest, topic: &str| {
        let topics = Topics::parse([topic]).unwrap();
        forest.at(at(6)).watch(View { topics, ..View::of_all(Dialect::V1) }, "bob", None)
    };
    let (sees, not) = (watch(&mut forest, "a"), watch(&mut forest, "b"));
    forest.at(at(6)).company = Company { presence: true, signals: false };
    let deaf = watch(&mut forest, "a");
    forest.after(at(6));
    forest.say(None, &ada, r#"{"type":"signal","topic":"a","data":1}"#);
    forest.hand_all_over();
    let got = [&sees, &not, &deaf].map(|client| signals(&forest, at(6), client));
    assert_eq!(got, [1, 0, 0]);
}
