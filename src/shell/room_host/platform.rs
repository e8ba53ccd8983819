//! The host of a room as the platform of its runner: each call becomes a call to storage, sockets, clock or alarm.
//!
//! Nothing here waits. What takes time goes on after the turn.

use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use worker::Delay;

use super::{reports, RoomHost};
use crate::dialect::deflate::Deflated;
use crate::limits::RoomLimits;
use crate::protocol::bearer::Bearer;
use crate::protocol::ids::{ClientId, Epoch};
use crate::protocol::report::Report;
use crate::protocol::time::Timestamp;
use crate::room::groups::GroupId;
use crate::room::member::Member;
use crate::room::row::{BurstRow, Stored};
use crate::room::tree::company::letters::Letter;
use crate::room::tree::company::roll::Addressee;
use crate::room::tree::feeding::{Guest, Served};
use crate::room::Effect;
use crate::runner::{Asked, Failure, Identity, Platform, Readers, RoomFailed, Wait};
use crate::shell::environment::{now, random};
use crate::shell::record::{write, Line};
use crate::shell::sockets::{Recipients, Sockets};
use crate::shell::storage::Begun;

impl Platform for Rc<RoomHost> {
    fn now(&self) -> Timestamp {
        now()
    }

    fn identity(&self) -> Result<Identity, Failure> {
        let session = reports::session(&self.name()).map_err(Failure::at("name"))?;
        let begun = self.storage.begun().map_err(Failure::at("begun"))?;
        let (occupancy, tree) = begun.as_ref().map(Begun::kept).unwrap_or_default();
        let occupancy = read(occupancy).map_err(Failure::at("occupancy"))?;
        let tree = read(tree).map_err(Failure::at("tree"))?;
        let limits = RoomLimits::default();
        let retention_ms = begun.and_then(|begun| begun.retention_ms());
        let retention_ms = retention_ms.unwrap_or(limits.retention_ms);
        let limits = RoomLimits { retention_ms, ..limits };
        Ok(Identity { session, relay: self.relay(), limits, occupancy, tree })
    }

    fn members(&mut self) -> Vec<(ClientId, Member)> {
        let members = self.sockets.restore(&self.state, now());
        write(&Line::RoomRestored { room: &self.name(), clients: members.len() });
        members
    }

    fn load(&mut self) -> Result<(Stored, Epoch), Failure> {
        let stored = self.storage.load().map_err(Failure::at("load"))?;
        self.list();
        Ok((stored, Epoch::from_random(random().map_err(Failure::at("random"))?)))
    }

    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure> {
        self.storage.read(numbers).map_err(Failure::at("read"))
    }

    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)> {
        let pinged = self.sockets.pinged(&self.state);
        // Whoever answers has read everything that was sent before.
        self.sockets.beat(&self.state, now());
        pinged
    }

    fn enter(&mut self, client: &ClientId, group: GroupId) {
        self.sockets.enter(client, group);
    }

    fn perform(&mut self, effect: Effect, frames: &[Rc<str>]) -> Result<(), Failure> {
        match effect {
            Effect::Found(epoch) => {
                self.storage.found(&epoch).map_err(Failure::at("found"))?;
                self.list();
            }
            Effect::Append { row, at, signed, ids } => {
                self.storage.append(&row, at, signed, &ids).map_err(Failure::at("append"))?;
            }
            Effect::Checkpoint(row) => {
                self.storage.checkpoint(&row).map_err(Failure::at("checkpoint"))?;
            }
            Effect::Retain { ms } => self.storage.retain(ms).map_err(Failure::at("retain"))?,
            Effect::Occupy(kept) => self.storage.occupy(&kept).map_err(Failure::at("occupy"))?,
            Effect::KeepTree(kept) => self.storage.keep_tree(&kept).map_err(Failure::at("tree"))?,
            Effect::Adopt(served) => {
                self.storage.adopt(&served, now()).map_err(Failure::at("adopt"))?;
                self.list();
            }
            Effect::Announce { number, occupied, at } => self.announce(number, occupied, at),
            Effect::Remember { client, member } => {
                self.sockets.remember(&client, member).map_err(Failure::at("remember"))?;
            }
            Effect::Send { to, .. } | Effect::Replay { to, .. } => {
                for frame in frames {
                    self.sockets.send(&to, frame);
                    self.sockets.await_acks(Recipients::One(&to), frame, now());
                }
            }
            Effect::SendToEach { to, .. } => {
                for frame in frames {
                    let sent = self.sockets.send_to(&to, frame).map_err(worker::Error::from);
                    sent.map_err(Failure::at("send"))?;
                }
            }
            Effect::Broadcast { to, except, .. } => self.broadcast(to, frames, &except)?,
            Effect::Refresh { to, .. } => self.broadcast(to, frames, &[])?,
            Effect::Close { client, reason, .. } => {
                for notice in frames {
                    self.sockets.send(&client, notice);
                }
                self.sockets.close(&client, reason);
            }
            Effect::Left { client, member, code } => self.left(&client, &member, code),
            Effect::Answer { post, outcomes } => self.answer(post, outcomes),
            Effect::Abort => self.abort(),
            Effect::Conflated { updates } => {
                write(&Line::Conflated { room: &self.name(), updates });
            }
            Effect::Slowed { conflated, held } => {
                write(&Line::Slowed { room: &self.name(), conflated, held });
            }
            // The runner executes these itself.
            Effect::Enter { .. }
            | Effect::OpenWindow { .. }
            | Effect::OweStates { .. }
            | Effect::Pace { .. }
            | Effect::GatherPresence { .. }
            | Effect::Verify { .. }
            | Effect::Feed { .. }
            | Effect::FeedLater { .. }
            | Effect::Write { .. }
            | Effect::AskParent
            | Effect::WakeAt(_)
            | Effect::End
            | Effect::AskPings => {}
        }
        Ok(())
    }

    fn broadcast_deflated(
        &mut self,
        effect: Effect,
        text: &[Rc<str>],
        deflated: &Deflated,
    ) -> Result<(), Failure> {
        let Effect::Broadcast { to, except, .. } = &effect else {
            return self.perform(effect, text);
        };
        let Deflated { frame, behind } = deflated;
        let sent = self.sockets.broadcast_binary(*to, frame, &[except, &behind[..]].concat());
        sent.map_err(worker::Error::from).map_err(Failure::at("broadcast"))?;
        for client in behind {
            for frame in text {
                self.sockets.send(client, frame);
            }
        }
        Ok(())
    }

    fn wait(&mut self, ms: u64, wait: Wait) {
        let (host, end) = (self.clone(), now().plus_ms(ms));
        self.state.wait_until(async move {
            // If storing fails, the runtime resets the object and this task ends.
            let _ = host.state.storage().sync().await;
            let left = end.ms_since(now());
            if left > 0 {
                Delay::from(Duration::from_millis(left)).await;
            }
            let turned = host.runner.borrow_mut().waited(wait, &mut host.clone());
            host.wind();
            if let Ok(alarm) = turned {
                // A failure is in the log.
                let _ = host.arm(alarm).await;
            }
        });
    }

    fn verify(&mut self, token: Bearer, asked: Asked) {
        let host = self.clone();
        self.state.wait_until(async move {
            let verdict = host.ask_tenant(token).await;
            // A failure is in the log, and nobody waits for the result.
            let (Ok(()) | Err(RoomFailed)) = host.turn(asked.answered(verdict)).await;
        });
    }

    fn feed(&mut self, to: Vec<Guest>, served: Served) {
        self.feed_children(to, &served);
    }

    fn write(&mut self, to: Vec<Addressee>, letter: Letter) {
        self.write_letter(to, &letter);
    }

    fn ask_parent(&mut self) {
        let host = self.clone();
        self.state.wait_until(async move {
            // A failure is in the log, and the relay asks again with its next sweep.
            let (Ok(_) | Err(RoomFailed)) = host.catch_up(None).await;
        });
    }

    fn is_metered(&self) -> bool {
        *self.metered.get_or_init(|| self.has_meter())
    }

    fn report(&mut self, report: Report, readers: Readers) {
        self.send_report(report, readers);
    }

    fn failed(&mut self, failure: &Failure) {
        let Failure { stage, cause } = failure;
        write(&Line::RoomFailed { room: &self.name(), stage, cause });
        Sockets::close_all(&self.state);
        self.sockets.sessions().clear();
        self.waiting.borrow_mut().clear();
        self.readers.borrow_mut().clear();
    }
}

/// What is kept as JSON; nothing, if there is none.
fn read<T: Default + DeserializeOwned>(kept: Option<&str>) -> serde_json::Result<T> {
    kept.map_or_else(|| Ok(T::default()), serde_json::from_str)
}
