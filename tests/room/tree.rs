//! Rooms that have spread: what is shown at relays, and how relays are fed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use roomcast::limits::{RoomLimits, FEED_AGAIN_MS, RELAY_KEPT_MS, SWEEP_EVERY_MS};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::Position;
use roomcast::protocol::relay::RelayName;
use roomcast::room::tree::feeding::Served;
use roomcast::room::view::View;
use roomcast::room::Effect;

use crate::client::Client;
use crate::forest::{relay, Forest, Letter, Place};
use crate::fronts::Front;
use crate::tallies;
use crate::updates::update;

/// A client that has nothing yet.
pub(crate) fn newcomer() -> Client {
    Client::of(View::of_all(Dialect::V1), "ada", None)
}

impl Forest {
    /// So many clients join, one after the other, over front Workers that remember nothing.
    pub(crate) fn crowd(&mut self, clients: usize) {
        for _ in 0..clients {
            self.bring(newcomer(), 0);
            self.deliver_all();
            self.fronts.iter_mut().for_each(Front::forget);
        }
    }

    /// How many letters of a kind are under way.
    pub(crate) fn under_way(&self, kind: fn(&Letter) -> bool) -> usize {
        self.letters.iter().filter(|letter| kind(letter)).count()
    }

    pub(crate) fn deliver_first(&mut self, kind: fn(&Letter) -> bool) {
        self.deliver(self.letters.iter().position(kind).unwrap());
    }

    pub(crate) fn lose_first(&mut self, kind: fn(&Letter) -> bool) {
        self.lose(self.letters.iter().position(kind).unwrap());
    }

    /// Everyone at an object leaves.
    pub(crate) fn leave(&mut self, place: Place) {
        for client in self.at(place).clients.keys().cloned().collect::<Vec<_>>() {
            self.at(place).disconnect(&client);
        }
        self.after(place);
    }

    /// One client at an object goes on somewhere else.
    pub(crate) fn move_from(&mut self, place: Place) {
        let client = self.at(place).clients.keys().next().unwrap().clone();
        let left = self.at(place).clients.remove(&client).unwrap();
        self.at(place).disconnect(&client);
        self.after(place);
        self.bring(left.again(), 0);
    }

    pub(crate) fn check_level(&mut self) {
        let head = self.root().head();
        for place in self.objects.keys().copied().collect::<Vec<_>>() {
            if self.members(place) > 0 {
                assert_eq!(self.at(place).head(), head, "{place:?}");
                for client in self.objects[&place].clients.values() {
                    assert_eq!(client.position(), head);
                }
            }
        }
    }
}

pub(crate) fn is_feed(letter: &Letter) -> bool {
    matches!(letter, Letter::Feed { .. })
}

pub(crate) fn is_ate(letter: &Letter) -> bool {
    matches!(letter, Letter::Ate { .. })
}

pub(crate) fn is_hunger(letter: &Letter) -> bool {
    matches!(letter, Letter::Hunger { .. })
}

pub(crate) fn is_answer(letter: &Letter) -> bool {
    matches!(letter, Letter::Answer { .. })
}

pub(crate) fn is_join(letter: &Letter) -> bool {
    matches!(letter, Letter::Join(_))
}

/// The position of a client that has everything.
fn head(forest: &mut Forest) -> Position {
    forest.root().head()
}

#[test]
fn a_room_spreads_when_it_has_so_many_members_and_everyone_is_sent_the_same() {
    let mut forest = Forest::new(2, None);
    forest.publish(&["e-1"]);
    forest.crowd(7);
    let counts = [None, Some(relay(0)), Some(relay(1)), Some(relay(2))];
    assert_eq!(counts.map(|place| forest.members(place)), [2, 2, 2, 1]);
    for post in 0..20 {
        forest.publish(&[&format!("f-{post}")]);
        forest.deliver_all();
    }
    forest.check_level();
    for world in forest.objects.values() {
        for client in world.clients.values() {
            let wanted: Vec<String> = (0..20).map(|post| format!("f-{post}")).collect();
            assert_eq!(client.applied, wanted);
        }
    }
}

#[test]
fn the_root_feeds_its_own_children_once_for_each_burst_and_they_feed_theirs() {
    let mut forest = Forest::new(1, None);
    forest.crowd(9);
    let deep: Vec<RelayName> = forest.objects.keys().copied().flatten().collect();
    let deep: Vec<RelayName> = deep.into_iter().filter(|deep| deep.parent().is_some()).collect();
    assert_eq!(deep.len(), 2);
    let begun = forest.root().trace.len();
    forest.publish(&["e-1"]);
    assert!(!forest.root().trace[begun..]
        .iter()
        .any(|effect| matches!(effect, Effect::KeepTree(_))));
    let to = |letter: &Letter| match letter {
        Letter::Feed { guest, .. } => guest.0,
        _ => panic!("only feeds are under way"),
    };
    let own: Vec<RelayName> = forest.letters.iter().map(to).collect();
    assert_eq!(own, (0..6).map(relay).collect::<Vec<_>>());
    while let Some(first) =
        forest.letters.iter().position(|letter| is_feed(letter) && to(letter) < relay(6))
    {
        forest.deliver(first);
    }
    let theirs: Vec<RelayName> =
        forest.letters.iter().filter(|letter| is_feed(letter)).map(to).collect();
    assert_eq!(theirs, deep);
    forest.deliver_all();
    forest.check_level();
}

#[test]
fn what_comes_while_a_child_is_fed_goes_with_its_next_meal() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.publish(&["e-1"]);
    forest.publish(&["e-2"]);
    forest.publish(&["e-3"]);
    assert_eq!(forest.under_way(is_feed), 1);
    forest.deliver_first(is_feed);
    forest.deliver_first(is_ate);
    let Some(Letter::Feed { served, .. }) = forest.letters.first() else { panic!("nothing") };
    assert_eq!(served.bursts.len(), 2);
    forest.deliver_all();
    forest.check_level();
}

#[test]
fn a_client_goes_on_at_any_object_and_never_backwards() {
    let mut forest = Forest::new(1, None);
    forest.publish(&["e-1"]);
    forest.crowd(3);
    forest.publish(&["e-2"]);
    assert_eq!(forest.under_way(is_feed), 2, "no relay has it yet");
    // Somebody at the root has seen it, and comes to a relay that has not.
    forest.at(None).clients.values().for_each(|client| assert_eq!(client.position().seq, 2));
    forest.lose_first(is_feed);
    forest.lose_first(is_feed);
    forest.move_from(None);
    forest.deliver_all();
    let relays: usize = forest.all_members() - forest.members(None);
    assert_eq!(relays, 3);
    for world in forest.objects.values() {
        for client in world.clients.values().filter(|client| client.frames[0]["seq"] == 2) {
            assert_eq!(client.frames[0]["recovery"], "replayed", "it lacks nothing");
        }
    }
    forest.calm(1_000);
    forest.check_level();
}

#[test]
fn a_position_that_is_not_of_this_room_gets_the_state_at_a_relay() {
    let mut forest = Forest::new(1, None);
    forest.publish(&["e-1"]);
    forest.crowd(2);
    let seq = head(&mut forest).seq;
    let stranger = Position { epoch: "00000000000000ff".parse().unwrap(), seq };
    forest.bring(Client::new(Dialect::V1, Some(&stranger)), 0);
    forest.deliver_all();
    assert_eq!(forest.all_members(), 3);
    forest.check_level();
}

#[test]
fn a_child_that_does_not_answer_is_fed_again_soon() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.publish(&["e-1"]);
    forest.lose_first(is_feed);
    forest.deliver_first(is_ate);
    assert_eq!(forest.under_way(is_feed), 0);
    forest.pass(FEED_AGAIN_MS);
    assert_eq!(forest.under_way(is_feed), 1);
    forest.deliver_first(is_feed);
    forest.lose_first(is_ate);
    forest.deliver_first(is_ate);
    forest.pass(2 * FEED_AGAIN_MS);
    forest.deliver_all();
    forest.check_level();
    assert!(forest.root().runner.is_resting());
}

#[test]
fn a_relay_that_missed_everything_is_level_with_its_next_sweep() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.publish(&["e-1"]);
    // The root is lost, and with it that it has to feed somebody again.
    forest.lose_first(is_feed);
    forest.kill(None);
    forest.letters.clear();
    forest.pass(SWEEP_EVERY_MS);
    forest.deliver_all();
    let (own, root) = (forest.at(Some(relay(0))).head(), head(&mut forest));
    assert_eq!(own, root);
}

#[test]
fn a_relay_that_lacks_more_than_its_parent_has_sends_its_members_back_once() {
    let limits = RoomLimits { log_bursts: 4, checkpoint_bursts: 2, ..RoomLimits::default() };
    let mut forest = Forest::with_limits(1, None, limits);
    forest.crowd(2);
    forest.publish(&["e-1"]);
    for post in 0..8 {
        forest.publish(&[&format!("f-{post}")]);
    }
    forest.lose_first(is_feed);
    forest.calm(1_000);
    assert_eq!(forest.away.len(), 1);
    let client = forest.away.pop().unwrap();
    forest.bring(client, 0);
    forest.deliver_all();
    forest.check_level();
}

#[test]
fn the_state_and_the_tallies_of_a_relay_are_those_of_the_root() {
    let mut forest = Forest::new(1, None);
    let preset = tallies::preset();
    let counted = |number: usize, kind: u8| {
        tallies::update(&preset, number, (1, kind, u8::try_from(number).unwrap(), 2))
    };
    forest.post(vec![update("e-1", "a", 1), update("e-2", "b", 2), counted(3, 0)]);
    forest.crowd(2);
    forest.settle();
    forest.post(vec![update("e-4", "a", 1), counted(5, 2)]);
    forest.settle();
    forest.deliver_all();
    let view = View::of_all(Dialect::V1);
    let at_root = forest.root().read(&view, "ada");
    assert_eq!(forest.at(Some(relay(0))).read(&view, "ada"), at_root);
    // Also after it has been read from storage.
    forest.evict(Some(relay(0)));
    assert_eq!(forest.at(Some(relay(0))).read(&view, "ada"), at_root);
    forest.check_level();
}

#[test]
fn a_child_that_does_not_get_on_is_not_fed_without_a_pause() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.publish(&["e-1"]);
    let Some(Letter::Feed { guest, .. }) = forest.letters.pop() else { panic!("no feed") };
    // It says that it has what it had.
    let has = forest.at(Some(relay(0))).answered(|runner, world| {
        runner.eat(
            Served {
                epoch: "00000000000000ff".parse().unwrap(),
                checkpoint: None,
                bursts: Vec::new(),
            },
            world,
        )
    });
    forest.letters.push(Letter::Ate { to: None, guest, ate: has });
    forest.deliver(0);
    assert_eq!(forest.under_way(is_feed), 0);
    forest.pass(FEED_AGAIN_MS);
    assert_eq!(forest.under_way(is_feed), 1);
}

#[test]
fn a_child_that_has_just_been_answered_is_not_fed() {
    let mut forest = Forest::new(1, None);
    forest.publish(&["e-1"]);
    forest.crowd(2);
    forest.pass(SWEEP_EVERY_MS);
    while let Some(next) = forest.letters.first() {
        assert!(!is_feed(next), "it was told all that there is");
        forest.deliver(0);
    }
}

#[test]
fn an_answer_to_what_a_relay_was_sent_before_it_asked_does_not_count() {
    let mut forest = Forest::new(1, None);
    forest.crowd(2);
    forest.leave(Some(relay(0)));
    forest.pass(RELAY_KEPT_MS + 1_000);
    forest.letters.clear();
    forest.publish(&["e-1"]);
    forest.deliver_first(is_feed);
    assert_eq!(forest.under_way(is_ate), 1, "that it has ended");
    // It begins again, and is fed again, before that arrives.
    forest.bring(newcomer(), 0);
    while forest.members(Some(relay(0))) == 0 {
        let next = forest.letters.iter().position(|letter| !is_ate(letter)).unwrap();
        forest.deliver(next);
    }
    forest.publish(&["e-2"]);
    forest.deliver_first(is_ate);
    forest.deliver_all();
    forest.publish(&["e-3"]);
    assert_eq!(forest.under_way(is_feed), 1);
}
