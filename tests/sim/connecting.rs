//! How a client gets into a room: the tenant, the admission, places at two seats, the room; as `src/shell/live.rs` and `src/shell/seats.rs`
//! do it. Any step may be lost, before or after it was carried out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::rc::Rc;

use roomcast::auth::admission::{admit, Admission, Claimed, Open, Place, Session};
use roomcast::auth::token::Carriers;
use roomcast::hop::join::Join;
use roomcast::hop::seat::{Shown, Take, Taken};
use roomcast::limits::{PLACEMENT_MS, PLACEMENT_TRIES};
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{ClientId, RoomName};
use roomcast::protocol::lease::{Leased, Subject};
use roomcast::protocol::relay::{Region, RelayName};
use roomcast::protocol::time::Timestamp;
use roomcast::quota::address::Address;
use roomcast::quota::name;
use roomcast::room::tree::placing::{Placement, Seeking};
use roomcast::tenant::{Access, Tenant};

use crate::documents::tenant_name;
use crate::entrance::{FULL, SPREAD};
use crate::events::{Answer, Asker, Call, To};
use crate::front::Found;
use crate::relays::{above, has_company};
use crate::system::System;
use crate::undertaking::What;

/// What a client asks for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) agent: usize,
    pub(crate) board: String,
    pub(crate) dialect: Dialect,
    pub(crate) token: String,
    pub(crate) address: String,
    pub(crate) resume: Option<String>,
    pub(crate) topics: Option<String>,
    pub(crate) resume_topics: Option<String>,
}

/// A client on its way.
pub(crate) struct Entering {
    front: usize,
    request: Request,
    asker: Option<Asker>,
    asked: Timestamp,
    client: ClientId,
    room: Option<RoomName>,
    /// What the room is told, without the leases.
    join: Option<Join>,
    leases: [Option<(Subject, Leased)>; 2],
    /// When its leases were asked for.
    since: Timestamp,
    refused: Option<&'static str>,
    waits: u8,
    /// Who counts it, and by which limits.
    takes: Vec<(u32, String, Counted)>,
    above: Option<usize>,
    /// The relay that it is about to join, and how many that takes.
    relay: Option<(RelayName, usize)>,
    /// How many objects it may still try.
    tries: usize,
}

/// A subject, its limit, and the token that is shown for it.
type Counted = (Subject, Option<u32>, Option<Shown>);

const TENANT: u32 = 0;
const USER: u32 = 1;
const ADDRESS: u32 = 2;
const ROOM: u32 = 3;
const PLACE: u32 = 4;

impl System {
    pub(crate) fn enter(&mut self, front: usize, request: Request, asker: Option<Asker>) {
        let client = ClientId::from_random((self.chance.next() | 1 << 63).to_be_bytes());
        let now = self.clock(self.fronts[front].skew);
        let entering = Entering {
            front,
            request,
            asker,
            asked: now,
            client,
            room: None,
            join: None,
            leases: [None, None],
            since: now,
            refused: None,
            waits: 2,
            takes: Vec::new(),
            above: None,
            relay: None,
            tries: PLACEMENT_TRIES,
        };
        let number = self.begin(Some(To::Front(front)), What::Enter(Box::new(entering)));
        match self.find(front) {
            Found::Ask(known) => {
                self.ask((To::Tenant, Call::Document(known)), (number, TENANT), 5_000);
            }
            Found::Tenant(tenant) => {
                let mut undertaking = self.undertakings.remove(&number).unwrap();
                if let What::Enter(entering) = &mut undertaking.what {
                    if self.admitted(number, entering, &tenant) {
                        self.undertakings.insert(number, undertaking);
                    }
                }
            }
        }
    }

    pub(crate) fn entering_goes_on(
        &mut self,
        number: u64,
        entering: &mut Entering,
        question: u32,
        answer: Answer,
    ) -> bool {
        match question % 10 {
            TENANT => match self.learn_copy(entering.front, entering.asked, answer) {
                Some(tenant) => self.admitted(number, entering, &tenant),
                None => self.refuse(entering, "room_failed"),
            },
            USER | ADDRESS => {
                let which = usize::from(question % 10 == ADDRESS);
                match answer {
                    Answer::Taken(Taken::Granted(leased)) => {
                        if let Some((_, lease)) = &mut entering.leases[which] {
                            *lease = leased;
                        }
                    }
                    Answer::Taken(Taken::Revoked) => entering.refused = Some("token_revoked"),
                    Answer::Taken(_) => entering.refused = Some("full"),
                    _ => entering.refused = Some("room_failed"),
                }
                entering.waits -= 1;
                match entering.refused {
                    _ if entering.waits > 0 => true,
                    Some(why) => self.refuse(entering, why),
                    None => self.knock(number, entering),
                }
            }
            PLACE => self.is_placed(number, entering, answer),
            _ => {
                match answer {
                    Answer::Refused(SPREAD) => return self.seek(number, entering),
                    Answer::Refused(FULL) if entering.relay.is_some() => {
                        return self.seek(number, entering);
                    }
                    Answer::Joined => {
                        let connected = Answer::Connected(entering.client.clone());
                        self.reply(entering.asker, connected);
                    }
                    Answer::Refused(why) => drop(self.refuse(entering, why)),
                    _ => drop(self.refuse(entering, "room_failed")),
                }
                false
            }
        }
    }

    /// Checks everything that the client claims, and takes places for it.
    fn admitted(&mut self, number: u64, entering: &mut Entering, tenant: &Rc<Tenant>) -> bool {
        if tenant.access == Access::Suspended {
            return self.refuse(entering, "tenant_suspended");
        }
        let now = self.clock(self.fronts[entering.front].skew);
        let request = entering.request.clone();
        let above = above(&request.board);
        let together = has_company(&request.board);
        let company = Company { presence: together, signals: together };
        let place = Place {
            session: Session::Named(&request.board),
            open: Open::Closed,
            topics: None,
            connections_per_address: None,
            company,
        };
        let claimed = Claimed {
            carriers: Carriers { query: Some(&request.token), ..Carriers::default() },
            resume: request.resume.as_deref(),
            topics: request.topics.as_deref(),
            resume_topics: request.resume_topics.as_deref(),
            ..Claimed::default()
        };
        let admission = match admit((&tenant.origins, &tenant.tokens), &place, &claimed, now) {
            Ok(admission) => admission,
            Err(refusal) => return self.refuse(entering, refusal.code()),
        };
        let Admission { session, grant, resume, topics, resume_topics, pace_ms, .. } = admission;
        let room = tenant.presets.room(&tenant.name, 0, &session);
        let capacity = tenant.presets.get(0).map(|document| document.room).unwrap_or_default();
        let dialect = request.dialect;
        let address = Address::parse(&request.address).unwrap();
        let (client, user) = (&entering.client, grant.user.clone());
        let shown =
            Shown { token: grant.token.clone(), issued: grant.issued, session: session.clone() };
        let subject = Subject::User(user.clone());
        let of_user = (subject, tenant.limits.connections_per_user, Some(shown));
        let subject = Subject::Address(name::of_address_within(address, None));
        let of_address = (subject, tenant.limits.connections_per_address, None);
        entering.takes = vec![
            (USER, name::of_user(&tenant_name(), &user), of_user),
            (ADDRESS, name::of_address(&tenant_name(), address, None), of_address),
        ];
        let view = (dialect, topics, pace_ms);
        let mut join =
            Join::new(client.clone(), grant, view, (resume.as_ref(), resume_topics), capacity);
        join.company = company;
        entering.join = Some(join);
        let known = self.fronts[entering.front].placed.get(&room.to_string());
        let known = known.filter(|(_, until)| above.is_some() && *until > now);
        entering.relay = known.and_then(|(relays, _)| pick(relays, client));
        (entering.room, entering.above) = (Some(room), above);
        self.takes_places(number, entering)
    }

    /// Takes a place at each seat that counts the client, for the object that it is about to join.
    fn takes_places(&mut self, number: u64, entering: &mut Entering) -> bool {
        let Some(room) = entering.room.clone() else { return false };
        let object = room.at(entering.relay.map(|(relay, _)| relay));
        let none = Leased::new(Timestamp(0), Timestamp(0));
        entering.since = self.clock(self.fronts[entering.front].skew);
        entering.waits = 2;
        let subject = |which: usize| {
            entering.takes.get(which).map(|(.., (subject, ..))| (subject.clone(), none))
        };
        entering.leases = [subject(0), subject(1)];
        for (question, seat, (subject, limit, shown)) in entering.takes.clone() {
            let take = Take { limit, shown, ..Take::new(&entering.client, &object, subject) };
            // Not to be taken for the question about another object.
            let question = question + 10 * u32::try_from(entering.tries).unwrap();
            self.ask((To::Seat(seat), Call::Take(take)), (number, question), 12_000);
        }
        true
    }

    /// Asks the room which of its objects take members.
    fn seek(&mut self, number: u64, entering: &mut Entering) -> bool {
        let Some(room) = entering.room.clone() else { return false };
        entering.tries -= 1;
        if entering.tries == 0 {
            return self.refuse(entering, "full");
        }
        let full = entering.relay.take().map(|(relay, _)| relay).into_iter().collect();
        let above = entering.above.unwrap_or(usize::MAX);
        let seeking = Seeking { region: Region::Any, above, most: None, full };
        let call = Call::Place(serde_json::to_string(&seeking).unwrap());
        self.ask((To::Room(room.to_string()), call), (number, PLACE), 5_000);
        true
    }

    fn is_placed(&mut self, number: u64, entering: &mut Entering, answer: Answer) -> bool {
        let Some(room) = entering.room.clone() else { return false };
        match answer {
            Answer::Placed(Placement::Relays(relays)) => {
                let now = self.clock(self.fronts[entering.front].skew);
                let until = now.plus_ms(PLACEMENT_MS);
                entering.relay = pick(&relays, &entering.client);
                self.fronts[entering.front].placed.insert(room.to_string(), (relays, until));
            }
            Answer::Placed(Placement::Root) => entering.above = None,
            Answer::Placed(Placement::Full) => return self.refuse(entering, "full"),
            _ => return self.refuse(entering, "room_failed"),
        }
        self.takes_places(number, entering)
    }

    fn knock(&mut self, number: u64, entering: &mut Entering) -> bool {
        let (Some(mut join), Some(room)) = (entering.join.clone(), &entering.room) else {
            return false;
        };
        let object = room.at(entering.relay.map(|(relay, _)| relay)).to_string();
        let [user, address] = std::mem::take(&mut entering.leases);
        let now = self.clock(self.fronts[entering.front].skew);
        let shown =
            |(subject, leased): (Subject, Leased)| (subject, leased.shown(entering.since, now));
        join.leases = address.into_iter().chain(user).map(shown).collect();
        join.above = entering.above.filter(|_| entering.relay.is_none());
        if let Some((_, most)) = entering.relay {
            join.capacity.clients = Some(most);
        }
        let call = Call::Join { header: join.encode(), agent: entering.request.agent };
        self.ask((To::Room(object), call), (number, ROOM), 12_000);
        true
    }

    fn refuse(&mut self, entering: &Entering, why: &'static str) -> bool {
        self.reply(entering.asker, Answer::Refused(why));
        false
    }
}

/// The relay of a client: always the same of the same relays.
fn pick(relays: &[(RelayName, usize)], client: &ClientId) -> Option<(RelayName, usize)> {
    let sum: usize = client.as_str().bytes().map(usize::from).sum();
    relays.get(sum % relays.len().max(1)).copied()
}
