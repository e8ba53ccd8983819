//! What a tenant and those who count its connections want of a room, on this platform; and what a room asks its tenant.

use std::rc::Rc;

use super::RoomHost;
use crate::hop::tenant::{Begun, Change, Ended, Noted, Rule, Welcome};
use crate::hop::verify::Question;
use crate::limits::VERIFY_MS;
use crate::protocol::bearer::Bearer;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Epoch, RoomName};
use crate::protocol::lease::{Leased, RollCall, Subject};
use crate::protocol::revocation::Revocation;
use crate::protocol::time::Timestamp;
use crate::room::leases::Barred;
use crate::room::{Input, Verdict};
use crate::runner::{Alarm, Failure, RoomFailed};
use crate::shell::environment::within;
use crate::shell::objects;

impl RoomHost {
    /// Which connections are in the room, of those that it is asked about. The others cannot join any more.
    pub(in crate::shell) fn present(
        self: &Rc<Self>,
        asked: RollCall,
    ) -> Result<Vec<ClientId>, RoomFailed> {
        self.runner.borrow_mut().present(asked, &mut self.clone())
    }

    /// Whether a client can no longer join, and why.
    pub(in crate::shell) fn bars(
        self: &Rc<Self>,
        client: &ClientId,
        proof: (&Grant, &[(Subject, Leased)]),
    ) -> Result<Option<Barred>, RoomFailed> {
        self.runner.borrow_mut().bars(client, proof, &mut self.clone())
    }

    /// Closes the connections of revoked tokens. Returns how many there were.
    pub(in crate::shell) async fn revoke(
        self: &Rc<Self>,
        revocation: Revocation,
    ) -> Result<usize, RoomFailed> {
        let (alarm, closed) = self.runner.borrow_mut().revoke(revocation, &mut self.clone())?;
        self.arm(alarm).await?;
        Ok(closed)
    }

    /// Closes all connections, and deletes everything that is stored.
    pub(in crate::shell) async fn abolish(self: &Rc<Self>) -> Result<(), RoomFailed> {
        let alarm = self.runner.borrow_mut().abolish(&mut self.clone())?;
        self.arm(alarm).await
    }

    /// Tells the tenant that the room has begun, unless it knows, so that the room can be ended with the tenant. If there is no
    /// such tenant any more, the room ends. If the tenant does not answer, it is told when the room is loaded again.
    pub(super) fn list(self: &Rc<Self>) {
        let Some(epoch) = self.storage.unlisted() else { return };
        if self.is_console() {
            return;
        }
        if self.listing.replace(true) {
            return;
        }
        self.ruled.set(false);
        let host = self.clone();
        self.state.wait_until(async move {
            let room = host.name();
            let tenant = room.parse().map(|RoomName { tenant, .. }| tenant);
            let begun = Begun { room, epoch: epoch.clone() };
            let welcome = match tenant {
                Ok(tenant) => objects::begun(&host.env, &tenant, &begun).await,
                Err(_) => None,
            };
            // What fails here is tried again when the room is loaded the next time.
            match welcome {
                Some(Welcome { rule: Some(rule) }) => drop(host.welcome(rule, &epoch).await),
                Some(Welcome { rule: None }) => drop(host.abolish().await),
                None => {}
            }
            host.listing.set(false);
        });
    }

    /// The tenant knows of the room, and answers with its rule.
    async fn welcome(self: &Rc<Self>, rule: Rule, epoch: &Epoch) -> Result<(), RoomFailed> {
        // What it has told since is newer than its answer.
        if self.storage.unlisted().as_ref() == Some(epoch) && !self.ruled.get() {
            self.turn(Input::Ruled(rule)).await?;
        }
        self.or_fail("list", self.storage.list(epoch))
    }

    /// The rule of the tenant. Returns whether the room has begun; if not, it follows none.
    pub(in crate::shell) async fn follow(self: &Rc<Self>, rule: Rule) -> Result<bool, RoomFailed> {
        if self.or_fail("begun", self.storage.begun())?.is_none() {
            return Ok(false);
        }
        self.ruled.set(true);
        self.turn(Input::Ruled(rule)).await?;
        Ok(true)
    }

    /// Deletes a room that nobody uses, and tells the tenant, so that it forgets the name. If the tenant does not hear it, it
    /// knows the name until it tells the room a rule.
    pub(super) async fn retire(self: &Rc<Self>) -> Result<(), RoomFailed> {
        let begun = self.or_fail("begun", self.storage.begun())?;
        self.arm(Alarm::End).await?;
        let (room, epoch) = (self.name(), begun.and_then(|begun| begun.epoch()));
        let (Some(epoch), Ok(RoomName { tenant, .. })) = (epoch, room.parse()) else {
            return Ok(());
        };
        let (host, ended) = (self.clone(), Ended { room, epoch });
        self.state.wait_until(async move {
            objects::ended(&host.env, &tenant, &ended).await;
        });
        Ok(())
    }

    /// Tells the tenant that somebody is in the room, or nobody any more. If the tenant does not note it, the room wakes for it
    /// again.
    pub(super) fn announce(self: &Rc<Self>, number: u64, occupied: bool, at: Timestamp) {
        let host = self.clone();
        self.state.wait_until(async move {
            let room = host.name();
            let begun = host.storage.begun().ok().flatten();
            let epoch = begun.and_then(|begun| begun.epoch());
            let (Some(epoch), Ok(RoomName { tenant, .. })) = (epoch, room.parse()) else { return };
            let id = format!("{}-{number}", epoch.as_str());
            let change = Change { room, id, occupied, at };
            if let Some(Noted { noted: true }) =
                objects::announce(&host.env, &tenant, &change).await
            {
                // A failure is in the log, and the room announces it again.
                let (Ok(()) | Err(RoomFailed)) = host.turn(Input::Announced { number }).await;
            }
        });
    }

    /// What storage did. If it failed, the room has failed.
    pub(super) fn or_fail<T>(
        self: &Rc<Self>,
        stage: &'static str,
        done: worker::Result<T>,
    ) -> Result<T, RoomFailed> {
        done.map_err(|error| {
            let failure = Failure::at(stage)(error);
            self.runner.borrow_mut().fail(&failure, &mut self.clone())
        })
    }

    /// Asks the tenant of the room about a token.
    pub(super) async fn ask_tenant(&self, token: Bearer) -> Verdict {
        if self.is_console() {
            return self.verify_operator(&token);
        }
        let Ok(RoomName { tenant, session, .. }) = self.name().parse() else {
            return Verdict::Unanswered;
        };
        let question = Question { token, session };
        let answer = within(VERIFY_MS, objects::verify(&self.env, &tenant, &question)).await;
        answer.map_or(Verdict::Unanswered, Verdict::from)
    }
}
