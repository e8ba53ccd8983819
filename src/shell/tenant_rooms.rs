//! The rooms of a tenant, as its object knows them: their names, and what it does with them.
//!
//! When a tenant is deleted, its rooms are ended one after the other, by alarms, so that nothing that fails in between leaves
//! one behind. The document is the business of `tenant_do`.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use worker::Result;

use super::environment::now;
use super::objects;
use super::tenant_do::Tenant;
use crate::hop::directory::Question as Ask;
use crate::hop::tenant::{Begun, Welcome};
use crate::ingest::pointer;
use crate::limits::{ENDING_AT_ONCE, ENDING_EVERY_MS, ENDING_MS};
use crate::protocol::time::Timestamp;

impl Tenant {
    /// A room that has begun is remembered, so that it can be ended with the tenant.
    pub(super) fn begun(&self, begun: &Begun) -> Result<Welcome> {
        let known = self.entry()?.is_some();
        if known {
            self.store.add_room(&begun.room)?;
        }
        Ok(Welcome { known })
    }

    /// Ends as many rooms as one turn should, and forgets those that have ended; then the pointers. Says whether something is
    /// left.
    pub(super) async fn end_rooms(&self) -> Result<bool> {
        let rooms = self.store.rooms(ENDING_AT_ONCE)?;
        let ended = stream::iter(&rooms)
            .map(|room| async move { objects::end(&self.env, room).await.then_some(room) });
        let ended: Vec<Option<&String>> = ended.buffered(ENDING_AT_ONCE).collect().await;
        for room in ended.into_iter().flatten() {
            self.store.remove(room)?;
        }
        if !self.store.rooms(1)?.is_empty() {
            return Ok(true);
        }
        let ended = stream::iter(pointer::objects(&self.name()?))
            .map(|object| async move { objects::end_pointer(&self.env, &object).await });
        let ended: Vec<bool> = ended.buffered(ENDING_AT_ONCE).collect().await;
        Ok(!ended.into_iter().all(|ended| ended))
    }

    pub(super) async fn end_later(&self) -> Result<()> {
        self.state.storage().set_alarm(Duration::from_millis(ENDING_EVERY_MS)).await
    }

    /// The alarm of a tenant that is being deleted: ends more of it, and at last deletes what is stored.
    pub(super) async fn end_more(&self, since: Timestamp) -> Result<()> {
        self.release().await?;
        let left = self.end_rooms().await?;
        if !left && now().ms_since(since) > ENDING_MS {
            self.state.storage().delete_all().await
        } else {
            self.end_later().await
        }
    }

    /// Gives back what only this tenant could have. Repeated by the alarm, so that nothing stays taken.
    pub(super) async fn release(&self) -> Result<()> {
        let tenant = self.name()?;
        let released = objects::directory(&self.env, &Ask::Release { tenant }).await;
        released.map(drop).ok_or_else(|| "the directory did not answer".into())
    }
}
