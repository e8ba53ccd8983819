//! What a room is asked, and what it hears: as `src/shell/room_do.rs` and `src/shell/room_host/orders.rs` pass it on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::dialect::Received;
use roomcast::hop::delivery;
use roomcast::hop::join::Join;
use roomcast::hop::tenant::{Begun, Change};
use roomcast::protocol::ids::ClientId;
use roomcast::room::publish::Post;
use roomcast::room::view::View;
use roomcast::room::{Door, Entry, Input, PostId, Resume};

use crate::client::Client;
use crate::documents::document;
use crate::events::{Answer, Asker, Call, Event, Said, To};
use crate::line::Line;
use crate::relays::{relay, Waiter};
use crate::room::{Held, Room};
use crate::sessions::Sessions;
use crate::system::System;
use crate::undertaking::What;

/// Why the simulation refuses a client that the room would let in.
const OUTLIVED: &str = "the objects are lost that would refuse it";

/// Why a relay has to ask first.
const BEHIND: &str = "the relay has to ask its parent";

/// Why a client has to go to a relay, or to another one.
pub(crate) const SPREAD: &str = "the room has spread";
pub(crate) const FULL: &str = "no place";

/// A client at the door of a room.
pub(crate) struct Joining {
    header: String,
    agent: usize,
    pub(crate) asker: Option<Asker>,
}

impl System {
    /// Sees to it that there is such an object.
    pub(crate) fn found(&mut self, name: &str) {
        if !self.rooms.contains_key(name) {
            let form = crate::stocks::form(&document(false, 1));
            let mut room = Room::new(|world| Sessions::new(world, form), self.skew());
            room.world().relay = relay(name);
            self.rooms.insert(name.to_owned(), room);
            self.add_stocks(name);
        }
    }

    pub(crate) fn room_is_asked(&mut self, name: &str, call: Call, asker: Option<Asker>) {
        self.found(name);
        if matches!(call, Call::Present(_) | Call::Revoke(_)) {
            let now = self.clock(self.rooms[name].skew);
            let room = self.rooms.get_mut(name).unwrap();
            room.asked = room.asked.max(now);
        }
        match call {
            Call::Join { header, agent } => self.joins(name, Joining { header, agent, asker }),
            Call::Place(_) | Call::Hunger(_) | Call::Feed(_) | Call::Letter(_) => {
                self.tree_is_asked(name, call, asker);
            }
            Call::Deliver(body) => self.delivered(name, &body, asker),
            Call::Present(roll) => {
                let present = self.turn(name, "Present", |sessions| {
                    let roll = roll.clone();
                    let ask = |runner: &mut roomcast::runner::Runner, world: &mut _| {
                        runner.present(roll, world)
                    };
                    sessions.world.with_runner(ask)
                });
                if let (Ok(present), Some(room)) = (&present, self.rooms.get_mut(name)) {
                    room.promise(&roll, present);
                }
                self.hold(name, asker, present.map_or(Answer::Lost, Answer::Present));
            }
            Call::Revoke(revocation) => {
                let failures = self.rooms[name].sessions.world.failures;
                self.turn(name, "Revoked", |sessions| {
                    let world = &mut sessions.world;
                    world.take_turn(|runner, world| {
                        runner.revoke(revocation, world).map(|(alarm, _)| alarm)
                    });
                });
                let failed = self.rooms[name].sessions.world.failures > failures;
                self.hold(name, asker, if failed { Answer::Lost } else { Answer::Closed });
            }
            Call::Rule(rule) => {
                let begun = self.rooms[name].sessions.world.disk.has_begun();
                let failures = self.rooms[name].sessions.world.failures;
                if begun {
                    self.turn(name, "Ruled", |sessions| sessions.world.step(Input::Ruled(rule)));
                }
                let failed = self.rooms[name].sessions.world.failures > failures;
                self.hold(name, asker, if failed { Answer::Lost } else { Answer::Ruled(begun) });
            }
            other => std::panic::panic_any(format!("no question to a room: {other:?}")),
        }
    }

    /// Answers once everything is durable that was written before.
    pub(crate) fn hold(&mut self, name: &str, asker: Option<Asker>, answer: Answer) {
        let room = self.rooms.get_mut(name).unwrap();
        if room.pending {
            room.held.push(Held::Reply(asker, answer));
        } else {
            self.reply(asker, answer);
        }
    }

    fn joins(&mut self, name: &str, joining: Joining) {
        match self.lets_in(name, &joining, false) {
            Err(BEHIND) => self.joins_again(name, joining, 0),
            entered => self.has_let_in(name, &joining, entered),
        }
    }

    /// A client that a relay could not let in before it has asked its parent.
    pub(crate) fn joins_again(&mut self, name: &str, joining: Joining, asked: u8) {
        let position = Join::decode(&joining.header).unwrap().resume();
        let waiter = Waiter::Client(Box::new(joining));
        let waiter = self.up_to_date(name, position.as_ref(), waiter, asked);
        let Some(Waiter::Client(joining)) = waiter else { return };
        let entered = match self.lets_in(name, &joining, false) {
            Err(BEHIND) if !self.lacks(name, None) => self.lets_in(name, &joining, true),
            entered => entered,
        };
        self.has_let_in(name, &joining, entered);
    }

    /// Lets a client in, if the room does. `anew` if its position is none of this room.
    fn lets_in(
        &mut self,
        name: &str,
        joining: &Joining,
        anew: bool,
    ) -> Result<(ClientId, u64), &'static str> {
        let join = Join::decode(&joining.header).unwrap();
        let (client, resume) = (join.client.clone(), join.dialect.resume(join.resume()));
        let address = join.address();
        let (topics, permissions) = (join.topics.clone(), join.grant.permissions.clone());
        let pace_ms = join.pace_ms;
        let view = View { topics, permissions, pace_ms, ..View::of_all(join.dialect.clone()) };
        let mut placeholder = Client::of(view.clone(), &join.grant.user, None);
        placeholder.remote = true;
        let outlived = self.rooms[name].has_outlived(&join.leases);
        let line = Line::new(name.to_owned(), joining.agent);
        self.lines.insert(client.clone(), line);
        let leases = join.leases.clone();
        let entered = self.turn(name, "Connected", |sessions| {
            let world = &mut sessions.world;
            let barred = world.with_runner(|runner, world| {
                runner.bars(&client, (&join.grant, &join.leases), world)
            });
            if barred != Ok(None) {
                return Err("barred");
            }
            if outlived {
                return Err(OUTLIVED);
            }
            let door = world.with_runner(|runner, world| {
                let entry = Entry { capacity: join.capacity, above: join.above };
                let resume = if anew { &Resume::State } else { &resume };
                runner.admit(view.of(&join.grant.user), (resume, entry), world)
            });
            match door {
                Ok(Door::Open) => {}
                Ok(Door::Behind) => return Err(BEHIND),
                Ok(Door::Spread) => return Err(SPREAD),
                Ok(Door::Full) => return Err(FULL),
                _ => return Err("no room"),
            }
            world.clients.insert(client.clone(), placeholder);
            let (grant, resume_topics, company) = (join.grant, join.resume_topics, join.company);
            let client = client.clone();
            world.step(Input::Connected {
                client: client.clone(),
                grant,
                view,
                company,
                resume,
                resume_topics,
                address,
            });
            if !world.clients.contains_key(&client) {
                return Err("failed");
            }
            Ok((client, world.disk.head()))
        });
        if entered.is_err() {
            self.lines.remove(&client);
            return entered;
        }
        let broken = self.rooms[name].broken_promise(&client, &leases);
        assert_eq!(broken, None, "{client} is let into {name}, which promised otherwise");
        entered
    }

    fn has_let_in(
        &mut self,
        name: &str,
        joining: &Joining,
        entered: Result<(ClientId, u64), &'static str>,
    ) {
        match entered {
            Ok((client, head)) => {
                let room = self.rooms.get_mut(name).unwrap();
                room.connections.insert(client.clone());
                if let Some(line) = self.lines.get_mut(&client) {
                    (line.held, line.head) = (true, head);
                }
                self.hold(name, joining.asker, Answer::Joined);
                self.list(name);
                // If nobody takes it, its other end is gone.
                self.later(12_000, Event::Up(client, Said::Untaken));
            }
            Err(why) => {
                self.counts.outlived += u64::from(why == OUTLIVED);
                self.hold(name, joining.asker, Answer::Refused(why));
            }
        }
    }

    fn delivered(&mut self, name: &str, body: &str, asker: Option<Asker>) {
        let (docket, updates) = delivery::decode(body.as_bytes()).unwrap();
        let room = self.rooms.get_mut(name).unwrap();
        room.begun += 1;
        let post = room.begun;
        let events = updates.iter().map(|update| update.event_id.clone()).collect();
        room.posts.insert(post, (asker, events));
        self.turn(name, "Published", |sessions| {
            sessions.world.unanswered.insert(post, updates.clone());
            sessions.world.step(Input::Published(Post {
                id: PostId(post),
                signed: docket.signed,
                updates,
                pace_ms: docket.pace_ms,
            }));
        });
        self.list(name);
    }

    pub(crate) fn room_hears(&mut self, client: &ClientId, said: Said) {
        let Some(line) = self.lines.get(client) else { return };
        let (name, held, taken) = (line.room.clone(), line.held && !line.mute, line.taken);
        match said {
            Said::Untaken if !taken => self.room_loses(client, 1006),
            Said::Untaken => {}
            _ if !held => {}
            Said::Ping => {
                let world = self.rooms.get_mut(&name).unwrap().world();
                let now = world.now;
                if let Some(known) = world.clients.get_mut(client) {
                    known.pinged = Some(now);
                }
            }
            Said::Close => self.room_loses(client, 1000),
            Said::Frame(text) => {
                let kind = kind(&text);
                self.turn(&name, kind, |sessions| {
                    sessions.world.hear(client, Received::Text(&text));
                });
            }
        }
    }

    pub(crate) fn room_loses(&mut self, client: &ClientId, code: u16) {
        let Some(line) = self.lines.get_mut(client) else { return };
        let name = line.room.clone();
        if !std::mem::take(&mut line.held) {
            self.forget_line(client);
            return;
        }
        self.turn(&name, "Disconnected", |sessions| {
            if sessions.world.clients.contains_key(client) {
                sessions.world.step(Input::Disconnected { client, code });
            }
        });
        self.forget_line(client);
    }

    /// Enters what the room asks its tenant: about tokens, and that somebody is there.
    pub(crate) fn enter_questions(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        let asks = !room.sessions.world.asked.is_empty();
        let changes = room.sessions.world.announced[room.announced..].to_vec();
        room.announced = room.sessions.world.announced.len();
        if asks {
            let ms = self.delay();
            self.later(ms, Event::Verdict(name.to_owned()));
        }
        let held = changes.into_iter().map(|(number, occupied)| Held::Announce(number, occupied));
        self.rooms.get_mut(name).unwrap().held.extend(held);
    }

    /// Tells the tenant that somebody is there, or nobody any more.
    pub(crate) fn announce(&mut self, name: &str, number: u64, occupied: bool) {
        let at = self.rooms[name].sessions.world.now;
        let change = Change { room: name.to_owned(), id: format!("{number}"), occupied, at };
        let of = Some(To::Room(name.to_owned()));
        let undertaking = self.begin(of, What::Announce(name.to_owned(), number));
        self.ask((To::Tenant, Call::Announce(change)), (undertaking, 0), 4_000);
    }

    pub(crate) fn change_is_noted(&mut self, name: &str, number: u64) {
        self.turn(name, "Announced", |sessions| {
            sessions.world.step(Input::Announced { number });
        });
    }

    /// Tells the tenant that the room has begun, unless it knows.
    pub(crate) fn list(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        if !room.sessions.world.disk.has_begun() || room.listed || room.listing {
            return;
        }
        room.listing = true;
        let epoch = roomcast::protocol::ids::Epoch::from_random([1; 8]);
        let begun = Begun { room: name.to_owned(), epoch };
        let of = Some(To::Room(name.to_owned()));
        let undertaking = self.begin(of, What::List(name.to_owned()));
        self.ask((To::Tenant, Call::Begun(begun)), (undertaking, 0), 4_000);
    }

    pub(crate) fn room_is_listed(&mut self, name: &str, answer: &Answer) {
        let room = self.rooms.get_mut(name).unwrap();
        room.listing = false;
        if let Answer::Welcome(rule) = *answer {
            let failures = room.sessions.world.failures;
            if room.sessions.world.disk.has_begun() {
                self.turn(name, "Ruled", |sessions| sessions.world.step(Input::Ruled(rule)));
                let room = self.rooms.get_mut(name).unwrap();
                let listed = room.sessions.world.failures == failures;
                room.list(listed);
            }
        }
    }

    pub(crate) fn room_has_ended(&mut self, name: &str) {
        let room = self.rooms.get_mut(name).unwrap();
        room.list(false);
        let ended = Call::Ended(name.to_owned());
        self.tell(To::Tenant, ended);
    }
}

/// What a frame of a client is, for counting.
fn kind(text: &str) -> &'static str {
    const KINDS: [&str; 8] = [
        "request.state",
        "ack",
        "ping",
        "subscribe",
        "unsubscribe",
        "pace",
        "auth.refresh",
        "presence",
    ];
    let found = KINDS.iter().find(|kind| text.starts_with(&format!(r#"{{"type":"{kind}"#)));
    found.copied().unwrap_or("a bad frame")
}
