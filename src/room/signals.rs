//! Signals: what a member tells the others that counts now only, such as that its user is typing.
//!
//! They are not stored, have no number, and no client gets one that it has missed. A client that is behind with reading is
//! sent none, so signals never make a client slow. In a room with relays each object passes them on: see `tree/company/passing.rs`.

use std::rc::Rc;

use super::company::{Part, Refused};
use super::effect::Effect;
use super::member::Member;
use super::members::Members;
use super::tree::company::letters::Signal;
use crate::limits::{SIGNALS_AHEAD_MS, SIGNAL_EVERY_MS, SIGNAL_LOOK_MS};
use crate::protocol::codes::FrameFault;
use crate::protocol::company::note::Note;
use crate::protocol::ids::ClientId;
use crate::protocol::label::Label;
use crate::protocol::time::Timestamp;

impl Part {
    /// Charges the member for a signal, unless it has sent too many.
    fn pay(&mut self, now: Timestamp) -> Result<(), Refused> {
        let paid = self.signalled.max(now).plus_ms(SIGNAL_EVERY_MS);
        if paid.ms_since(now) > SIGNALS_AHEAD_MS {
            let most = 1_000 / SIGNAL_EVERY_MS;
            let message = format!("more than {most} signals per second: nobody got this one");
            return Err((FrameFault::RateLimited, message));
        }
        self.signalled = paid;
        Ok(())
    }
}

impl Members {
    /// A member tells the others something: those who see the topic, or all.
    pub(super) fn signal(
        &mut self,
        client: &ClientId,
        topic: Option<&str>,
        data: &str,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refused> {
        let Some(member) = self.by_client.get_mut(client) else { return Ok(Vec::new()) };
        if !member.part.may.signals {
            let message =
                "signals are off here: `signals` in the document, or at its path, allows them";
            return Err((FrameFault::NotAllowed, message.to_owned()));
        }
        if topic.is_some_and(|topic| !member.allowed.contains(topic)) {
            let message = "the token does not allow this topic";
            return Err((FrameFault::TopicRefused, message.to_owned()));
        }
        member.part.pay(now)?;
        let (client, user) = (client.clone(), member.user.clone());
        let (topic, data) = (topic.map(str::to_owned), data.to_owned());
        let signal = Signal { from: None, client, user, topic, data };
        let effects = self.show_signal(&signal, now);
        self.passing.push((None, signal));
        Ok(effects)
    }

    /// Shows a signal to the members who see it, whoever has sent it.
    pub(super) fn show_signal(&mut self, signal: &Signal, now: Timestamp) -> Vec<Effect> {
        let Signal { client, user, topic, data, .. } = signal;
        let note = Rc::new(Note::signal(client, user, topic.as_deref(), data));
        let label = Label { topic: topic.as_deref(), audience: None };
        let hears = |other: &ClientId, member: &Member| {
            other != client && member.part.may.signals && member.viewer().sees(label)
        };
        let (behind, to): (Vec<_>, Vec<_>) =
            self.those(hears).into_iter().partition(|client| self.is_behind(client));
        let mut effects = Vec::new();
        if !to.is_empty() {
            self.send_to(&to, &note, &mut effects);
        }
        // It may have pinged since the room last looked.
        if !behind.is_empty() && now >= self.looked.plus_ms(SIGNAL_LOOK_MS) {
            self.looked = now;
            effects.push(Effect::AskPings);
        }
        effects
    }

    fn is_behind(&self, client: &ClientId) -> bool {
        let unread = self.backlog.unread(client, &self.groups);
        unread > self.limits.signal_behind_bytes as u64
    }
}
