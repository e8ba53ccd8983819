//! Company in a room with relays of which an object fails, or whose letters are lost, late or doubled: everyone knows in the end who is
//! here. Each of these was found by `company_properties`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::limits::RoomLimits;
use roomcast::room::tree::company::letters::{Letter, Reply};
use roomcast::runner::Runner;

use crate::company::{at, forest, knows, names};
use crate::forest::Forest;
use crate::posts::Posted;

/// Where the first of those under way is that is such a one.
fn find(forest: &Forest, is_it: impl Fn(&Posted) -> bool) -> usize {
    forest.posts.iter().position(is_it).unwrap()
}

fn is_telling(posted: &Posted) -> bool {
    matches!(posted, Posted::Letter { letter: Letter::Tell(_), .. })
}

fn is_saying(posted: &Posted) -> bool {
    matches!(posted, Posted::Letter { letter: Letter::Say(_), .. })
}

fn is_gone(posted: &Posted) -> bool {
    matches!(posted, Posted::Reply { reply: Some(Reply::Gone), .. })
}

/// Hands over what a relay says, and the answer, but nothing else.
fn hear(forest: &mut Forest) {
    let said = find(forest, is_saying);
    forest.hand_over(said);
    let answer = |posted: &Posted| matches!(posted, Posted::Reply { to: Some(_), .. });
    forest.hand_over(find(forest, answer));
}

#[test]
fn a_root_that_has_failed_tells_everyone_what_it_may_not_have_told() {
    let mut forest = forest(RoomLimits::default());
    let bob = forest.come(at(0), "bob");
    forest.gather(4);
    let cyn = forest.come(at(1), "cyn");
    // The root has taken that, and fails before it tells it.
    forest.root().fails = Some(1);
    forest.post(vec![crate::updates::update("e-1", "a", 1)]);
    forest.root().fails = None;
    forest.root().pass_stale_waits();
    forest.gather(70);
    for (place, client) in [(at(0), &bob), (at(1), &cyn)] {
        assert_eq!(names(&knows(&forest, place, client)), ["bob", "cyn"]);
    }
}

#[test]
fn a_relay_that_has_failed_without_members_says_within_seconds_that_they_have_gone() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let bob = forest.come(at(6), "bob");
    forest.hand_all_over();
    forest.quit(at(6), &bob);
    assert!(forest.posts.is_empty(), "the relay gathers what it says");
    forest.fail(at(6));
    forest.gather(6);
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada"]);
    assert!(forest.at(at(6)).runner.is_resting());
}

#[test]
fn a_root_that_has_failed_without_members_tells_its_relays_within_seconds() {
    let mut forest = forest(RoomLimits::default());
    let bob = forest.come(at(0), "bob");
    let cyn = forest.come(at(1), "cyn");
    while knows(&forest, at(0), &bob).0 == 0 {
        forest.hand_over(0);
    }
    assert_eq!(names(&knows(&forest, at(0), &bob)), ["bob"], "the root gathers what it tells");
    forest.fail(None);
    forest.gather(6);
    assert_eq!(names(&knows(&forest, at(0), &bob)), ["bob", "cyn"]);
    assert_eq!(names(&knows(&forest, at(1), &cyn)), ["bob", "cyn"]);
}

#[test]
fn an_object_that_goes_on_failing_is_not_tried_again_before_another_input() {
    let mut forest = forest(RoomLimits::default());
    let bob = forest.come(at(6), "bob");
    forest.hand_all_over();
    forest.quit(at(6), &bob);
    forest.fail(at(6));
    let world = forest.at(at(6));
    let failures = world.failures;
    world.fails = Some(1);
    forest.gather(30);
    assert_eq!(forest.at(at(6)).failures, failures + 1, "it has tried once");
    assert!(forest.at(at(6)).runner.is_resting());
}

#[test]
fn a_relay_that_fails_again_before_it_has_come_back_still_comes_back() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let bob = forest.come(at(6), "bob");
    forest.hand_all_over();
    forest.quit(at(6), &bob);
    forest.fail(at(6));
    forest.fail(at(6));
    forest.gather(6);
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada"]);
}

#[test]
fn an_answer_that_is_older_than_what_the_relay_has_said_since_changes_nothing() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    forest.gather(2);
    let bob = forest.come(at(0), "bob");
    hear(&mut forest);
    forest.quit(at(0), &bob);
    forest.pass_second();
    // The relay is told something, and answers that nobody is there: that answer is slow.
    let telling = find(&forest, is_telling);
    forest.copy(telling);
    forest.hand_over(telling);
    let bob = forest.come(at(0), "bob");
    // It comes once more, so the relay has nothing to ask for.
    forest.hand_over(find(&forest, is_telling));
    hear(&mut forest);
    forest.pass_second();
    hear(&mut forest);
    forest.hand_over(find(&forest, is_gone));
    forest.come(None, "cyn");
    forest.gather(6);
    for (place, client) in [(None, &ada), (at(0), &bob)] {
        assert_eq!(names(&knows(&forest, place, client)), ["ada", "bob", "cyn"]);
    }
}

#[test]
fn a_relay_that_is_left_and_entered_again_at_once_is_not_thought_to_be_empty() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    forest.gather(2);
    let bob = forest.come(at(1), "bob");
    hear(&mut forest);
    let telling = find(&forest, is_telling);
    forest.copy(telling);
    forest.quit(at(1), &bob);
    forest.hand_over(telling);
    let bob = forest.come(at(1), "bob");
    forest.gather(6);
    assert_eq!(names(&knows(&forest, None, &ada)), ["ada", "bob"]);
    assert_eq!(names(&knows(&forest, at(1), &bob)), ["ada", "bob"]);
}

#[test]
fn an_evicted_relay_that_hears_something_old_is_told_the_latest() {
    let mut forest = forest(RoomLimits::default());
    let bob = forest.come(at(0), "bob");
    hear(&mut forest);
    let old = forest.posts[find(&forest, is_telling)].clone();
    forest.gather(4);
    forest.come(None, "cyn");
    forest.gather(4);
    assert!(forest.evict_company(at(0)));
    forest.posts.push(old);
    forest.gather(4);
    assert_eq!(names(&knows(&forest, at(0), &bob)), ["bob", "cyn"]);
}

#[test]
fn a_root_calls_a_relay_until_it_is_answered_although_nobody_is_left_that_it_knows_of() {
    let mut forest = forest(RoomLimits::default());
    let ada = forest.come(None, "ada");
    let nobody = forest.come(at(6), "");
    forest.gather(4);
    assert!(forest.evict_company(None));
    forest.root().answered(Runner::seek_who_is_here);
    forest.after(None);
    forest.quit(None, &ada);
    while let Some(call) =
        forest.posts.iter().position(|posted| matches!(posted, Posted::Letter { .. }))
    {
        forest.mislay(call);
    }
    // It has waited for them, and tells what it knows, before it hears that they have got no answer.
    forest.pass_second();
    forest.pass_second();
    forest.gather(12);
    assert!(names(&knows(&forest, at(6), &nobody)).is_empty());
}
