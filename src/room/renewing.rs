//! Renewing: a member puts a new token in the place of its own, without a new connection.
//!
//! The room has no keys, so it asks the tenant. A narrower grant takes effect in the turn of the answer. Topics that only the
//! new grant allows are not added. Permissions decide what a member sees beside its topics: if they change, it gets the
//! state anew, so that it shows neither more nor less than it may. Until then it sees what both grants allow.

use super::effect::Effect;
use super::input::Verdict;
use super::ladder::Rung;
use super::member::Member;
use super::members::Members;
use super::outgoing::Message;
use super::view::View;
use super::Turn;
use crate::limits::TOKEN_EVERY_MS;
use crate::protocol::bearer::Bearer;
use crate::protocol::client_frame::BadFrame;
use crate::protocol::codes::{FrameFault, Refusal};
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, SessionId};
use crate::protocol::server_frame::Renewal;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Permissions;

impl Members {
    /// Whether the new token of a member is being verified.
    pub(super) fn asks(&self, client: &ClientId) -> bool {
        self.asking.contains(client)
    }

    /// The permissions that a member gets with its next state.
    pub(super) fn gain(&mut self, client: &ClientId, gains: Permissions) {
        if let Some(member) = self.by_client.get_mut(client) {
            member.gains = gains;
        }
    }

    /// Gives a member a new grant, but leaves its view as it is.
    fn grant(&mut self, client: &ClientId, grant: Grant, now: Timestamp) {
        let Some(member) = self.by_client.get_mut(client) else { return };
        self.expiry.leave(member);
        member.expires = grant.expires;
        (member.token, member.issued) = (grant.token, grant.issued);
        member.allowed = grant.topics;
        member.tell_end(now);
        self.expiry.enter(member);
    }
}

impl Turn<'_> {
    /// Has a member's new token verified.
    pub(super) fn ask(
        &mut self,
        client: &ClientId,
        token: Bearer,
        reference: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, BadFrame> {
        let Some(member) = self.members.by_client.get_mut(client) else { return Ok(Vec::new()) };
        let refused =
            |fault, message: String, reference| Err(BadFrame { fault, message, reference });
        if member.user.is_empty() {
            let message = "this connection has no token that could be replaced".to_owned();
            return refused(FrameFault::RefreshRefused, message, reference);
        }
        let soon = now < member.asked.plus_ms(TOKEN_EVERY_MS);
        if soon || self.members.asking.contains(client) {
            let seconds = TOKEN_EVERY_MS / 1_000;
            let message = format!("more than one token in {seconds} s: this frame had no effect");
            return refused(FrameFault::RateLimited, message, reference);
        }
        member.asked = now;
        self.members.asking.insert(client.clone());
        Ok(vec![Effect::Verify { client: client.clone(), token, reference }])
    }

    /// Takes the verdict on a member's new token.
    #[inline(never)]
    pub(super) fn renew(
        &mut self,
        client: &ClientId,
        reference: Option<String>,
        verdict: Verdict,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.members.asking.remove(client);
        let Some(member) = self.members.by_client.get(client) else { return };
        match member.accept(verdict, self.session, now) {
            Ok(grant) => effects.extend(self.replace(client, grant, reference, now)),
            Err((fault, message)) => {
                let bad = BadFrame { fault, message, reference };
                effects.extend(self.tell(client, Message::Error { bad, at: now }));
            }
        }
        self.remember(client, effects);
    }

    fn replace(
        &mut self,
        client: &ClientId,
        grant: Grant,
        reference: Option<String>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let permissions = grant.permissions.clone();
        self.members.grant(client, grant, now);
        let Some(member) = self.members.by_client.get(client) else { return Vec::new() };
        let before = member.view.clone();
        let view = View {
            topics: before.topics.common(&member.allowed),
            permissions: before.permissions.common(&permissions),
            ..before.clone()
        };
        let same = permissions == before.permissions;
        let recovery = if same { Renewal::None } else { Renewal::Snapshot };
        let (expires, topics) = (member.ends(), view.topics.clone());
        let message = Message::Refreshed { reference, expires, topics, recovery };
        let mut effects = if view == before {
            self.tell(client, message)
        } else {
            self.change_view(client, &view, message, now)
        };
        self.members.gain(client, permissions.without(&view.permissions));
        if !same {
            effects.extend(self.request_state(client, now));
        }
        effects
    }
}

impl Member {
    /// The view that it has from its next state on. Then it is not held any more.
    pub(super) fn next_view(&self) -> View {
        let permissions = self.view.permissions.with(&self.gains);
        let rung = self.view.rung.min(Rung::Conflated);
        View { permissions, rung, ..self.view.clone() }
    }

    /// The new grant, if the member may have it.
    fn accept(
        &self,
        verdict: Verdict,
        session: &SessionId,
        now: Timestamp,
    ) -> Result<Grant, (FrameFault, String)> {
        let refused = |why: &str| Err((FrameFault::RefreshRefused, why.to_owned()));
        let of_token = |refusal: Refusal| refused(&format!("the new token: {}", refusal.code()));
        let grant = match verdict {
            Verdict::Granted(grant) => grant,
            Verdict::Refused(refusal) => return of_token(refusal),
            Verdict::Unanswered => {
                let message = "the token cannot be verified now: try again".to_owned();
                return Err((FrameFault::Busy, message));
            }
        };
        if grant.user != self.user {
            return refused("the new token is of another user");
        }
        if !grant.allows(session).unwrap_or(self.unnamed) {
            return of_token(Refusal::SessionRefused);
        }
        if grant.expires <= now {
            return of_token(Refusal::TokenExpired);
        }
        Ok(grant)
    }
}
