//! The hooks of a tenant: its object notes what rooms announce, and delivers it by its alarm.
//!
//! [`crate::tenant::hooks`] decides what is sent, and when it is sent again. A hook is stored before its room is answered, and
//! forgotten after its receiver has answered, so it arrives at least once.

use std::time::Duration;

use futures::future::join_all;
use worker::{Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Result};

use super::environment::{now, within};
use super::record::{write, Line};
use super::tenant_do::Tenant;
use crate::hop::tenant::{Change, Noted};
use crate::limits::{HOOKS_AT_ONCE, HOOKS_WAITING, HOOK_ANSWER_MS};
use crate::tenant::hooks::{Hooks, News, Next, Waiting};
use crate::tenant::telling::Telling;

impl Tenant {
    /// Notes what a room announces, to be delivered at once. While another change of the room waits, or too many rooms have one
    /// that waits, it is not noted, and the room announces it again.
    pub(super) async fn note(&self, change: Change) -> Result<Noted> {
        if self.hooks()?.is_none() {
            // There is nobody to be told. If the room does not know that yet, it is being told.
            return Ok(Noted { noted: true });
        }
        let noted = match self.store.hook(&change.room)? {
            Some(waiting) => waiting.news.id() == change.id,
            None => self.store.hooks()?.0 < HOOKS_WAITING && self.wait(change).map(|()| true)?,
        };
        // Also if it was noted before: the alarm may not have been set then.
        self.wake_later().await?;
        Ok(Noted { noted })
    }

    fn wait(&self, change: Change) -> Result<()> {
        self.store.put_hook(&Waiting::new(News::Change(change)), now())
    }

    /// Where hooks go now.
    pub(super) fn hooks(&self) -> Result<Option<Hooks>> {
        let Some(entry) = self.entry()? else { return Ok(None) };
        Ok(Hooks::of(self.open(&entry)?.as_ref()))
    }

    /// Delivers as many hooks as one turn should, if there are some that are due.
    pub(super) async fn deliver_more(&self) -> Result<()> {
        let due = self.store.hooks_due(now(), HOOKS_AT_ONCE)?;
        if due.is_empty() {
            return Ok(());
        }
        match self.hooks()? {
            Some(hooks) => self.deliver(&hooks, due).await,
            None => self.store.forget_hooks(),
        }
    }

    async fn deliver(&self, hooks: &Hooks, due: Vec<Waiting>) -> Result<()> {
        let sent = due.into_iter().map(|waiting| async move {
            let status = send(hooks, &waiting).await;
            (waiting, status)
        });
        for (waiting, status) in join_all(sent).await {
            let (about, id) = (waiting.news.about().to_owned(), waiting.news.id());
            // The document may have changed meanwhile, and the hook with it.
            if self.store.hook(&about)?.as_ref() != Some(&waiting) {
                continue;
            }
            let next = waiting.after(status, now());
            if next != Next::Arrived {
                let given_up = next == Next::GivenUp;
                write(&Line::HookFailed { room: &about, id: &id, status, given_up });
            }
            match next {
                Next::Arrived | Next::GivenUp => self.store.forget_hook(&about)?,
                Next::Again(waiting, at) => self.store.put_hook(&waiting, at)?,
            }
        }
        Ok(())
    }

    /// Sets the alarm: for what there is to tell rooms, or for hooks, whatever is first.
    pub(super) async fn wake_later(&self) -> Result<()> {
        let told = self.store.telling()?.as_ref().and_then(Telling::due);
        let due = [told, self.store.hooks()?.1].into_iter().flatten().min();
        let Some(due) = due else { return Ok(()) };
        self.state.storage().set_alarm(Duration::from_millis(due.ms_since(now()))).await
    }
}

/// Posts a hook. Returns the status of the answer, if one comes in time. Follows no redirect.
async fn send(hooks: &Hooks, waiting: &Waiting) -> Option<u16> {
    let body = waiting.body()?;
    let headers = Headers::new();
    headers.set("content-type", "application/json").ok()?;
    headers.set("user-agent", "roomcast").ok()?;
    for (name, value) in hooks.headers(&waiting.news.id(), &body, now()) {
        headers.set(name, &value).ok()?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_redirect(RequestRedirect::Manual).with_headers(headers);
    init.with_body(Some(body.into()));
    let request = Request::new_with_init(hooks.url.as_str(), &init).ok()?;
    let answer = within(HOOK_ANSWER_MS, async move { Fetch::Request(request).send().await.ok() });
    answer.await.map(|answer| answer.status_code())
}
