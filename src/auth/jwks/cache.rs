//! When a JWKS is fetched, and which keys serve meanwhile.
//!
//! A state machine without IO: its owner asks [`JwksCache::begin`], fetches if told to, and says what came. It can be stored
//! as JSON. What is stored is the set as it was fetched, which is public.

use serde::{Deserialize, Serialize};

use crate::auth::key::Key;
use crate::limits::{JWKS_COOLDOWN_MS, JWKS_FRESH_MS, JWKS_STALE_MS};
use crate::protocol::time::Timestamp;

/// What is known of the JWKS at one URL.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct JwksCache {
    /// When the last fetch began, whatever came of it.
    tried: Option<Timestamp>,
    good: Option<Good>,
}

/// The last good set.
#[derive(Debug, Clone)]
struct Good {
    fetched: Timestamp,
    document: String,
    keys: Vec<Key>,
}

/// How it is stored. Keys are parsed again.
#[derive(Deserialize, Serialize)]
struct Stored {
    tried: Option<Timestamp>,
    fetched: Option<Timestamp>,
    document: Option<String>,
}

impl JwksCache {
    /// Whether the set has to be fetched now: there is none, it is not fresh, or a token names a key that it does not
    /// have. If so, the fetch counts as begun, so that nobody else begins one during the cool-down.
    pub fn begin(&mut self, now: Timestamp, kid: Option<&str>) -> bool {
        let cooled = self.tried.is_none_or(|tried| apart(now, tried) >= JWKS_COOLDOWN_MS);
        let due = cooled && self.good.as_ref().is_none_or(|good| good.lacks(now, kid));
        if due {
            self.tried = Some(now);
        }
        due
    }

    /// Takes the answer in: the body, or `None` if the fetch failed or its status was not 200. A set that is wrong never
    /// replaces one that works.
    ///
    /// # Errors
    /// Why the set is not used, for the log.
    pub fn answered(&mut self, now: Timestamp, body: Option<&str>) -> Result<(), &'static str> {
        let document = body.ok_or("could not be fetched")?;
        let keys = super::keys(document)?;
        self.good = Some(Good { fetched: now, document: document.to_owned(), keys });
        Ok(())
    }

    /// The set that serves now, as it was fetched. None if it is too old.
    pub fn document(&self, now: Timestamp) -> Option<&str> {
        let serving = self.good.as_ref().filter(|good| apart(now, good.fetched) < JWKS_STALE_MS);
        serving.map(|good| good.document.as_str())
    }

    /// The keys that serve now. None if the last good set is too old.
    pub fn keys(&self, now: Timestamp) -> &[Key] {
        let serving = self.good.as_ref().filter(|good| apart(now, good.fetched) < JWKS_STALE_MS);
        serving.map_or(&[], |good| &good.keys)
    }
}

impl Good {
    fn lacks(&self, now: Timestamp, kid: Option<&str>) -> bool {
        apart(now, self.fetched) >= JWKS_FRESH_MS
            || kid.is_some_and(|kid| !self.keys.iter().any(|key| key.kid() == Some(kid)))
    }
}

/// Milliseconds between two times. A clock that was set back must not stop the fetches until it is there again.
fn apart(one: Timestamp, other: Timestamp) -> u64 {
    one.0.abs_diff(other.0)
}

impl From<Stored> for JwksCache {
    fn from(stored: Stored) -> Self {
        let good = stored.fetched.zip(stored.document).and_then(|(fetched, document)| {
            let keys = super::keys(&document).ok()?;
            Some(Good { fetched, document, keys })
        });
        Self { tried: stored.tried, good }
    }
}

impl From<JwksCache> for Stored {
    fn from(cache: JwksCache) -> Self {
        let (fetched, document) = cache.good.map(|good| (good.fetched, good.document)).unzip();
        Self { tried: cache.tried, fetched, document }
    }
}
