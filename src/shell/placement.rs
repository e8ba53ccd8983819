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

/// Relays that take members, and how many each takes.
type Open = Vec<(RelayName, usize)>;

thread_local! {
    /// What is known of the relays of rooms near a region, and until when.
    static KNOWN: RefCell<HashMap<(String, Region), (Open, Timestamp)>> = RefCell::default();
}

/// Where the client of a request is, as far as the platform says.
fn region(request: &Request) -> Region {
    continent(request).map_or(Region::Any, |code| Region::of_continent(&code))
}

fn continent(request: &Request) -> Option<String> {
    let get = |of: &wasm_bindgen::JsValue, key: &str| {
        js_sys::Reflect::get(of, &key.into()).ok().filter(wasm_bindgen::JsValue::is_truthy)
    };
    get(&get(request, "cf")?, "continent")?.as_string()
}

/// Where a client goes: to the room itself, or to a relay, which takes so many members.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot(Option<(RelayName, usize)>);

impl Spot {
    /// The room itself.
    pub(super) const ROOT: Self = Self(None);

    pub(super) fn is_relay(self) -> bool {
        self.0.is_some()
    }

    /// The object of the room.
    pub(super) fn of(self, room: &RoomName) -> RoomName {
        room.at(self.0.map(|(relay, _)| relay))
    }

    /// How many members it takes, if not as many as the room.
    pub(super) fn most(self) -> Option<usize> {
        self.0.map(|(_, most)| most)
    }
}

/// The search for an object of a room that takes a client.
pub(super) struct Search<'s> {
    pub(super) env: &'s Env,
    pub(super) room: &'s RoomName,
    pub(super) request: &'s Request,
    /// The id of the client.
    pub(super) client: &'s str,
    /// The members from which the room spreads; `None` if the client cannot be sent to a relay.
    pub(super) above: Option<usize>,
    /// How many members the room may have in all.
    pub(super) most: Option<usize>,
}

impl Search<'_> {
    /// Where the client goes first: to a relay, if this isolate knows of some.
    pub(super) fn first(&self) -> Spot {
        let known = self.above.and_then(|_| recall(self.room, self.request));
        known.and_then(|relays| pick(&relays, self.client)).unwrap_or(Spot::ROOT)
    }

    /// Asks the room which of its objects takes a client that one has refused, because it is full or has spread.
    pub(super) async fn after(&self, refused: Spot) -> Result<Found, Refusal> {
        let (region, above) = (region(self.request), self.above.unwrap_or(SPREAD_ABOVE));
        let full = refused.0.map(|(relay, _)| relay).into_iter().collect();
        let seeking = Seeking { region, above, most: self.most, full };
        let placement = objects::place(self.env, self.room, &seeking).await;
        Ok(match placement.ok_or(Refusal::RoomFailed)? {
            Placement::Relays(relays) => {
                let spot = pick(&relays, self.client);
                remember(self.room, region, relays);
                spot.map_or(Found::Full, Found::Relay)
            }
            Placement::Root => Found::Root,
            Placement::Full => Found::Full,
        })
    }
}

/// The object that takes a client.
pub(super) enum Found {
    /// A relay.
    Relay(Spot),
    /// The room itself, although it has spread.
    Root,
    /// None.
    Full,
}

/// A client on its way to its room.
pub(super) struct Journey<'j> {
    pub(super) request: &'j Request,
    pub(super) tenant: &'j Tenant,
    pub(super) env: &'j Env,
}

impl Journey<'_> {
    /// Takes places for a client, and connects it.
    pub(super) async fn connect(
        &self,
        entrant: Entrant<'_>,
        join: &Join,
    ) -> Result<web_sys::Response, Refused> {
        let search = Search {
            env: self.env,
            room: entrant.room,
            request: self.request,
            client: join.client.as_str(),
            above: join.above,
            most: join.capacity.clients,
        };
        let spot = search.first();
        match self.join_at(spot, &entrant, join).await? {
            Answered::Joined(response) => Ok(response),
            // Boxed, because most clients do not need it: V8 would compile it while they wait.
            met => self.search((&entrant, join), (&search, spot), met).boxed_local().await,
        }
    }

    async fn search(
        &self,
        (entrant, join): (&Entrant<'_>, &Join),
        (search, mut spot): (&Search<'_>, Spot),
        mut met: Answered,
    ) -> Result<web_sys::Response, Refused> {
        for _ in 0..PLACEMENT_TRIES {
            match met {
                Answered::Spread => {}
                Answered::Refused(Refusal::RoomFull) if spot.is_relay() => {}
                met => return Ok(met.response()?),
            }
            spot = match search.after(spot).await? {
                Found::Relay(spot) => spot,
                Found::Root => return self.join_root(entrant, join).await,
                Found::Full => return self.join_full(entrant, join, spot).await,
            };
            met = self.join_at(spot, entrant, join).await?;
        }
        Ok(met.response()?)
    }

    async fn join_at(
        &self,
        spot: Spot,
        entrant: &Entrant<'_>,
        join: &Join,
    ) -> Result<Answered, Refused> {
        self.join(entrant, &spot.of(entrant.room), at(join, spot)).await
    }

    async fn join(
        &self,
        entrant: &Entrant<'_>,
        object: &RoomName,
        mut join: Join,
    ) -> Result<Answered, Refused> {
        join.leases = entrant.at(object).take(self.tenant, self.env).await?;
        Ok(objects::join(self.env, object, &join).await?)
    }

    /// Joins the room itself, although it has spread.
    async fn join_root(
        &self,
        entrant: &Entrant<'_>,
        join: &Join,
    ) -> Result<web_sys::Response, Refused> {
        let mut join = join.clone();
        join.above = None;
        Ok(self.join(entrant, entrant.room, join).await?.response()?)
    }

    /// Joins a room that is full, if somebody who is idle is closed for it. That is one of the same object.
    async fn join_full(
        &self,
        entrant: &Entrant<'_>,
        join: &Join,
        spot: Spot,
    ) -> Result<web_sys::Response, Refused> {
        if join.capacity.when_full == WhenFull::Refuse {
            return Err(Refusal::RoomFull.into());
        }
        let mut join = at(join, spot);
        join.capacity.when_full = WhenFull::CloseOldestIdle;
        Ok(self.join(entrant, &spot.of(entrant.room), join).await?.response()?)
    }
}

/// A client at a relay: it is let in as long as the relay has not as many members as it may have.
fn at(join: &Join, spot: Spot) -> Join {
    let mut join = join.clone();
    if let Some(most) = spot.most() {
        join.above = None;
        join.capacity.clients = Some(most);
        join.capacity.when_full = WhenFull::Refuse;
    }
    join
}

/// The relay of a client: always the same of the same relays.
fn pick(relays: &[(RelayName, usize)], client: &str) -> Option<Spot> {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(client.as_bytes());
    let count = u64::try_from(relays.len()).ok()?;
    let place = usize::try_from(hasher.finish().checked_rem(count)?).ok()?;
    relays.get(place).map(|relay| Spot(Some(*relay)))
}

/// The relays of a room that take members, as far as this isolate knows. Where no room has spread, nothing is looked up for that.
fn recall(room: &RoomName, request: &Request) -> Option<Open> {
    KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            return None;
        }
        let key = (room.to_string(), region(request));
        let (relays, until) = known.get(&key)?;
        if *until > now() {
            return Some(relays.clone());
        }
        known.remove(&key);
        None
    })
}

fn remember(room: &RoomName, region: Region, relays: Open) {
    KNOWN.with_borrow_mut(|known| {
        let now = now();
        if known.len() >= PLACEMENTS {
            known.retain(|_, (_, until)| *until > now);
        }
        if known.len() < PLACEMENTS {
            known.insert((room.to_string(), region), (relays, now.plus_ms(PLACEMENT_MS)));
        }
    });
}

/// How many members a room may have that a client joins who may do this. The persons who see each other are all known to the root.
pub(super) fn capacity(capacity: Capacity, company: Company) -> Capacity {
    if !company.presence {
        return capacity;
    }
    let clients = capacity.clients.map_or(PRESENCE_CLIENTS, |most| most.min(PRESENCE_CLIENTS));
    Capacity { clients: Some(clients), ..capacity }
}
