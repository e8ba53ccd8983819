//! A tree with many viewers: places them as a front Worker does, carries what its objects want of each other, and keeps time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use roomcast::limits::ROOM_CLIENTS;
use roomcast::protocol::capacity::Capacity;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::relay::{Region, RelayName};
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::{Entry as Meta, Update};
use roomcast::room::publish::Post;
use roomcast::room::tree::placing::{Placement, Seeking};
use roomcast::room::view::View;
use roomcast::room::{Door, Entry, Input, PostId, Resume};
use roomcast::runner::{Alarm, Runner};

use crate::object::{Object, Used};

/// A day, which no grant of these viewers outlives.
const DAY_MS: u64 = 86_400_000;

/// Where viewers are, in parts of a hundred.
const VIEWERS: [(Region, u64); 6] = [
    (Region::NorthAmerica, 35),
    (Region::Europe, 30),
    (Region::Asia, 22),
    (Region::SouthAmerica, 7),
    (Region::Oceania, 3),
    (Region::Africa, 3),
];

type Place = Option<RelayName>;

/// The tree.
pub(crate) struct Hall {
    pub(crate) now: Timestamp,
    objects: BTreeMap<Place, (Runner, Object)>,
    above: usize,
    /// The relays of each region that take members, as a front Worker remembers them.
    known: BTreeMap<Region, Vec<(RelayName, usize)>>,
    clients: u64,
    posts: u64,
}

impl Hall {
    pub(crate) fn new(above: usize) -> Self {
        let now = Timestamp(1_767_780_000_000);
        let root = (Runner::default(), Object::new(None, now));
        let objects = BTreeMap::from([(None, root)]);
        let mut hall = Self { now, objects, above, known: BTreeMap::new(), clients: 0, posts: 0 };
        hall.publish(1);
        hall
    }

    pub(crate) fn relays(&self) -> usize {
        self.objects.len() - 1
    }

    /// What all objects have used since the last time.
    pub(crate) fn take_used(&mut self) -> Used {
        let mut all = Used::default();
        for (_, object) in self.objects.values_mut() {
            let used = std::mem::take(&mut object.used);
            all.requests += used.requests;
            all.rows_written += used.rows_written;
            all.rows_read += used.rows_read;
            all.deliveries += used.deliveries;
        }
        all
    }

    /// Lets so many viewers in, spread over the regions.
    pub(crate) fn fill(&mut self, viewers: u64) {
        while self.clients < viewers {
            let part = self.clients % 100;
            let mut sum = 0;
            let region = VIEWERS.iter().find(|(_, parts)| {
                sum += parts;
                part < sum
            });
            self.enter(region.unwrap().0);
        }
    }

    fn enter(&mut self, region: Region) {
        self.clients += 1;
        let client = ClientId::from_random(self.clients.to_be_bytes());
        let most = ROOM_CLIENTS;
        let mut full = Vec::new();
        let mut at = self.pick(region);
        loop {
            let (place, most) = at.map_or((None, most), |(relay, most)| (Some(relay), most));
            match self.join(place, &client, most) {
                Door::Open => return,
                Door::Spread => {}
                Door::Full => full = place.into_iter().collect(),
                door => unreachable!("{door:?}"),
            }
            let seeking =
                Seeking { region, above: self.above, most: None, full: std::mem::take(&mut full) };
            let placed = self.with(None, |runner, object| {
                object.used.requests += 1;
                runner.place(&seeking, object).unwrap()
            });
            let Placement::Relays(relays) = placed else { unreachable!("{placed:?}") };
            self.known.insert(region, relays);
            at = self.pick(region);
        }
    }

    fn pick(&self, region: Region) -> Option<(RelayName, usize)> {
        let known = self.known.get(&region)?;
        let count = known.len() as u64;
        known.get(usize::try_from(self.clients % count).unwrap()).copied()
    }

    fn join(&mut self, place: Place, client: &ClientId, most: usize) -> Door {
        let view = View::of_all(Dialect::V1);
        let grant = Grant::new("viewer".into(), self.now.plus_ms(DAY_MS));
        let capacity = Capacity { clients: Some(most), ..Capacity::default() };
        let entry = Entry { capacity, above: place.is_none().then_some(self.above) };
        let mut door = self.admit(place, &view, entry);
        if door == Door::Behind {
            self.ask_parent(place);
            door = self.admit(place, &view, entry);
        }
        if door == Door::Open {
            let input = Input::Connected {
                client: client.clone(),
                grant,
                view,
                company: roomcast::protocol::company::Company::default(),
                resume: Resume::State,
                resume_topics: None,
                address: None,
            };
            self.turn(place, input);
        }
        door
    }

    fn admit(&mut self, place: Place, view: &View, entry: Entry) -> Door {
        self.with_object(place, |runner, object| {
            object.used.requests += 1;
            runner.admit(view.of("viewer"), (&Resume::State, entry), object).unwrap()
        })
    }

    /// Posts so many events in one request, and carries them to the ends of the tree.
    pub(crate) fn publish(&mut self, events: u64) {
        let update = |event: u64| {
            let content = format!(
                r#","updateType":"figure.changed","timestamp":"2026-01-07T10:00:00.000Z","data":{{"figure":{}}}"#,
                event % 20
            );
            let entry = Meta::new(format!("figure-{}", event % 20), content.len());
            Update { event_id: format!("e-{}-{event}", self.posts), entry, content }
        };
        let updates = (0..events).map(update).collect();
        self.posts += 1;
        let post = Post { id: PostId(self.posts), signed: self.now, updates, pace_ms: None };
        self.with_object(None, |_, object| object.used.requests += 1);
        self.turn(None, Input::Published(post));
        self.carry();
    }

    /// Lets time pass: waits end, alarms go off, relays ask.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        while let Some((at, place)) = self.next().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.wake(place);
            self.carry();
        }
        self.now = end;
    }

    fn next(&self) -> Option<(Timestamp, Place)> {
        let due = |(place, (_, object)): (&Place, &(Runner, Object))| {
            let wait = object.waits.iter().map(|(at, _)| *at).min();
            let first = wait.into_iter().chain(object.alarm).min()?;
            Some((first, *place))
        };
        self.objects.iter().filter_map(due).min()
    }

    fn wake(&mut self, place: Place) {
        let (_, object) = self.objects.get_mut(&place).unwrap();
        let due = object.waits.iter().position(|(at, _)| *at <= self.now);
        if let Some(due) = due {
            let (_, wait) = object.waits.remove(due);
            self.with(place, |runner, object| {
                runner.waited(wait, object).map(|alarm| (alarm, ())).unwrap()
            });
            return;
        }
        object.alarm = None;
        object.used.requests += 1;
        self.with(place, |runner, object| runner.wake(object).map(|alarm| (alarm, ())).unwrap());
    }

    /// Carries what objects want of each other, until there is nothing left.
    fn carry(&mut self) {
        loop {
            let asks = self.objects.iter().find(|(_, (_, object))| object.asks_parent);
            if let Some(place) = asks.map(|(place, _)| *place) {
                self.ask_parent(place);
                continue;
            }
            let feeds = self.objects.iter().find(|(_, (_, object))| !object.meals.is_empty());
            let Some(place) = feeds.map(|(place, _)| *place) else { return };
            let meals = self.with_object(place, |_, object| std::mem::take(&mut object.meals));
            for (guest, served) in meals {
                let ate = self.with(Some(guest.0), |runner, object| {
                    object.used.requests += 1;
                    runner.eat(served, object).unwrap()
                });
                self.turn(place, Input::Fed { guest, ate: Some(ate) });
            }
        }
    }

    fn ask_parent(&mut self, place: Place) {
        let relay = place.unwrap();
        let hunger = self.with_object(place, |runner, object| {
            object.asks_parent = false;
            runner.hunger(None, object).unwrap().unwrap()
        });
        let parent = relay.parent();
        if parent.is_some()
            && self.with_object(parent, |runner, object| runner.lacks(None, object).unwrap())
        {
            self.ask_parent(parent);
        }
        let served = self.with(parent, |runner, object| {
            object.used.requests += 1;
            runner.serve(&hunger, object).unwrap()
        });
        self.with(place, |runner, object| (runner.adopt(served.unwrap(), object).unwrap(), ()));
    }

    fn turn(&mut self, place: Place, input: Input<'_>) {
        self.with(place, |runner, object| {
            runner.turn(input, object).map(|alarm| (alarm, ())).unwrap()
        });
    }

    /// Runs a turn of an object, and sets its alarm.
    fn with<T>(
        &mut self,
        place: Place,
        act: impl FnOnce(&mut Runner, &mut Object) -> (Alarm, T),
    ) -> T {
        self.with_object(place, |runner, object| {
            let (alarm, done) = act(runner, object);
            if let Alarm::Set(at) = alarm {
                object.used.rows_written += 1;
                object.alarm = Some(at);
            }
            done
        })
    }

    fn with_object<T>(
        &mut self,
        place: Place,
        act: impl FnOnce(&mut Runner, &mut Object) -> T,
    ) -> T {
        let now = self.now;
        let new = || (Runner::default(), Object::new(place, now));
        let (runner, object) = self.objects.entry(place).or_insert_with(new);
        object.now = now;
        act(runner, object)
    }
}
