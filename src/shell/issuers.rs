//! The keys of a tenant's issuers: fetches their JWKS for the tenant's object, and keeps the last good ones.
//!
//! [`crate::auth::jwks`] decides when to fetch and what serves meanwhile.

use std::hash::Hasher as _;
use std::rc::Rc;

use futures::StreamExt as _;
use serde_json::Value;
use siphasher::sip::SipHasher13;
use worker::{ByteStream, Fetch, Method, Request, RequestInit, RequestRedirect, Result, State};

use super::environment::{now, within};
use super::record::{write, Line};
use super::tenant_store::TenantStore;
use crate::auth::jwks::JwksCache;
use crate::limits::{JWKS_ANSWER_MS, JWKS_BYTES};
use crate::protocol::ids::TenantName;

/// The issuers that a tenant's document names.
pub(super) struct Issuers {
    urls: Vec<String>,
    store: Rc<TenantStore>,
}

/// The sets of keys that serve now.
pub(super) struct Fetched {
    /// Changes with the sets.
    pub(super) version: String,
    /// The sets, as they were fetched.
    pub(super) keys: Vec<String>,
}

impl Issuers {
    /// Those of a checked document.
    pub(super) fn of(document: &Value, store: &Rc<TenantStore>) -> Self {
        let keys = document.pointer("/tokens/keys").and_then(Value::as_array);
        let urls = keys.into_iter().flatten().filter_map(|key| key.get("jwks")?.as_str());
        Self { urls: urls.map(str::to_owned).collect(), store: store.clone() }
    }

    /// Forgets what was fetched from elsewhere.
    pub(super) fn forget_others(&self) -> Result<()> {
        self.store.keep_keys(&self.urls)
    }

    /// The sets that serve now. Fetches those that are due: at once if there is none yet or a key is missing, else in the
    /// background.
    pub(super) async fn fetched(
        self,
        kid: Option<&str>,
        state: &State,
        tenant: &TenantName,
    ) -> Result<Fetched> {
        let (mut hasher, mut keys) = (SipHasher13::new_with_keys(0, 0), Vec::new());
        for url in &self.urls {
            let mut cache = read(&self.store, url)?;
            if cache.begin(now(), kid) {
                self.store.put_keys(url, &serde_json::to_string(&cache)?)?;
                let fetch = fetch(url.clone(), self.store.clone(), tenant.clone());
                if kid.is_some() || cache.document(now()).is_none() {
                    fetch.await;
                } else {
                    state.wait_until(fetch);
                }
                cache = read(&self.store, url)?;
            }
            let set = cache.document(now()).unwrap_or_default();
            hasher.write(set.as_bytes());
            keys.push(set.to_owned());
        }
        Ok(Fetched { version: format!("{:016x}", hasher.finish()), keys })
    }
}

fn read(store: &TenantStore, url: &str) -> Result<JwksCache> {
    let stored = store.keys(url)?;
    Ok(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Fetches a set and stores it if it is good. A failure is in the log.
async fn fetch(url: String, store: Rc<TenantStore>, tenant: TenantName) {
    let body = get(&url).await;
    let stored = read(&store, &url).and_then(|mut cache| {
        if let Err(cause) = cache.answered(now(), body.as_deref()) {
            write(&Line::KeysFailed { tenant: tenant.as_str(), url: &url, cause });
        }
        store.put_keys(&url, &serde_json::to_string(&cache)?)
    });
    if let Err(error) = stored {
        let cause = error.to_string();
        write(&Line::KeysFailed { tenant: tenant.as_str(), url: &url, cause: &cause });
    }
}

/// A body of text, unless it is longer than a set of keys may be.
async fn read_all(mut stream: ByteStream) -> Option<String> {
    let mut body = Vec::new();
    while let Some(piece) = stream.next().await {
        body.extend(piece.ok()?);
        if body.len() > JWKS_BYTES {
            return None;
        }
    }
    String::from_utf8(body).ok()
}

/// The body of an answer with status 200 that comes in time. Follows no redirect: its status is not 200.
async fn get(url: &str) -> Option<String> {
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(url, &init).ok()?;
    within(JWKS_ANSWER_MS, async move {
        let mut response = Fetch::Request(request).send().await.ok()?;
        if response.status_code() != 200 {
            return None;
        }
        read_all(response.stream().ok()?).await
    })
    .await
}
