//! Who is connected: joining, frames, silence, leaving.
//!
//! The sessions here are copies: the originals stay with the connections, where they survive the
//! room's memory. Sockets are the shell's business.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Effect, Received, Room};
use crate::limits::{FRAME_BYTES, LOOK_EVERY_MS, SILENT_AFTER_MS};
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::{CloseCode, FrameFault, Refusal};
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position, Seq};
use crate::protocol::server_frame::{self, Dialect, PONG};
use crate::protocol::time::Timestamp;

/// What is known of a connection. Stored with it as JSON; at most a few hundred bytes of the 16 KiB
/// that an attachment may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The user.
    pub user: String,
    /// When its grant ends.
    pub expires: Timestamp,
    /// How it speaks.
    pub dialect: Dialect,
    /// When it connected.
    pub joined: Timestamp,
    /// When it last sent something that reached the room.
    pub heard: Timestamp,
    /// How far it has applied, as far as it said.
    pub acked: Seq,
}

impl Session {
    /// A connection that was made `now`.
    pub fn new(grant: Grant, dialect: Dialect, now: Timestamp) -> Self {
        Self {
            user: grant.user,
            expires: grant.expires,
            dialect,
            joined: now,
            heard: now,
            acked: 0,
        }
    }
}

/// The sessions of a room.
#[derive(Debug, Default)]
pub struct Clients {
    sessions: BTreeMap<ClientId, Session>,
    plain: usize,
}

impl Clients {
    /// The sessions of the connections that are open.
    pub fn restore(sessions: impl IntoIterator<Item = (ClientId, Session)>) -> Self {
        let mut clients = Self::default();
        for (client, session) in sessions {
            clients.insert(client, session);
        }
        clients
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// How many speak so.
    pub fn count(&self, dialect: Dialect) -> usize {
        match dialect {
            Dialect::Plain => self.plain,
            Dialect::V1 => self.len() - self.plain,
        }
    }

    fn insert(&mut self, client: ClientId, session: Session) {
        self.plain += usize::from(session.dialect == Dialect::Plain);
        self.sessions.insert(client, session);
    }

    fn remove(&mut self, client: &ClientId) -> Option<Session> {
        let session = self.sessions.remove(client)?;
        self.plain -= usize::from(session.dialect == Dialect::Plain);
        Some(session)
    }
}

impl Room {
    /// The client is in the room from the turn on in which its recovery is decided, so that there
    /// is neither a gap nor a duplicate between that and the tail.
    pub(super) fn join(
        &mut self,
        client: ClientId,
        session: Session,
        resume: Option<&Position>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.show(effects);
        let dialect = session.dialect;
        let (recovery, way) = self.recover(&client, dialect, resume);
        let greeting =
            server_frame::connected(dialect, &self.session, &client, now, &self.head(), recovery);
        effects.push(Effect::Remember { client: client.clone(), session: session.clone() });
        effects.push(Effect::Send { to: client.clone(), text: greeting.into() });
        effects.extend(way);
        if self.clients.is_empty() {
            effects.push(Effect::WakeAt(now.plus_ms(LOOK_EVERY_MS)));
        }
        self.clients.insert(client, session);
    }

    pub(super) fn receive(
        &mut self,
        client: &ClientId,
        frame: Received<'_>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(session) = self.clients.sessions.get_mut(client) else {
            return;
        };
        if frame.bytes() > FRAME_BYTES {
            self.close(client, CloseCode::TooBig, "frame_too_big", effects);
            return;
        }
        session.heard = now;
        let answer = match parse(frame) {
            Ok((frame, reference)) => self.answer(client, &frame, reference),
            Err(bad) => Err(bad),
        };
        if let Some(session) = self.clients.sessions.get(client) {
            effects.push(Effect::Remember { client: client.clone(), session: session.clone() });
        }
        let refusal = |bad: BadFrame| {
            vec![Effect::Send { to: client.clone(), text: server_frame::error(&bad, now).into() }]
        };
        effects.extend(answer.unwrap_or_else(refusal));
    }

    fn answer(
        &mut self,
        client: &ClientId,
        frame: &ClientFrame,
        reference: Option<String>,
    ) -> Result<Vec<Effect>, BadFrame> {
        match frame {
            ClientFrame::Ping => {
                Ok(vec![Effect::Send { to: client.clone(), text: Rc::from(PONG) }])
            }
            ClientFrame::RequestState => {
                let mut effects = Vec::new();
                self.show(&mut effects);
                let dialect = self.clients.sessions.get(client).map(|session| session.dialect);
                effects.extend(dialect.into_iter().flat_map(|to| self.snapshot(client, to)));
                Ok(effects)
            }
            ClientFrame::Ack { seq } => self.ack(client, *seq, reference).map(|()| Vec::new()),
        }
    }

    fn ack(
        &mut self,
        client: &ClientId,
        seq: Seq,
        reference: Option<String>,
    ) -> Result<(), BadFrame> {
        let head = self.head_seq();
        if seq > head {
            let message = format!("`seq` is beyond the head of the room, {head}");
            return Err(BadFrame { fault: FrameFault::BadPosition, message, reference });
        }
        if let Some(session) = self.clients.sessions.get_mut(client) {
            session.acked = session.acked.max(seq);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, client: &ClientId, code: u16, effects: &mut Vec<Effect>) {
        let Some(session) = self.clients.remove(client) else {
            return;
        };
        effects.push(Effect::Left { client: client.clone(), session, code });
        if self.clients.is_empty() {
            effects.push(Effect::Sleep);
        }
    }

    /// The look, once a minute: who is silent, or has outlived its grant, is closed.
    pub(super) fn look(
        &mut self,
        pinged: &[(ClientId, Timestamp)],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let pinged: BTreeMap<_, _> = pinged.iter().map(|(client, at)| (client, *at)).collect();
        let verdict = |client: &ClientId, session: &Session| {
            let heard = pinged.get(client).copied().unwrap_or_default().max(session.heard);
            if session.expires <= now {
                let refusal = Refusal::TokenExpired;
                Some((refusal.close(), refusal.code()))
            } else {
                let silent = now.ms_since(heard) > SILENT_AFTER_MS;
                silent.then_some((CloseCode::Silent, "silent"))
            }
        };
        let over: Vec<_> = (self.clients.sessions.iter())
            .filter_map(|(client, session)| Some((client.clone(), verdict(client, session)?)))
            .collect();
        for (client, (code, reason)) in over {
            self.close(&client, code, reason, effects);
        }
        if !self.clients.is_empty() {
            effects.push(Effect::WakeAt(now.plus_ms(LOOK_EVERY_MS)));
        }
    }

    fn close(
        &mut self,
        client: &ClientId,
        code: CloseCode,
        reason: &'static str,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Close { client: client.clone(), code, reason });
        self.leave(client, code.number(), effects);
    }
}

fn parse(frame: Received<'_>) -> Result<(ClientFrame, Option<String>), BadFrame> {
    match frame {
        Received::Text(text) => ClientFrame::parse(text),
        Received::Binary(_) => Err(BadFrame {
            fault: FrameFault::BadFrame,
            message: "a frame must be text".to_owned(),
            reference: None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_a_session_is_unchanged() {
        let grant = Grant { user: "ada".into(), expires: Timestamp(9), sessions: vec![] };
        let session = Session::new(grant, Dialect::V1, Timestamp(7));
        let text = r#"{"user":"ada","expires":9,"dialect":"v1","joined":7,"heard":7,"acked":0}"#;
        assert_eq!(serde_json::to_string(&session).unwrap(), text);
        assert_eq!(serde_json::from_str::<Session>(text).unwrap(), session);
    }
}
