//! The rooms of a tenant, as its object knows them: their names, and what it does with them.
//!
//! When the tenant's rule changes, they are told, some at a time, by alarms; [`crate::tenant::telling`] decides which and when.
//! When a tenant is deleted, its rooms are ended one after the other, by alarms, so that nothing that fails in between leaves
//! one behind. The document is the business of `tenant_do`.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use worker::Result;

use super::environment::{now, within};
use super::objects;
use super::record::{write, Line};
use super::tenant_do::Tenant;
use super::tenant_store::Room;
use crate::hop::directory::Question as Ask;
use crate::hop::tenant::{Answer, Begun, Rule, Ruled, Welcome};
use crate::hop::RULE;
use crate::ingest::pointer;
use crate::limits::{ENDING_AT_ONCE, ENDING_EVERY_MS, ENDING_MS, TELL_MS, WATCHED_MS};
use crate::protocol::time::Timestamp;
use crate::tenant::telling::Telling;

impl Tenant {
    /// A room that has begun is remembered, so that it can be ended with the tenant.
    pub(super) fn begun(&self, begun: &Begun) -> Result<Welcome> {
        if self.entry()?.is_none() {
            return Ok(Welcome { rule: None });
        }
        self.store.add_room(&begun.room, &begun.epoch)?;
        let told = self.store.telling()?.map(|telling| telling.rule());
        Ok(Welcome { rule: Some(told.unwrap_or_default()) })
    }

    /// The names of rooms that have begun.
    pub(super) fn list(&self, after: &str, limit: usize) -> Result<Answer> {
        if self.entry()?.is_none() {
            return Ok(Answer::Unknown);
        }
        let tenant = format!("{}/", self.name()?);
        let rooms = self.store.rooms(&format!("{tenant}{after}"), limit.saturating_add(1))?;
        let more = rooms.len() > limit;
        let within = |room: Room| room.name.get(tenant.len()..).unwrap_or_default().to_owned();
        let names = rooms.into_iter().take(limit).map(within).collect();
        Ok(Answer::Rooms { names, more })
    }

    /// The operator watches the tenant from now on. Rooms hear it from whoever posts to them or joins them, so that none wakes for
    /// it. It is stored, because a tenant's object that nobody asks is soon out of memory.
    pub(super) fn watch(&self) -> Result<Answer> {
        if self.entry()?.is_none() {
            return Ok(Answer::Unknown);
        }
        let until = now().plus_ms(WATCHED_MS);
        self.store.watch(until)?;
        Ok(Answer::Watched { until })
    }

    /// Until when the operator watches the tenant, if that is so.
    pub(super) fn watched(&self) -> Result<Option<Timestamp>> {
        Ok(self.store.watched()?.filter(|until| *until > now()))
    }

    /// The tenant's rule for its rooms. If it has changed, all are told.
    pub(super) async fn rule_is(&self, rule: Rule) -> Result<()> {
        let last = self.store.telling()?;
        if let Some(telling) = Telling::changed(last.as_ref(), rule, now()) {
            self.store.put_telling(&telling)?;
        }
        // Also if nothing has changed: the alarm may not have been set the last time.
        self.wake_later().await
    }

    /// Tells as many rooms as one turn should, if there are some to be told the rule now.
    pub(super) async fn tell_more(&self) -> Result<()> {
        let Some(telling) = self.store.telling()? else { return Ok(()) };
        if telling.due().is_none_or(|due| due > now()) {
            return Ok(());
        }
        let rooms = self.store.rooms(telling.after(), ENDING_AT_ONCE)?;
        let silent = self.tell(&rooms, telling.rule()).await?;
        // Something else may have to be told by now, or nothing.
        if self.store.telling()?.as_ref() != Some(&telling) {
            return Ok(());
        }
        let mut told = telling;
        if told.told(rooms.last().map(|room| room.name.as_str()), silent, now()) {
            let (tenant, cause) = (self.name()?, "rooms do not answer, and keep the rule before");
            write(&Line::TenantFailed { tenant: tenant.as_str(), cause });
        }
        self.store.put_telling(&told)
    }

    /// Tells these rooms a rule, and forgets those that do not exist. Returns whether one did not answer.
    async fn tell(&self, rooms: &[Room], rule: Rule) -> Result<bool> {
        let told = stream::iter(rooms).map(|room| async move {
            let answer = objects::ask_room(&self.env, &room.name, RULE, &rule);
            (room, within(TELL_MS, answer).await)
        });
        let told: Vec<(&Room, Option<Ruled>)> = told.buffered(ENDING_AT_ONCE).collect().await;
        for (room, answer) in &told {
            if matches!(answer, Some(Ruled { begun: false })) {
                self.store.forget(room)?;
            }
        }
        Ok(told.iter().any(|(_, answer)| answer.is_none()))
    }

    /// Ends as many rooms as one turn should, and forgets those that have ended; then the pointers. Says whether something is
    /// left.
    pub(super) async fn end_rooms(&self) -> Result<bool> {
        let rooms = self.store.rooms("", ENDING_AT_ONCE)?;
        let ended = stream::iter(&rooms).map(|room| async move {
            objects::end(&self.env, &room.name).await.then_some(&room.name)
        });
        let ended: Vec<Option<&String>> = ended.buffered(ENDING_AT_ONCE).collect().await;
        for room in ended.into_iter().flatten() {
            self.store.remove(room)?;
        }
        if !self.store.rooms("", 1)?.is_empty() {
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
