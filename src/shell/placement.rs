//! Connects clients to the objects of their rooms: the room itself, or, if it has spread, one of its relays near the client.
//!
//! A room that has spread says so when somebody wants to join it. From then on the isolate remembers for a few seconds which
//! relays take members, and picks one by the client's id. A relay that is full refuses; then the room is asked again. Which
//! relays there are is decided in `room/tree/placing.rs`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hasher as _;

use futures::FutureExt as _;
use siphasher::sip::SipHasher13;
use web_sys::Request;
use worker::Env;

use super::environment::now;
use super::objects::{self, Answered};
use super::seats::{Entrant, Refused};
use crate::hop::join::Join;
use crate::limits::{PLACEMENTS, PLACEMENT_MS, PLACEMENT_TRIES, PRESENCE_CLIENTS, SPREAD_ABOVE};
use crate::protocol::capacity::{Capacity, WhenFull};
use crate::protocol::codes::Refusal;
use crate::protocol::company::Company;
use crate::protocol::ids::RoomName;
use crate::protocol::relay::{Region, RelayName};
use crate::protocol::time::Timestamp;
use crate::room::tree::placing::{Placement, Seeking};
use crate::tenant::Tenant;

/// What is known of the relays of a room near one region, and until when.
type Known = (Vec<(RelayName, usize)>, Timestamp);

thread_local! {
    static KNOWN: RefCell<HashMap<(String, Region), Known>> = RefCell::default();
}

/// Where the client of a request is, as far as the platform says.
pub(super) fn region(request: &Request) -> Region {
    continent(request).map_or(Region::Any, |code| Region::of_continent(&code))
}

fn continent(request: &Request) -> Option<String> {
    let get = |of: &wasm_bindgen::JsValue, key: &str| {
        js_sys::Reflect::get(of, &key.into()).ok().filter(wasm_bindgen::JsValue::is_truthy)
    };
    get(&get(request, "cf")?, "continent")?.as_string()
}

/// The search for an object of a room that takes a client.
pub(super) struct Search<'s> {
    env: &'s Env,
    room: &'s RoomName,
    client: &'s str,
    seeking: Seeking,
}

impl<'s> Search<'s> {
    /// For a client with this id, near this region, in a room that may have so many members and spreads above so many.
    pub(super) fn new(
        (env, room): (&'s Env, &'s RoomName),
        (client, region): (&'s str, Region),
        (above, most): (Option<usize>, Option<usize>),
    ) -> Self {
        let above = above.unwrap_or(SPREAD_ABOVE);
        Self { env, room, client, seeking: Seeking { region, above, most, full: Vec::new() } }
    }

    /// The relay of the client, as far as this isolate knows.
    pub(super) fn known(&self) -> Option<(RelayName, usize)> {
        pick(&recall(self.room, self.seeking.region)?, self.client)
    }

    /// Notes that a relay is full.
    pub(super) fn is_full(&mut self, relay: Option<(RelayName, usize)>) {
        self.seeking.full = relay.map(|(relay, _)| relay).into_iter().collect();
    }

    /// Asks the room which of its objects takes the client.
    pub(super) async fn ask(&self) -> Result<Found, Refusal> {
        let placement = objects::place(self.env, self.room, &self.seeking).await;
        Ok(match placement.ok_or(Refusal::RoomFailed)? {
            Placement::Relays(relays) => {
                let relays = remember(self.room, self.seeking.region, relays);
                pick(&relays, self.client)
                    .map_or(Found::Full, |(relay, most)| Found::Relay(relay, most))
            }
            Placement::Root => Found::Root,
            Placement::Full => Found::Full,
        })
    }
}

/// The object that takes a client.
pub(super) enum Found {
    /// A relay, which takes so many.
    Relay(RelayName, usize),
    /// The room itself, although it has spread.
    Root,
    /// None.
    Full,
}

/// A client on its way to its room.
pub(super) struct Journey<'j> {
    pub(super) tenant: &'j Tenant,
    pub(super) env: &'j Env,
    pub(super) region: Region,
}

impl Journey<'_> {
    /// Takes places for a client, and connects it.
    pub(super) async fn connect(
        &self,
        entrant: Entrant<'_>,
        join: &Join,
    ) -> Result<web_sys::Response, Refused> {
        let room = entrant.room;
        let mut search = Search::new(
            (self.env, room),
            (join.client.as_str(), self.region),
            (join.above, join.capacity.clients),
        );
        let relay = search.known().filter(|_| join.above.is_some());
        let met =
            self.join(&entrant, &room.at(relay.map(|(relay, _)| relay)), at(join, relay)).await?;
        match met {
            Answered::Joined(response) => Ok(response),
            // Boxed, because most clients do not need it: V8 would compile it while they wait.
            met => self.search((&entrant, join), (&mut search, relay), met).boxed_local().await,
        }
    }

    async fn search(
        &self,
        (entrant, join): (&Entrant<'_>, &Join),
        (search, mut relay): (&mut Search<'_>, Option<(RelayName, usize)>),
        mut met: Answered,
    ) -> Result<web_sys::Response, Refused> {
        for _ in 0..PLACEMENT_TRIES {
            match met {
                Answered::Joined(response) => return Ok(response),
                Answered::Spread => {}
                Answered::Refused(Refusal::RoomFull) if relay.is_some() => search.is_full(relay),
                Answered::Refused(refusal) => return Err(refusal.into()),
            }
            match search.ask().await? {
                Found::Relay(name, most) => relay = Some((name, most)),
                Found::Root => return self.join_root(entrant, join).await,
                Found::Full => return self.join_full(entrant, join, relay).await,
            }
            let object = entrant.room.at(relay.map(|(relay, _)| relay));
            met = self.join(entrant, &object, at(join, relay)).await?;
        }
        answered(met)
    }

    async fn join(
        &self,
        entrant: &Entrant<'_>,
        object: &RoomName,
        mut join: Join,
    ) -> Result<Answered, Refused> {
        let leases = entrant.at(object).take(self.tenant, self.env).await?;
        let near = object.relay.map_or(Region::Any, RelayName::region);
        join.leases = leases;
        let name = object.to_string();
        Ok(objects::join(self.env, (&name, near), &join).await?)
    }

    /// Joins the room itself, although it has spread.
    async fn join_root(
        &self,
        entrant: &Entrant<'_>,
        join: &Join,
    ) -> Result<web_sys::Response, Refused> {
        let mut join = join.clone();
        join.above = None;
        answered(self.join(entrant, entrant.room, join).await?)
    }

    /// Joins a room that is full, if somebody who is idle is closed for it. That is one of the same object.
    async fn join_full(
        &self,
        entrant: &Entrant<'_>,
        join: &Join,
        relay: Option<(RelayName, usize)>,
    ) -> Result<web_sys::Response, Refused> {
        if join.capacity.when_full == WhenFull::Refuse {
            return Err(Refusal::RoomFull.into());
        }
        let object = entrant.room.at(relay.map(|(relay, _)| relay));
        let mut join = at(join, relay);
        join.capacity.when_full = WhenFull::CloseOldestIdle;
        answered(self.join(entrant, &object, join).await?)
    }
}

fn answered(answered: Answered) -> Result<web_sys::Response, Refused> {
    match answered {
        Answered::Joined(response) => Ok(response),
        Answered::Spread => Err(Refusal::RoomBusy.into()),
        Answered::Refused(refusal) => Err(refusal.into()),
    }
}

/// A client at a relay: it is let in as long as the relay has not as many members as it may have.
fn at(join: &Join, relay: Option<(RelayName, usize)>) -> Join {
    let mut join = join.clone();
    if let Some((_, most)) = relay {
        join.above = None;
        join.capacity.clients = Some(most);
        join.capacity.when_full = WhenFull::Refuse;
    }
    join
}

/// The relay of a client: always the same of the same relays.
fn pick(relays: &[(RelayName, usize)], client: &str) -> Option<(RelayName, usize)> {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(client.as_bytes());
    let count = u64::try_from(relays.len()).ok()?;
    let place = usize::try_from(hasher.finish().checked_rem(count)?).ok()?;
    relays.get(place).copied()
}

/// The relays of a room that take members, as far as this isolate knows.
fn recall(room: &RoomName, region: Region) -> Option<Vec<(RelayName, usize)>> {
    KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            return None;
        }
        let key = (room.to_string(), region);
        let (relays, until) = known.get(&key)?;
        if *until > now() {
            return Some(relays.clone());
        }
        known.remove(&key);
        None
    })
}

fn remember(
    room: &RoomName,
    region: Region,
    relays: Vec<(RelayName, usize)>,
) -> Vec<(RelayName, usize)> {
    KNOWN.with_borrow_mut(|known| {
        let now = now();
        if known.len() >= PLACEMENTS {
            known.retain(|_, (_, until)| *until > now);
        }
        if known.len() < PLACEMENTS {
            known.insert((room.to_string(), region), (relays.clone(), now.plus_ms(PLACEMENT_MS)));
        }
    });
    relays
}

/// How many members a room may have that a client joins who may do this. The persons who see each other are all known to the root.
pub(super) fn capacity(capacity: Capacity, company: Company) -> Capacity {
    if !company.presence {
        return capacity;
    }
    let clients = capacity.clients.map_or(PRESENCE_CLIENTS, |most| most.min(PRESENCE_CLIENTS));
    Capacity { clients: Some(clients), ..capacity }
}
