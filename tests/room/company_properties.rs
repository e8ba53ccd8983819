//! Properties of company over relays: whatever is lost, late, doubled or evicted, in the end everyone knows who is here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::limits::{RoomLimits, RELAY_KEPT_MS};
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::time::Timestamp;
use roomcast::runner::Runner;
use serde_json::{json, Value};

use crate::company::{forest, PLACES};
use crate::forest::{relay, Forest, Place};
use crate::presence::{fold, read, Told};

#[derive(Debug, Clone)]
enum Event {
    Enter(usize, u8),
    Leave(usize),
    Show(usize, u8),
    Ask(usize),
    HandOver(usize),
    Lose(usize),
    Double(usize),
    Evict(usize),
    Fail(usize),
    Second,
    Calm,
    Read,
}

fn event() -> impl Strategy<Value = Event> {
    let any = any::<usize>;
    prop_oneof![
        5 => (any(), 0..7_u8).prop_map(|(place, user)| Event::Enter(place, user)),
        4 => any().prop_map(Event::Leave),
        4 => (any(), 0..4_u8).prop_map(|(who, data)| Event::Show(who, data)),
        1 => any().prop_map(Event::Ask),
        14 => any().prop_map(Event::HandOver),
        3 => any().prop_map(Event::Lose),
        3 => any().prop_map(Event::Double),
        6 => any().prop_map(Event::Evict),
        5 => Just(Event::Second),
        2 => Just(Event::Calm),
        1 => Just(Event::Read),
    ]
}

/// The same, and objects fail.
fn or_failure() -> impl Strategy<Value = Event> {
    prop_oneof![15 => event(), 1 => any::<usize>().prop_map(Event::Fail)]
}

struct Run {
    forest: Forest,
    begun: Timestamp,
    /// What each connection has set last, in the order in which that was set.
    shown: Vec<(ClientId, Value)>,
}

fn places() -> Vec<Place> {
    std::iter::once(None).chain(PLACES.map(|number| Some(relay(number)))).collect()
}

impl Run {
    fn members(&self) -> Vec<(Place, ClientId)> {
        let objects = self.forest.objects.iter();
        let all = objects
            .flat_map(|(place, world)| world.clients.keys().map(move |id| (*place, id.clone())));
        all.collect()
    }

    fn pick(&self, index: usize) -> Option<(Place, ClientId)> {
        let members = self.members();
        members.get(index.checked_rem(members.len())?).cloned()
    }

    fn happen(&mut self, event: &Event) {
        let places = places();
        let letter = |index: &usize| index.checked_rem(self.forest.posts.len());
        match event {
            // Relays that nobody came to have ended by then; `tree_properties` has those that are placed anew.
            Event::Enter(..) if self.forest.now().ms_since(self.begun) >= RELAY_KEPT_MS => {}
            Event::Enter(place, user) => {
                // User 0 is nobody.
                let user = if *user == 0 { String::new() } else { format!("user-{user}") };
                self.forest.come(places[place % places.len()], &user);
            }
            Event::Leave(index) => {
                if let Some((place, client)) = self.pick(*index) {
                    self.forest.quit(place, &client);
                }
            }
            Event::Show(index, number) => {
                if let Some((place, client)) = self.pick(*index) {
                    self.pass(150);
                    let data = if *number == 0 { Value::Null } else { json!({"n": number}) };
                    self.forest.say(
                        place,
                        &client,
                        &json!({"type": "presence.set", "data": data}).to_string(),
                    );
                    self.shown.push((client, data));
                }
            }
            Event::Ask(index) => {
                if let Some((place, client)) = self.pick(*index) {
                    self.pass(150);
                    self.forest.say(place, &client, r#"{"type":"presence.get"}"#);
                }
            }
            Event::HandOver(index) => {
                if let Some(index) = letter(index) {
                    self.forest.hand_over(index);
                }
            }
            Event::Lose(index) => {
                if let Some(index) = letter(index) {
                    self.forest.mislay(index);
                }
            }
            Event::Double(index) => {
                if let Some(index) = letter(index) {
                    self.forest.copy(index);
                }
            }
            Event::Evict(place) => {
                // An object that is evicted has done nothing for seconds.
                self.pass(50);
                self.forest.evict_company(places[place % places.len()]);
            }
            Event::Fail(place) => self.forest.fail(places[place % places.len()]),
            Event::Second => self.forest.pass_second(),
            Event::Calm => self.forest.gather(4),
            Event::Read => {
                self.forest.root().answered(Runner::seek_who_is_here);
                self.forest.after(None);
            }
        }
        let members: Vec<_> = self.members().into_iter().map(|(_, client)| client).collect();
        self.shown.retain(|(client, _)| members.contains(client));
    }

    /// The same little time passes everywhere.
    fn pass(&mut self, ms: u64) {
        for place in places() {
            self.forest.at(place).pass_ms(ms);
            self.forest.at(place).gather_if_due();
            self.forest.after(place);
        }
    }

    /// Who is here, from what has happened.
    fn expected(&self) -> Told {
        let users = self
            .members()
            .into_iter()
            .map(|(place, client)| self.forest.objects[&place].clients[&client].user.clone());
        let mut people: BTreeMap<_, _> =
            users.filter(|user| !user.is_empty()).map(|user| (user, Value::Null)).collect();
        let user_of = |client: &ClientId| {
            let mut worlds = self.forest.objects.values();
            worlds.find_map(|world| Some(world.clients.get(client)?.user.clone())).unwrap()
        };
        for (client, data) in &self.shown {
            if let Some(person) = people.get_mut(&user_of(client)) {
                *person = data.clone();
            }
        }
        (people.len() as u64, people)
    }

    fn check(&mut self) {
        let (count, people) = self.expected();
        for (place, client) in self.members() {
            let (told, names) = fold(&self.forest.objects[&place].clients[&client].frames);
            assert_eq!(told, count, "{place:?} {client:?}");
            if count <= 4 {
                assert_eq!(names, people, "{place:?} {client:?}");
            }
        }
        self.forest.root().answered(Runner::seek_who_is_here);
        self.forest.after(None);
        self.forest.gather(4);
        let mut state = read(self.forest.root());
        state["type"] = "presence.state".into();
        let first: BTreeMap<_, _> = people.into_iter().take(4).collect();
        assert_eq!(fold([&state]), (count, first));
        if self.awake().is_some() {
            // A relay that has failed tells its parent anew a minute later, which may be in this very moment.
            self.forest.gather(4);
        }
        if let Some(place) = self.awake() {
            panic!("{place:?} rests in the calm: {:?}", self.forest.at(place).runner);
        }
    }

    fn awake(&mut self) -> Option<Place> {
        places().into_iter().find(|place| !self.forest.at(*place).runner.is_resting())
    }
}

fn live(events: &[Event]) {
    let limits = RoomLimits { presence_listed: 4, ..RoomLimits::default() };
    let forest = forest(limits);
    let mut run = Run { begun: forest.now(), forest, shown: Vec::new() };
    for event in events {
        run.happen(event);
    }
    run.forest.gather(25);
    run.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wherever_they_are_and_whatever_is_lost_members_know_in_the_end_who_is_here(
        events in vec(event(), 1..120),
    ) {
        live(&events);
    }

    #[test]
    fn after_any_failure_of_any_object_members_know_who_is_here(events in vec(or_failure(), 1..80)) {
        live(&events);
    }
}

#[test]
fn a_relay_that_tells_its_parent_anew_in_the_moment_of_the_check_rests_soon_after() {
    use Event::{Calm, Fail, Second};
    let fails = Fail(673_228_404_350_693_798);
    let seconds = [Second, Second, Second, Second, Calm, Second, Second];
    let calm = [Second, Calm, Calm, Calm, Calm, Calm];
    live(&calm.into_iter().chain([fails]).chain(seconds).collect::<Vec<_>>());
}
