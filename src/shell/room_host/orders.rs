//! What a tenant and those who count its connections want of a room, on this platform; and what a room asks its tenant.

use std::rc::Rc;
use std::time::Duration;

use futures::future::{select, Either};
use worker::Delay;

use super::RoomHost;
use crate::hop::join::Join;
use crate::hop::tenant::Welcome;
use crate::hop::verify::Question;
use crate::limits::VERIFY_MS;
use crate::protocol::bearer::Bearer;
use crate::protocol::ids::{ClientId, RoomName};
use crate::protocol::lease::RollCall;
use crate::protocol::revocation::Revocation;
use crate::room::leases::Barred;
use crate::room::Verdict;
use crate::runner::RoomFailed;
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
        join: &Join,
    ) -> Result<Option<Barred>, RoomFailed> {
        let Join { client, grant, leases, .. } = join;
        self.runner.borrow_mut().bars(client, (grant, leases), &mut self.clone())
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
        if !self.storage.is_unlisted() || self.listing.replace(true) {
            return;
        }
        let host = self.clone();
        self.state.wait_until(async move {
            let room = host.name();
            let tenant = room.parse().map(|RoomName { tenant, .. }| tenant);
            let welcome = match tenant {
                Ok(tenant) => objects::begun(&host.env, &tenant, &room).await,
                Err(_) => None,
            };
            // What fails here is tried again when the room is loaded the next time.
            match welcome {
                Some(Welcome { known: true }) => drop(host.storage.list()),
                Some(Welcome { known: false }) => drop(host.abolish().await),
                None => {}
            }
            host.listing.set(false);
        });
    }

    /// Asks the tenant of the room about a token.
    pub(super) async fn ask_tenant(&self, token: Bearer) -> Verdict {
        let Ok(RoomName { tenant, session, .. }) = self.name().parse() else {
            return Verdict::Unanswered;
        };
        let question = Question { token, session };
        let answer = Box::pin(objects::verify(&self.env, &tenant, &question));
        let late = Delay::from(Duration::from_millis(VERIFY_MS));
        let answer = match select(answer, late).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => None,
        };
        answer.map_or(Verdict::Unanswered, Verdict::from)
    }
}
