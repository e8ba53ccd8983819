//! The world as the platform of a room: it does in memory what the runner asks for, or fails when a test says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::ops::RangeInclusive;
use std::rc::Rc;

use roomcast::dialect::deflate::Deflated;
use roomcast::limits::{EXPIRY_NOTICE_MS, EXPIRY_NOTICE_STEP_MS, REPLAY_WINDOW_MS};
use roomcast::protocol::bearer::Bearer;
use roomcast::protocol::codes::{CloseReason, Refusal};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::{ClientId, Epoch};
use roomcast::protocol::report::Report;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::update::Update;
use roomcast::room::groups::GroupId;
use roomcast::room::ladder::Rung;
use roomcast::room::member::Member;
use roomcast::room::outgoing::Message;
use roomcast::room::publish::{Outcomes, Posted};
use roomcast::room::row::{BurstRow, Stored};
use roomcast::room::tree::company::letters::Letter;
use roomcast::room::tree::company::roll::Addressee;
use roomcast::room::tree::feeding::{Guest, Served};
use roomcast::room::{Effect, PostId};
use roomcast::runner::{Asked, Awaited, Failure, Identity, Platform, Readers, Wait};

use crate::world::World;

impl Platform for World {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn identity(&self) -> Result<Identity, Failure> {
        let retention_ms = self.disk.retention_ms.unwrap_or(self.limits.retention_ms);
        Ok(Identity {
            session: "s-1".parse().unwrap(),
            relay: self.relay,
            limits: roomcast::limits::RoomLimits { retention_ms, ..self.limits },
            occupancy: self.disk.kept,
            tree: self.disk.tree.clone(),
        })
    }

    fn members(&mut self) -> Vec<(ClientId, Member)> {
        self.groups.clear();
        self.members.clone().into_iter().collect()
    }

    fn load(&mut self) -> Result<(Stored, Epoch), Failure> {
        Ok(self.disk.load())
    }

    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure> {
        Ok(self.disk.read(numbers))
    }

    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)> {
        self.pings()
    }

    fn enter(&mut self, client: &ClientId, group: GroupId) {
        self.groups.insert(client.clone(), group);
    }

    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure> {
        if self.fails_now() {
            return Err(Failure { stage: "effect", cause: "as the test says".into() });
        }
        self.check_ends(&effect);
        match &effect {
            Effect::Found(epoch) => self.disk.found(epoch),
            Effect::Append { row, at, signed, ids } => {
                self.disk.append(row, *at, *signed, ids);
                let updates = row.updates().unwrap().into_iter();
                self.history.extend(updates.map(|(seq, entry, _)| (seq, entry)));
            }
            Effect::Checkpoint(row) => self.disk.checkpoint(row),
            Effect::Retain { ms } => self.disk.retain(*ms),
            Effect::Remember { client, member } => {
                // As a connection keeps it.
                let kept = serde_json::to_string(member).unwrap();
                let slow = member.view.rung == Rung::Conflated;
                self.clients.get_mut(client).unwrap().slow |= slow;
                self.members.insert(client.clone(), serde_json::from_str(&kept).unwrap());
            }
            Effect::Occupy(kept) => self.disk.occupy(*kept),
            Effect::Announce { number, occupied, .. } => {
                self.announced.push((*number, *occupied));
            }
            Effect::Send { to, .. } | Effect::Replay { to, .. } => self.send_all(to, frames),
            Effect::SendToEach { to, .. } => self.send_to_each(to, frames),
            Effect::Broadcast { to, except, .. } => self.broadcast(*to, except, frames),
            Effect::Refresh { to, .. } => self.broadcast(*to, &[], frames),
            Effect::Close { client, reason, .. } => {
                self.send_all(client, frames);
                if *reason == Refusal::RoomFailed.into() {
                    self.sent_back.insert(client.clone());
                }
            }
            Effect::Conflated { .. } | Effect::Slowed { .. } => {}
            Effect::Left { client, .. } => {
                let left = self.clients.remove(client);
                let frames = left.as_ref().map_or_else(Vec::new, |left| left.frames.clone());
                self.left.insert(client.clone(), frames);
                let sent_back = self.sent_back.remove(client);
                self.dropped.extend(left.filter(|_| sent_back));
                self.members.remove(client);
                self.groups.remove(client);
                self.inflaters.remove(client);
            }
            Effect::Answer { post, outcomes } => self.answer(*post, outcomes),
            Effect::KeepTree(tree) => self.disk.keep_tree(tree),
            Effect::Adopt(served) => self.adopt(served),
            Effect::Abort => self.aborted = true,
            other => panic!("the runner performs this itself: {other:?}"),
        }
        self.trace.push(effect);
        Ok(())
    }

    fn broadcast_deflated(
        &mut self,
        effect: Effect,
        text: &[Rc<str>],
        deflated: &Deflated,
    ) -> Result<(), Failure> {
        if self.fails_now() {
            return Err(Failure { stage: "effect", cause: "as the test says".into() });
        }
        let Effect::Broadcast { to, except, .. } = &effect else { panic!("no broadcast") };
        let members = self.groups.iter().filter(|(_, group)| **group == *to);
        let members = members.filter(|(client, _)| !except.contains(client));
        let members: Vec<ClientId> = members.map(|(client, _)| client.clone()).collect();
        let sends = self.sends;
        for client in members {
            assert!(self.members[&client].view.deflate, "it has asked for such frames");
            if deflated.behind.contains(&client) {
                self.send_all(&client, text);
                continue;
            }
            let inflater = self.inflaters.entry(client.clone()).or_default();
            let read = inflater.text(&deflated.frame).unwrap();
            assert_eq!(*read, *text[0]);
            self.send_all(&client, text);
        }
        self.sends = sends + 1;
        self.deflated += 1;
        self.trace.push(effect);
        Ok(())
    }

    fn wait(&mut self, ms: u64, wait: Wait) {
        let (waits, effect) = match wait.awaited {
            Awaited::Window => (&mut self.window, Effect::OpenWindow { ms }),
            Awaited::States => (&mut self.states, Effect::OweStates { ms }),
            Awaited::Presence => {
                let before = self.gathering.replace((self.now.plus_ms(ms), wait));
                assert!(before.is_none(), "there is one wait of a kind at a time");
                self.trace.push(Effect::GatherPresence { ms });
                return;
            }
            Awaited::Feed => {
                let before = self.feeding.replace((self.now.plus_ms(ms), wait));
                assert!(before.is_none(), "there is one wait of a kind at a time");
                self.trace.push(Effect::FeedLater { ms });
                return;
            }
            Awaited::Report => {
                let before = self.reports.wait.replace((self.now.plus_ms(ms), wait));
                assert!(before.is_none(), "there is one wait of a kind at a time");
                return;
            }
            Awaited::Pace => {
                self.paces.push((self.now.plus_ms(ms), wait));
                self.trace.push(Effect::Pace { ms });
                return;
            }
        };
        assert!(waits.replace((ms, wait)).is_none(), "there is one wait of a kind at a time");
        self.trace.push(effect);
    }

    fn verify(&mut self, token: Bearer, asked: Asked) {
        let Asked { client, reference } = asked.clone();
        self.trace.push(Effect::Verify { client, token: token.clone(), reference });
        self.asked.push((token.as_str().to_owned(), asked));
    }

    fn feed(&mut self, to: Vec<Guest>, served: Served) {
        self.meals.extend(to.into_iter().map(|guest| (guest, served.clone())));
    }

    fn write(&mut self, to: Vec<Addressee>, letter: Letter) {
        self.trace.push(Effect::Write { to: to.clone(), letter: letter.clone() });
        self.awaited.extend(to.iter().copied().filter(|(_, number)| *number > 0));
        self.written.extend(to.into_iter().map(|to| (to, letter.clone())));
    }

    fn ask_parent(&mut self) {
        self.asks_parent = true;
        self.trace.push(Effect::AskParent);
    }

    fn is_metered(&self) -> bool {
        self.reports.metered
    }

    fn report(&mut self, report: Report, readers: Readers) {
        if readers.meter {
            self.reports.metered_came.push(report.clone());
        }
        if readers.console {
            self.reports.came.push(report);
        }
    }

    /// Closes all clients and ends all waits. The room continues from what is on the disk.
    fn failed(&mut self, _: &Failure) {
        self.fails = None;
        self.failures += 1;
        self.sent_back.clear();
        self.dropped.extend(std::mem::take(&mut self.clients).into_values());
        self.end_connections();
    }
}

impl World {
    /// A relay begins anew with what its parent has. What the room has stored is known to all its objects.
    fn adopt(&mut self, served: &Served) {
        self.disk.adopt(served, self.now);
        let updates = served.bursts.iter().flat_map(|row| row.updates().unwrap());
        self.history.extend(updates.map(|(seq, entry, _)| (seq, entry)));
    }

    fn send_all(&mut self, to: &ClientId, frames: &[Rc<str>]) {
        let durable = self.disk.head();
        self.sends += frames.len();
        let client = self.clients.get_mut(to).unwrap();
        if let Dialect::SocketIo { .. } = client.dialect() {
            self.packets.extend(frames.iter().map(|packet| (to.clone(), packet.clone())));
            return;
        }
        if client.remote {
            self.wires.extend(frames.iter().map(|frame| (to.clone(), frame.clone())));
            return;
        }
        for frame in frames {
            client.receive(frame, durable, &self.history);
        }
    }

    /// One frame is encoded for all of them, so it counts once.
    fn send_to_each(&mut self, to: &[ClientId], frames: &[Rc<str>]) {
        let sends = self.sends;
        for client in to {
            self.send_all(client, frames);
        }
        self.sends = sends + frames.len();
    }

    /// Checks that nobody is closed before its grant ends, and that a notice comes a minute before that.
    fn check_ends(&self, effect: &Effect) {
        const ENDED: CloseReason = CloseReason::Refusal(Refusal::TokenExpired);
        match effect {
            Effect::Close { client, reason: ENDED, .. } => {
                assert!(self.members[client].expires <= self.now, "closed before its time");
            }
            Effect::Send { to, message: Message::Expiring { expires }, .. } => {
                assert_eq!(self.members[to].expires, *expires);
                let ahead = expires.ms_since(self.now);
                let most = EXPIRY_NOTICE_MS + EXPIRY_NOTICE_STEP_MS;
                assert!(ahead < most, "a notice comes {ahead} ms ahead");
            }
            _ => {}
        }
    }

    fn broadcast(&mut self, to: GroupId, except: &[ClientId], frames: &[Rc<str>]) {
        self.sends += frames.len();
        let members = self.groups.iter().filter(|(_, group)| **group == to);
        let members = members.filter(|(client, _)| !except.contains(client));
        let members: Vec<ClientId> = members.map(|(client, _)| client.clone()).collect();
        assert!(
            !members.is_empty() || !except.is_empty(),
            "a group without members is sent nothing"
        );
        let sends = self.sends;
        for client in members {
            self.send_all(&client, frames);
        }
        self.sends = sends;
    }

    fn answer(&mut self, post: PostId, outcomes: &Outcomes) {
        let last = outcomes.iter().filter_map(|posted| posted.seq()).max();
        assert!(last.unwrap_or(0) <= self.disk.head(), "answered before it is durable");
        let updates = self.unanswered.remove(&post.0);
        self.check_taken_once(&updates.expect("a request is answered once"), outcomes);
        self.answers.insert(post.0, outcomes.clone());
    }

    /// Checks that an event is not accepted twice while its request could be sent again, unless the room remembers few
    /// ids.
    fn check_taken_once(&mut self, updates: &[Update], outcomes: &Outcomes) {
        for (update, posted) in updates.iter().zip(outcomes) {
            let Posted::Accepted(_) = posted else { continue };
            let before = self.taken.insert(update.event_id.clone(), self.now);
            let long_ago = |at: Timestamp| self.now.ms_since(at) >= REPLAY_WINDOW_MS;
            let few = self.limits.seen_ids < 1_000;
            assert!(few || before.is_none_or(long_ago), "{} is accepted twice", update.event_id);
        }
    }
}
