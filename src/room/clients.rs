//! Who is connected: joining, silence, leaving. What they send is the business of `frames`.
//!
//! The sessions here are copies: the originals stay with the connections, where they survive the
//! room's memory. Sockets are the shell's business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{Effect, Turn};
use crate::limits::{RoomLimits, LOOK_EVERY_MS, ROOM_RETENTION_MS, SILENT_AFTER_MS};
use crate::protocol::codes::{CloseCode, Refusal, ABNORMAL};
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position, Seq};
use crate::protocol::server_frame::{self, Dialect, Recovery};
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
    /// Until when its frames are paid for: see [`super::frames`].
    #[serde(default)]
    pub paid: Timestamp,
    /// When it was last sent the state.
    #[serde(default)]
    pub state: Timestamp,
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
            paid: Timestamp::default(),
            state: Timestamp::default(),
        }
    }
}

/// The sessions of a room.
#[derive(Debug, Default)]
pub struct Clients {
    limits: RoomLimits,
    pub(super) sessions: BTreeMap<ClientId, Session>,
    plain: usize,
    /// Who is to be sent the state, and when.
    pub(super) owed: BTreeMap<ClientId, Timestamp>,
    /// Whether the room waits until states are due.
    pub(super) waits: bool,
    pub(super) backlog: Backlog,
}

impl Clients {
    /// The sessions of the connections that are open.
    pub fn restore(
        limits: RoomLimits,
        sessions: impl IntoIterator<Item = (ClientId, Session)>,
    ) -> Self {
        let mut clients = Self { limits, ..Self::default() };
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
        self.backlog.enter(client.clone(), session.dialect, session.heard);
        self.sessions.insert(client, session);
    }

    fn remove(&mut self, client: &ClientId) -> Option<Session> {
        let session = self.sessions.remove(client)?;
        self.plain -= usize::from(session.dialect == Dialect::Plain);
        self.owed.remove(client);
        Some(session)
    }

    /// The connection is over: by its client, or because the network lost it.
    pub(super) fn leave(
        &mut self,
        client: &ClientId,
        code: u16,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if code == ABNORMAL {
            self.backlog.vanish(client);
        }
        self.dismiss(client, code, now, effects);
        if self.backlog.is_stuck(&self.limits) {
            effects.push(Effect::Abort);
        }
    }

    fn dismiss(&mut self, client: &ClientId, code: u16, now: Timestamp, effects: &mut Vec<Effect>) {
        self.backlog.leave(client, &self.limits);
        let Some(session) = self.remove(client) else {
            return;
        };
        effects.push(Effect::Left { client: client.clone(), session, code });
        if self.is_empty() {
            effects.push(Effect::WakeAt(now.plus_ms(ROOM_RETENTION_MS)));
        }
    }

    /// The look, once a minute: who is silent, has outlived its grant, or does not read, is closed.
    pub(super) fn look(
        &mut self,
        pinged: &[(ClientId, Timestamp)],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let answered: BTreeMap<_, _> = pinged.iter().map(|(client, at)| (client, *at)).collect();
        let verdict = |client: &ClientId, session: &Session| {
            let heard = answered.get(client).copied().unwrap_or_default().max(session.heard);
            if session.expires <= now {
                let refusal = Refusal::TokenExpired;
                Some((refusal.close(), refusal.code()))
            } else {
                let silent = now.ms_since(heard) > SILENT_AFTER_MS;
                silent.then_some((CloseCode::Silent, "silent"))
            }
        };
        let over: Vec<_> = (self.sessions.iter())
            .filter_map(|(client, session)| Some((client.clone(), verdict(client, session)?)))
            .collect();
        for (client, (code, reason)) in over {
            self.close(&client, code, reason, now, effects);
        }
        self.close_slow(pinged, now, effects);
        if !self.is_empty() {
            effects.push(Effect::WakeAt(now.plus_ms(LOOK_EVERY_MS)));
        }
    }

    pub(super) fn close(
        &mut self,
        client: &ClientId,
        code: CloseCode,
        reason: &'static str,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Close { client: client.clone(), code, reason });
        self.dismiss(client, code.number(), now, effects);
    }

    /// Closes who was sent more than may be left unread. If connections that were closed hold too much, all are ended.
    pub(super) fn close_slow(
        &mut self,
        pinged: &[(ClientId, Timestamp)],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.backlog.pinged(pinged);
        for client in self.backlog.too_slow(&self.limits) {
            self.close(&client, CloseCode::Slow, "slow", now, effects);
        }
        if self.backlog.is_stuck(&self.limits) {
            effects.push(Effect::Abort);
        }
    }
}

impl Turn<'_> {
    /// The client is in the room from the turn on in which its recovery is decided, so that there
    /// is neither a gap nor a duplicate between that and the tail.
    pub(super) fn join(
        &mut self,
        client: &ClientId,
        mut session: Session,
        resume: Option<&Position>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.show(effects);
        let dialect = session.dialect;
        let bytes = self.recovery_bytes(dialect, resume);
        let (recovery, way) = self.recover(client, dialect, resume);
        if recovery == Recovery::Snapshot {
            session.state = now;
        }
        let greeting =
            server_frame::connected(dialect, self.session, client, now, &self.head(), recovery);
        effects.push(Effect::Remember { client: client.clone(), session: session.clone() });
        effects.push(Effect::Send { to: client.clone(), text: greeting.into() });
        effects.extend(way);
        if self.clients.is_empty() {
            effects.push(Effect::WakeAt(now.plus_ms(LOOK_EVERY_MS)));
        }
        self.clients.insert(client.clone(), session);
        self.clients.backlog.recover(client, bytes, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_a_session_is_unchanged() {
        let grant = Grant { user: "ada".into(), expires: Timestamp(9), sessions: vec![] };
        let session = Session::new(grant, Dialect::V1, Timestamp(7));
        let first = r#"{"user":"ada","expires":9,"dialect":"v1","joined":7,"heard":7,"acked":0}"#;
        assert_eq!(serde_json::from_str::<Session>(first).unwrap(), session, "as it first was");
        let now = first.replace('}', r#","paid":0,"state":0}"#);
        assert_eq!(serde_json::to_string(&session).unwrap(), now);
    }
}
