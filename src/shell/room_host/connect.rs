//! A client of Socket.IO that connects to a namespace: its token, its place, its way back, and then the room.
//!
//! A client that connects by a WebSocket brings its token with the request, and the front Worker does all this. A client of Socket.IO
//! sends it in a packet, so the room has to ask.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::RoomHost;
use crate::auth::admission::{unasked, Session};
use crate::dialect::socketio::recovery::{shown, Shown};
use crate::dialect::socketio::refusal::Wait;
use crate::hop;
use crate::hop::engine::Handshake;
use crate::hop::seat::Take;
use crate::protocol::capacity::WhenFull;
use crate::protocol::codes::Refusal;
use crate::protocol::dialect::Dialect;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, RoomName};
use crate::protocol::lease::{Leased, Subject};
use crate::protocol::topics::Topics;
use crate::quota::waiting::Place;
use crate::room::view::View;
use crate::room::{Entry, Input, Resume, Verdict};
use crate::shell::environment::{now, random};
use crate::shell::record::{write, Line};
use crate::shell::refusals;
use crate::shell::seats::{self, Refused};

/// A client that connects.
struct Entrant<'e> {
    sid: &'e str,
    namespace: &'e str,
    handshake: &'e Handshake,
    room: RoomName,
}

/// Why a client is not let in, and how long it should wait.
struct Denied {
    refusal: Refusal,
    wait: Wait,
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, wait: Wait::default() }
    }
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        let ms = refused.retry_s.map(|seconds| seconds * 1_000);
        Self { refusal: refused.refusal, wait: Wait { ms, position: None } }
    }
}

impl RoomHost {
    /// Lets a client in, or refuses it.
    pub(super) async fn connect(
        self: &Rc<Self>,
        sid: &str,
        namespace: String,
        auth: Map<String, Value>,
    ) {
        let handshake = self.sockets.sessions().with(sid, |held| held.handshake.clone());
        let (Some(handshake), Ok(room)) = (handshake, self.name().parse()) else { return };
        self.hear_watched(handshake.watched);
        let entrant = Entrant { sid, namespace: &namespace, handshake: &handshake, room };
        let entered = self.enter(&entrant, &auth).await;
        match entered {
            Ok(Some(client)) => self.greet(&client, &handshake, &namespace, auth),
            // It has left meanwhile.
            Ok(None) => {}
            Err(refused) => {
                let Denied { refusal, wait } = refused;
                record_refusal(&entrant.room, refusal);
                if let Some(telling) = refusals::telling(&self.env) {
                    self.state.wait_until(telling);
                }
                self.refuse_client(sid, &namespace, (refusal, wait)).await;
            }
        }
    }

    async fn enter(
        self: &Rc<Self>,
        entrant: &Entrant<'_>,
        auth: &Map<String, Value>,
    ) -> Result<Option<ClientId>, Denied> {
        let Entrant { sid, namespace, handshake, .. } = entrant;
        let (grant, usual) = self.granted(entrant, auth).await?;
        let client = ClientId::from_random(random().map_err(|_| Refusal::RoomFailed)?);
        let leases = self.leases(&client, entrant, &grant).await?;
        let barred = self.bars(&client, (&grant, &leases)).map_err(|_| Refusal::RoomFailed)?;
        if let Some(barred) = barred {
            return Err(hop::meant(hop::barred(barred)).into());
        }
        let shown = shown(auth).filter(|_| handshake.form.form().recovery);
        let topics = topics(&grant, usual, shown.as_ref());
        let resume = match shown {
            Some(Shown { pid, position, .. }) => Resume::As { pid, position },
            None => Resume::State,
        };
        let resumed = resume.position().is_some();
        let (form, namespace) = (handshake.form.clone(), (*namespace).to_owned());
        let dialect = Dialect::SocketIo { form, namespace: namespace.clone() };
        let permissions = grant.permissions.clone();
        let view = View { topics, permissions, ..View::of_all(dialect) };
        let entry = Entry { capacity: handshake.capacity, above: None };
        let door = self.admit_up_to_date(view.of(&grant.user), (&resume, entry)).await;
        let door = door.map_err(|_| Refusal::RoomFailed)?;
        if let Some(status) = hop::refusal(door).filter(|status| *status != hop::FULL) {
            return Err(hop::meant(status).into());
        }
        // A relay that has asked its parent may have said meanwhile that it is absent.
        let barred = self.bars(&client, (&grant, &leases)).map_err(|_| Refusal::RoomFailed)?;
        if let Some(barred) = barred {
            return Err(hop::meant(hop::barred(barred)).into());
        }
        self.stand_in_line(entrant, &grant)?;
        let sessions = self.sockets.sessions();
        if sessions.with(sid, |held| held.session.enter(&namespace, client.clone())) != Some(true) {
            return Ok(None);
        }
        self.sockets.add_to_session(client.clone(), sid);
        let address = handshake.address.as_ref().map(|address| address.subject.clone());
        let user = grant.user.clone();
        let input = Input::Connected {
            client: client.clone(),
            grant,
            view,
            company: handshake.company,
            resume,
            resume_topics: None,
            address,
        };
        self.turn(input).await.map_err(|_| Refusal::RoomFailed)?;
        self.record_join(&client, &user, "socket.io", resumed);
        Ok(Some(client))
    }

    /// Refuses a client if the room is full, or if others have waited longer for the places that are free. A relay that is full says
    /// nothing of the room: its client comes again, and is sent to another one.
    fn stand_in_line(&self, entrant: &Entrant<'_>, grant: &Grant) -> Result<(), Denied> {
        let capacity = entrant.handshake.capacity;
        if capacity.when_full != WhenFull::Refuse {
            return Ok(());
        }
        let free = self.runner.borrow().free(capacity);
        if self.relay().is_some() {
            return if free > 0 { Ok(()) } else { Err(Refusal::RoomBusy.into()) };
        }
        let who = if grant.user.is_empty() { entrant.sid } else { &grant.user };
        match self.line.borrow_mut().ask(who, free, now()) {
            None => Ok(()),
            Some(Place { position, wait_ms }) => {
                let wait = Wait { ms: Some(wait_ms), position: Some(position) };
                Err(Denied { refusal: Refusal::RoomFull, wait })
            }
        }
    }

    /// What the client's token allows, and the topics that it gets if it does not come back.
    async fn granted(
        &self,
        entrant: &Entrant<'_>,
        auth: &Map<String, Value>,
    ) -> Result<(Grant, Topics), Refusal> {
        let Handshake { carried, only, usual, .. } = entrant.handshake;
        let name = entrant.handshake.form.form().token_name();
        let Some(token) = auth.get(name).and_then(Value::as_str) else {
            let (grant, topics) = carried.verdict()?;
            return if grant.expires <= now() {
                Err(Refusal::TokenExpired)
            } else {
                Ok((grant, topics))
            };
        };
        // Many apps write the scheme of the header in front of it.
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        let grant = match self.ask_tenant(token.into()).await {
            Verdict::Granted(grant) => grant,
            Verdict::Refused(refusal) => return Err(refusal),
            Verdict::Unanswered => return Err(Refusal::RoomFailed),
        };
        let session = &entrant.room.session;
        let session = if *only { Session::Only(session) } else { Session::Named(session.as_str()) };
        let grant = session.granted(grant)?;
        let topics = unasked(usual.as_ref(), &grant.topics);
        Ok((grant, topics))
    }

    /// Takes a place for its user and one for its address.
    async fn leases(
        &self,
        client: &ClientId,
        entrant: &Entrant<'_>,
        grant: &Grant,
    ) -> Result<Vec<(Subject, Leased)>, Refused> {
        let Entrant { handshake, room, .. } = entrant;
        let user = seats::of_user((client, room), grant, handshake.per_user);
        let address = handshake.address.as_ref().map(|address| {
            let subject = Subject::Address(address.subject.clone());
            let take = Take { limit: Some(address.limit), ..Take::new(client, room, subject) };
            (address.seat.clone(), take)
        });
        seats::take_both(&room.tenant, (user, address), &self.env).await
    }
}

/// The topics of a client: those that it had, as far as its token still allows them.
fn topics(grant: &Grant, usual: Topics, shown: Option<&Shown>) -> Topics {
    match shown.and_then(|shown| shown.topics.as_ref()) {
        Some(had) => had.common(&grant.topics),
        None => usual,
    }
}

fn record_refusal(room: &RoomName, refusal: Refusal) {
    write(&Line::Refused {
        tenant: room.tenant.as_str(),
        session: room.session.as_str(),
        origin: None,
        status: refusal.status(),
        reason: refusal.code(),
    });
}
