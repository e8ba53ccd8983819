//! The Durable Object of a tenant: its document, and the names of its rooms.
//!
//! Front Workers ask it for the document, the admin API changes it, rooms tell it that they have begun. What a document may
//! be is decided in [`crate::tenant`]. What it does with its rooms is in `tenant_rooms`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use worker::{durable_object, DurableObject, Env, Request, Response, Result, State};

use super::environment::{deployment, nonce, now, random};
use super::issuers::{Fetched, Issuers};
use super::meter::Meter;
use super::objects;
use super::record::{write, Line};
use super::seats;
use super::tenant_store::TenantStore;
use crate::auth::token::{self, unknown_key};
use crate::config::{Deployment, METERING};
use crate::hop::directory::{Answer as Listed, Claim, Question as Ask, Wanted};
use crate::hop::tenant::{Answer, Condition, Copied, Copy, Ended, Fault, Known, Question};
use crate::hop::verify::{Answer as Verified, Question as Asked};
use crate::hop::{ADMIN, BEGUN, DOCUMENT, ENDED, METER, OCCUPANCY, VERIFY};
use crate::protocol::codes::Refusal;
use crate::protocol::ids::TenantName;
use crate::tenant::document::parse;
use crate::tenant::entry::{self, Entry, Ready};
use crate::tenant::sealing::SealingKeys;
use crate::tenant::{credentials::Credential, secrets, Access, Tenant as Parsed};

/// The Durable Object of a tenant, called like it.
#[durable_object]
pub struct Tenant {
    pub(super) state: State,
    pub(super) env: Env,
    pub(super) store: Rc<TenantStore>,
    /// The document with its secrets, once it was asked for.
    opened: RefCell<Option<(String, Rc<Value>)>>,
    /// The tenant that it describes, by its version and that of the issuers' keys.
    parsed: RefCell<Option<(String, Rc<Parsed>)>>,
    /// Whether a change waits for the directory. Only one does at a time, so that the directory has what is stored.
    changing: Cell<bool>,
    pub(super) meter: Rc<Meter>,
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        let store = Rc::new(TenantStore::new(state.storage().sql()));
        Self {
            state,
            env,
            store,
            opened: RefCell::default(),
            parsed: RefCell::default(),
            changing: Cell::new(false),
            meter: Rc::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let answer = self.answer(&mut request).await;
        if let Err(error) = &answer {
            let (tenant, cause) = (self.state.id().name().unwrap_or_default(), error.to_string());
            write(&Line::TenantFailed { tenant: &tenant, cause: &cause });
        }
        answer
    }

    /// Tells rooms what they have to know, and delivers hooks; or ends the rooms of a deleted tenant. If this fails, the runtime
    /// repeats the alarm.
    async fn alarm(&self) -> Result<Response> {
        if let Some(since) = self.store.ending()? {
            self.end_more(since).await?;
        } else {
            self.tell_more().await?;
            self.deliver_more().await?;
            self.wake_later().await?;
        }
        Response::empty()
    }
}

impl Tenant {
    async fn answer(&self, request: &mut Request) -> Result<Response> {
        match request.path().as_str() {
            DOCUMENT => {
                let copy = self.copy(&asked(request).await?).await?;
                let (watched, slowed) = (self.watched()?, self.slowed()?);
                Response::from_json(&Copied { copy, watched, slowed })
            }
            ADMIN => Response::from_json(&self.administer(asked(request).await?).await?),
            VERIFY => Response::from_json(&self.verify(asked(request).await?).await?),
            BEGUN => Response::from_json(&self.begun(&asked(request).await?)?),
            OCCUPANCY => Response::from_json(&self.note(asked(request).await?).await?),
            METER => Response::from_json(&self.enter(asked(request).await?).await?),
            ENDED => {
                let Ended { room, epoch } = asked(request).await?;
                self.store.forget_ended(&room, &epoch)?;
                Ok(Response::empty()?.with_status(204))
            }
            _ => Response::error("not found", 404),
        }
    }

    pub(super) fn name(&self) -> Result<TenantName> {
        let name = self.state.id().name().unwrap_or_default();
        name.parse().map_err(|_| "an object without a tenant's name".into())
    }

    fn keys(&self) -> Result<SealingKeys> {
        Ok(self.deployment()?.sealing.clone())
    }

    fn deployment(&self) -> Result<Rc<Deployment>> {
        Ok(deployment(&self.env).map_err(|wrong| wrong.to_string())?)
    }

    pub(super) fn is_metered(&self) -> Result<bool> {
        Ok(self.deployment()?.metering)
    }

    /// The stored document, unless the tenant is being deleted.
    pub(super) fn entry(&self) -> Result<Option<Entry>> {
        Ok(if self.store.ending()?.is_some() { None } else { self.store.entry()? })
    }

    /// The document with its secrets.
    pub(super) fn open(&self, entry: &Entry) -> Result<Rc<Value>> {
        if let Some((version, document)) = &*self.opened.borrow() {
            if *version == entry.version {
                return Ok(document.clone());
            }
        }
        let document = entry.open(&self.name()?, &self.keys()?).map_err(|bad| bad.to_string())?;
        let document = Rc::new(document);
        *self.opened.borrow_mut() = Some((entry.version.clone(), document.clone()));
        Ok(document)
    }

    async fn copy(&self, known: &Known) -> Result<Copy> {
        let Some(entry) = self.entry()? else { return Ok(Copy::Unknown) };
        let document = self.open(&entry)?;
        let kid = known.kid.as_deref();
        let issuers = Issuers::of(&document, &self.store);
        let Fetched { version, keys } = issuers.fetched(kid, &self.state, &self.name()?).await?;
        let version = format!("{}.{version}", entry.version);
        if known.version.as_ref() == Some(&version) {
            return Ok(Copy::Unchanged);
        }
        Ok(Copy::Changed { version, document: document.as_ref().clone(), keys })
    }

    /// Verifies a token that a room was sent.
    async fn verify(&self, question: Asked) -> Result<Verified> {
        let token = question.token.as_str();
        let mut tenant = self.parsed(None).await?;
        if let Some(kid) = tenant.as_ref().and_then(|one| unknown_key(&one.tokens, token)) {
            tenant = self.parsed(Some(kid)).await?;
        }
        let granted = match tenant {
            None => Err(Refusal::TenantUnknown),
            Some(tenant) if tenant.access == Access::Suspended => Err(Refusal::TenantSuspended),
            Some(tenant) => match token::verify(&tenant.tokens, token, now()) {
                Ok(grant) => seats::check(&grant, &question.session, &tenant, &self.env)
                    .await
                    .map(|()| grant),
                Err(distrust) => Err(Refusal::from(distrust)),
            },
        };
        Ok(Verified::from(granted))
    }

    /// The tenant with the keys of its issuers, parsed once per version.
    async fn parsed(&self, kid: Option<String>) -> Result<Option<Rc<Parsed>>> {
        let known = self.parsed.borrow().clone();
        let version = known.as_ref().map(|(version, _)| version.clone());
        Ok(match self.copy(&Known { version, kid }).await? {
            Copy::Unknown => None,
            Copy::Unchanged => known.map(|(_, tenant)| tenant),
            Copy::Changed { version, document, keys } => {
                let described = parse(self.name()?, document);
                let described = described.map_err(|_| "a stored document is not right")?;
                let tenant = Rc::new(described.with_keys(&keys));
                *self.parsed.borrow_mut() = Some((version, tenant.clone()));
                Some(tenant)
            }
        })
    }

    async fn administer(&self, question: Question) -> Result<Answer> {
        match question {
            Question::Get => match self.entry()? {
                Some(entry) => self.shown(entry, false),
                None => Ok(Answer::Unknown),
            },
            Question::Watch => self.watch(),
            Question::Rooms { after, limit } => self.list(&after, limit),
            Question::Usage { days } => self.usage(days),
            _ if self.changing.replace(true) => Ok(Answer::Changing),
            change => {
                // Also if the request ends before its answer.
                let _changing = Changing(&self.changing);
                self.change(change).await
            }
        }
    }

    async fn change(&self, change: Question) -> Result<Answer> {
        match change {
            Question::Put { document, condition } => self.put(document, &condition).await,
            Question::Delete { condition } => self.delete(&condition).await,
            Question::Reseal => self.reseal().await,
            Question::Get | Question::Watch | Question::Rooms { .. } | Question::Usage { .. } => {
                Ok(Answer::Unknown)
            }
        }
    }

    fn shown(&self, entry: Entry, created: bool) -> Result<Answer> {
        let mut document = self.open(&entry)?.as_ref().clone();
        secrets::redact(&mut document, &self.keys()?);
        Ok(Answer::Document { version: entry.version, document, created })
    }

    async fn put(&self, document: Value, condition: &Condition) -> Result<Answer> {
        if self.store.ending()?.is_some() {
            return Ok(Answer::Ending);
        }
        let before = self.store.entry()?;
        if !wanted(before.as_ref(), condition) {
            return Ok(Answer::ConditionFailed);
        }
        // A document that keeps nothing can replace one whose sealing key is lost.
        let replaced = before.as_ref().filter(|_| secrets::keeps(&document));
        let replaced = replaced.map(|entry| self.open(entry)).transpose()?;
        match entry::ready(&self.name()?, document, replaced.as_deref(), &self.keys()?) {
            Ok(ready) if ready.described.tenant.budget.is_some() && !self.is_metered()? => {
                let reason = format!("needs {METERING} = on in the settings of the deployment");
                let fault = Fault { place: "budget".to_owned(), reason };
                Ok(Answer::Faulty { conflict: false, faults: vec![fault] })
            }
            Ok(ready) => self.replace(before, ready).await,
            Err(faults) => Ok(Answer::Faulty { conflict: false, faults: listed(faults) }),
        }
    }

    /// Claims what only this tenant may have, and stores the document.
    async fn replace(&self, before: Option<Entry>, ready: Ready) -> Result<Answer> {
        let (name, keys) = (self.name()?, self.keys()?);
        let faults = self.claim(&name, &ready, &keys).await?;
        if !faults.is_empty() {
            return Ok(Answer::Faulty { conflict: true, faults });
        }
        let version = format!("{:016x}", u64::from_be_bytes(random()?));
        let entry = entry::sealed(&name, &ready.document, version, &keys, || {
            nonce().map_err(CannotSeal::from)
        })?;
        self.store.put(&entry)?;
        self.rule_is(ready.described.tenant.rule()).await?;
        Issuers::of(&ready.document, &self.store).forget_others()?;
        if ready.described.tenant.hooks.is_none() {
            self.store.forget_hooks()?;
        }
        let created = before.is_none();
        write(&Line::TenantStored { tenant: name.as_str(), version: &entry.version, created });
        self.shown(entry, created)
    }

    /// Claims the host names and credentials of a document. Returns what another tenant has.
    async fn claim(
        &self,
        tenant: &TenantName,
        ready: &Ready,
        keys: &SealingKeys,
    ) -> Result<Vec<Fault>> {
        let want = |credential: &Credential| Wanted {
            fingerprint: credential.fingerprint(keys),
            all: credential.fingerprints(keys),
        };
        let credentials = ready.credentials.iter().map(want).collect();
        let hosts = ready.described.hosts.clone();
        let claim = Claim { tenant: tenant.clone(), hosts, credentials };
        match objects::directory(&self.env, &Ask::Claim(claim)).await {
            Some(Listed::Done) => Ok(Vec::new()),
            Some(Listed::Taken { hosts, credentials }) => {
                let host = |index: usize| Fault {
                    place: format!("hosts[{index}]"),
                    reason: "another tenant has this host name".to_owned(),
                };
                let credential = |index: usize| ready.credentials.get(index).map(Credential::taken);
                let credentials = credentials.into_iter().filter_map(credential).collect();
                Ok(hosts.into_iter().map(host).chain(listed(credentials)).collect())
            }
            _ => Err("the directory did not answer".into()),
        }
    }

    async fn delete(&self, condition: &Condition) -> Result<Answer> {
        let Some(entry) = self.entry()? else { return Ok(Answer::Unknown) };
        if !wanted(Some(&entry), condition) {
            return Ok(Answer::ConditionFailed);
        }
        // The alarm stands before the mark, so that a tenant that is marked is always ended.
        self.end_later().await?;
        self.store.end(now())?;
        self.opened.borrow_mut().take();
        self.meter.forget();
        let tenant = self.name()?;
        write(&Line::TenantDeleted { tenant: tenant.as_str() });
        self.release().await?;
        self.end_rooms().await?;
        Ok(Answer::Deleted)
    }

    async fn reseal(&self) -> Result<Answer> {
        let Some(entry) = self.entry()? else { return Ok(Answer::Unknown) };
        let document = self.open(&entry)?;
        let document = document.as_ref().clone();
        match entry::ready(&self.name()?, document, None, &self.keys()?) {
            Ok(ready) => self.replace(Some(entry), ready).await,
            Err(faults) => Ok(Answer::Faulty { conflict: false, faults: listed(faults) }),
        }
    }
}

/// Says that a change is under way for as long as it lives.
struct Changing<'c>(&'c Cell<bool>);

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// What was asked. Read like everything else that is stored or told as text: the reader of `worker` would be a second one in the bundle.
async fn asked<Q: DeserializeOwned>(request: &mut Request) -> Result<Q> {
    Ok(serde_json::from_str(&request.text().await?)?)
}

fn wanted(entry: Option<&Entry>, condition: &Condition) -> bool {
    Entry::is_wanted(entry, condition.matches.as_deref(), condition.differs.as_deref())
}

fn listed(faults: Vec<crate::preset::faults::Fault>) -> Vec<Fault> {
    let listed = faults.into_iter();
    listed.map(|fault| Fault { place: fault.place, reason: fault.reason }).collect()
}

/// Why a document cannot be sealed.
struct CannotSeal(worker::Error);

impl From<worker::Error> for CannotSeal {
    fn from(error: worker::Error) -> Self {
        Self(error)
    }
}

impl From<crate::tenant::sealing::CannotOpen> for CannotSeal {
    fn from(error: crate::tenant::sealing::CannotOpen) -> Self {
        Self(error.to_string().into())
    }
}

impl From<CannotSeal> for worker::Error {
    fn from(error: CannotSeal) -> Self {
        error.0
    }
}
