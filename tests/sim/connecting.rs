//! How a client gets into a room: the tenant, the admission, places at two seats, the room; as `src/shell/live.rs` and `src/shell/seats.rs`
//! do it. Any step may be lost, before or after it was carried out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::rc::Rc;

use roomcast::auth::admission::{admit, Admission, Claimed, Open, Place, Session};
use roomcast::auth::token::Carriers;
use roomcast::hop::join::Join;
use roomcast::hop::seat::{Shown, Take, Taken};
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{ClientId, RoomName};
use roomcast::protocol::lease::{Leased, Subject};
use roomcast::protocol::time::Timestamp;
use roomcast::quota::address::Address;
use roomcast::quota::name;
use roomcast::tenant::{Access, Tenant};

use crate::documents::tenant_name;
use crate::events::{Answer, Asker, Call, To};
use crate::front::Found;
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
}

const TENANT: u32 = 0;
const USER: u32 = 1;
const ADDRESS: u32 = 2;
const ROOM: u32 = 3;

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
        match question {
            TENANT => match self.learn_copy(entering.front, entering.asked, answer) {
                Some(tenant) => self.admitted(number, entering, &tenant),
                None => self.refuse(entering, "room_failed"),
            },
            USER | ADDRESS => {
                let which = usize::from(question == ADDRESS);
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
            _ => {
                match answer {
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
        let company = Company { presence: true, signals: true };
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
        let subjects =
            [Subject::User(user.clone()), Subject::Address(name::of_address_within(address, None))];
        let takes = [
            Take {
                limit: tenant.limits.connections_per_user,
                shown: Some(shown),
                ..Take::new(client, &room, subjects[0].clone())
            },
            Take {
                limit: tenant.limits.connections_per_address,
                ..Take::new(client, &room, subjects[1].clone())
            },
        ];
        let seats =
            [name::of_user(&tenant_name(), &user), name::of_address(&tenant_name(), address, None)];
        let none = Leased::new(Timestamp(0), Timestamp(0));
        entering.since = now;
        entering.leases = subjects.map(|subject| Some((subject, none)));
        let view = (dialect, topics, pace_ms);
        let mut join =
            Join::new(client.clone(), grant, view, (resume.as_ref(), resume_topics), capacity);
        join.company = company;
        entering.join = Some(join);
        entering.room = Some(room);
        for ((question, seat), take) in [USER, ADDRESS].into_iter().zip(seats).zip(takes) {
            self.ask((To::Seat(seat), Call::Take(take)), (number, question), 12_000);
        }
        true
    }

    fn knock(&mut self, number: u64, entering: &mut Entering) -> bool {
        let (Some(mut join), Some(room)) = (entering.join.take(), entering.room.take()) else {
            return false;
        };
        let [user, address] = std::mem::take(&mut entering.leases);
        let now = self.clock(self.fronts[entering.front].skew);
        let shown =
            |(subject, leased): (Subject, Leased)| (subject, leased.shown(entering.since, now));
        join.leases = address.into_iter().chain(user).map(shown).collect();
        let call = Call::Join { header: join.encode(), agent: entering.request.agent };
        self.ask((To::Room(room.to_string()), call), (number, ROOM), 12_000);
        true
    }

    fn refuse(&mut self, entering: &Entering, why: &'static str) -> bool {
        self.reply(entering.asker, Answer::Refused(why));
        false
    }
}
