//! The frames of clients: limits their rate, answers them, and sends the state at most once a second.
//!
//! The rate limit is the generic cell rate algorithm: each frame costs [`FRAME_EVERY_MS`], and a client may run ahead
//! of the clock by [`FRAMES_AHEAD_MS`]. It needs one timestamp, which is kept with the connection, so eviction does
//! not reset it. The exact ping never gets here: the runtime answers it.

use super::input::Said;
use super::ladder::Rung;
use super::member::Member;
use super::members::Members;
use super::outgoing::Message;
use super::{Effect, Turn};
use crate::limits::{FRAMES_AHEAD_MS, FRAMES_FLOOD_MS, FRAME_EVERY_MS, STATE_EVERY_MS};
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::{ClientFault, FrameFault};
use crate::protocol::ids::{ClientId, Seq};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Permissions;

/// How fast a client sends.
enum Rate {
    Fair,
    TooFast,
    Flood,
}

impl Member {
    /// Charges the member for a frame.
    fn hear(&mut self, now: Timestamp) -> Rate {
        self.heard = now;
        self.paid = self.paid.max(now).plus_ms(FRAME_EVERY_MS);
        let ahead = self.paid.ms_since(now);
        if ahead <= FRAMES_AHEAD_MS {
            Rate::Fair
        } else if ahead <= FRAMES_FLOOD_MS {
            Rate::TooFast
        } else {
            Rate::Flood
        }
    }
}

impl Members {
    /// Charges a member for what it sent. Returns the frame, or what is wrong with it; `None` if there is nothing to answer.
    pub(super) fn charge(
        &mut self,
        client: &ClientId,
        said: Said,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Option<Result<(ClientFrame, Option<String>), BadFrame>> {
        let member = self.by_client.get_mut(client)?;
        let fault = match (said, member.hear(now)) {
            (Said::TooLong, _) => ClientFault::FrameTooBig,
            (_, Rate::Flood) => ClientFault::RateLimited,
            (said, Rate::TooFast) => return Some(Err(too_fast(said))),
            (Said::Bad(bad), Rate::Fair) => return Some(Err(bad)),
            (Said::Frame { frame, reference }, Rate::Fair) => return Some(Ok((frame, reference))),
        };
        self.close(client, fault.into(), effects);
        None
    }

    pub(super) fn tell(&self, client: &ClientId, message: Message) -> Vec<Effect> {
        let member = self.by_client.get(client);
        let send = |member: &Member| Effect::Send {
            to: client.clone(),
            view: member.view.clone(),
            message,
        };
        member.map(send).into_iter().collect()
    }

    /// Answers a frame that has no other answer, if clients of its dialect want to know.
    pub(super) fn confirm(&self, client: &ClientId, reference: Option<String>) -> Vec<Effect> {
        let member = self.by_client.get(client);
        match reference.filter(|_| member.is_some_and(|one| one.view.dialect.confirms())) {
            Some(reference) => self.tell(client, Message::Done { reference }),
            None => Vec::new(),
        }
    }

    pub(super) fn remember(&self, client: &ClientId, effects: &mut Vec<Effect>) {
        if let Some(member) = self.by_client.get(client) {
            effects.push(Effect::Remember { client: client.clone(), member: member.clone() });
        }
    }
}

impl Turn<'_> {
    #[inline(never)]
    pub(super) fn receive(
        &mut self,
        client: &ClientId,
        said: Said,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(heard) = self.members.charge(client, said, now, effects) else { return };
        let answer =
            heard.and_then(|(frame, reference)| self.answer(client, frame, reference, now));
        self.remember(client, effects);
        let refusal = |bad| self.tell(client, Message::Error { bad, at: now });
        effects.extend(answer.unwrap_or_else(refusal));
    }

    pub(super) fn tell(&self, client: &ClientId, message: Message) -> Vec<Effect> {
        self.members.tell(client, message)
    }

    pub(super) fn remember(&self, client: &ClientId, effects: &mut Vec<Effect>) {
        self.members.remember(client, effects);
    }

    fn answer(
        &mut self,
        client: &ClientId,
        frame: ClientFrame,
        reference: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, BadFrame> {
        match frame {
            ClientFrame::Ping => Ok(self.tell(client, Message::Pong)),
            ClientFrame::RequestState => {
                let mut effects = self.request_state(client, now);
                effects.extend(self.members.confirm(client, reference));
                Ok(effects)
            }
            ClientFrame::Ack { seq } => {
                let mut effects = self.ack(client, seq, reference.clone(), now)?;
                effects.extend(self.members.confirm(client, reference));
                Ok(effects)
            }
            ClientFrame::Subscribe { topics, most } => {
                self.subscribe(client, (&topics, most), reference, now)
            }
            ClientFrame::Unsubscribe { topics } => {
                Ok(self.unsubscribe(client, &topics, reference, now))
            }
            ClientFrame::Pace { ms } => Ok(self.change_pace(client, ms, reference, now)),
            ClientFrame::Refresh { token } => self.ask(client, token, reference, now),
            ClientFrame::Company(frame) => self.members.answer(client, frame, reference, now),
        }
    }

    fn ack(
        &mut self,
        client: &ClientId,
        seq: Seq,
        reference: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, BadFrame> {
        if seq > self.head_seq() {
            let message = "`seq` is beyond the head of the room".to_owned();
            return Err(BadFrame { fault: FrameFault::BadPosition, message, reference });
        }
        Ok(self.catch_up(client, seq, now))
    }

    /// Sends the state now, or plans to send it when it is due. Further requests until then share it. A member that is held
    /// gets it once it has acknowledged what it was sent.
    pub(super) fn request_state(&mut self, client: &ClientId, now: Timestamp) -> Vec<Effect> {
        let Some(member) = self.members.by_client.get(client) else { return Vec::new() };
        if member.is_behind() {
            return Vec::new();
        }
        let bytes = self.log.state_bytes(member.next_view().of(&member.user));
        let busy = !self.members.backlog.takes_recovery(bytes, self.limits);
        let due = if busy { now } else { member.state }.plus_ms(STATE_EVERY_MS);
        if due <= now {
            return self.send_state(client, now);
        }
        self.members.owed.insert(client.clone(), due);
        let ask = busy.then_some(Effect::AskPings);
        ask.into_iter().chain(self.await_states(now)).collect()
    }

    fn send_state(&mut self, client: &ClientId, now: Timestamp) -> Vec<Effect> {
        let Some(member) = self.members.by_client.get_mut(client) else {
            return Vec::new();
        };
        member.state = now;
        if member.view.rung == Rung::Held {
            member.stepped = now;
        }
        let (view, user) = (member.next_view(), member.user.clone());
        member.gains = Permissions::default();
        let viewer = view.of(&user);
        let mut effects = self.enter(client, &view, now);
        let bytes = self.log.state_bytes(viewer);
        self.members.backlog.recover(client, bytes, now);
        self.members.ladder.charge(client, bytes);
        effects.push(self.snapshot(client, viewer));
        effects
    }

    /// Asks to come back when the first state is due, unless the room waits already.
    fn await_states(&mut self, now: Timestamp) -> Option<Effect> {
        let due = self.members.owed.values().min()?;
        let waits = std::mem::replace(&mut self.members.waits, true);
        (!waits).then(|| Effect::OweStates { ms: due.ms_since(now) })
    }

    /// Sends the states that are due.
    #[inline(never)]
    pub(super) fn send_due_states(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let owed = self.members.owed.iter().filter(|(_, due)| **due <= now);
        let owed: Vec<_> = owed.map(|(client, _)| client.clone()).collect();
        for client in owed {
            self.members.owed.remove(&client);
            effects.extend(self.request_state(&client, now));
            self.remember(&client, effects);
        }
        self.members.waits = false;
        effects.extend(self.await_states(now));
    }
}

fn too_fast(said: Said) -> BadFrame {
    // The error repeats the `ref`, so that the client knows which frame was refused.
    let reference = match said {
        Said::Frame { reference, .. } | Said::Bad(BadFrame { reference, .. }) => reference,
        Said::TooLong => None,
    };
    let message = format!(
        "more than {} frames per second: this frame had no effect; if this continues, the connection is closed",
        1_000 / FRAME_EVERY_MS
    );
    BadFrame { fault: FrameFault::RateLimited, message, reference }
}
