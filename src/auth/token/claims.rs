//! The claims of a token whose signature holds, and the grant that they make.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::names::ClaimName;
use super::TokenPolicy;
use crate::limits::{TOKEN_ID_CHARS, TOKEN_LEEWAY_S, TOPICS_BYTES, USER_CHARS};
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::json;
use crate::protocol::pattern::Pattern;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::{Permissions, Topics};

/// The largest whole number of seconds that every reader of JSON counts exactly.
const LATEST: f64 = 9_007_199_254_740_991.0;

/// The claims, none of which is there twice (RFC 7519, section 4).
pub(super) struct Claims(Map<String, Value>);

/// A claim that is there, and is not what it has to be.
struct Malformed;

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Self::TokenInvalid
    }
}

impl Claims {
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        json::read(payload).ok()
    }

    pub(super) fn grant(&self, policy: &TokenPolicy, now: Timestamp) -> Result<Grant, Refusal> {
        self.check_parties(policy)?;
        let user = name(policy.claims.user.find(&self.0), USER_CHARS)?;
        let token = name(self.0.get("jti"), TOKEN_ID_CHARS)?;
        let sessions = self.list(&policy.claims.sessions)?;
        let topics = self.list(&policy.claims.topics)?;
        let topics = topics.map(|topics| Topics::parse(topics.iter().map(String::as_str)));
        let topics = topics.transpose().map_err(|_| Refusal::TokenInvalid)?.unwrap_or_default();
        let permissions = self.list(&policy.claims.permissions)?.unwrap_or_default();
        let permissions = Permissions::from(permissions);
        if permissions.bytes() > TOPICS_BYTES {
            return Err(Refusal::TokenInvalid);
        }
        let (expires, issued) = self.check_times(policy.longest_s, now)?;
        let sessions = sessions.map(|all| all.into_iter().map(Pattern).collect());
        let grant = Grant::new(user.ok_or(Refusal::TokenInvalid)?, expires);
        Ok(Grant { token, issued, sessions, topics, permissions, ..grant })
    }

    fn check_parties(&self, policy: &TokenPolicy) -> Result<(), Refusal> {
        let issuer = text(self.0.get("iss"))?;
        let audience = self.0.get("aud").map(audience).transpose()?;
        let by_issuer = policy.issuer.is_none() || policy.issuer.as_deref() == issuer;
        // A token that names an audience is only for that audience, so a server without a configured audience
        // refuses it (RFC 7519, section 4.1.3).
        let meant = match (&policy.audience, audience) {
            (None, None) => true,
            (Some(wanted), Some(named)) => named.contains(wanted),
            _ => false,
        };
        if by_issuer && meant {
            Ok(())
        } else {
            Err(Refusal::TokenInvalid)
        }
    }

    /// When the grant ends, and when the token was issued. What is malformed or lasts too long is found before what is
    /// expired, because a new token does not help against it.
    fn check_times(
        &self,
        longest_s: i64,
        now: Timestamp,
    ) -> Result<(Timestamp, Option<Timestamp>), Refusal> {
        let expires = self.seconds("exp")?.ok_or(Refusal::TokenInvalid)?;
        let begins = [self.seconds("nbf")?, self.seconds("iat")?];
        let now = now.seconds();
        if expires.saturating_sub(now) > longest_s.saturating_add(TOKEN_LEEWAY_S) {
            return Err(Refusal::TokenInvalid);
        }
        let early = begins.iter().flatten().any(|at| at.saturating_sub(TOKEN_LEEWAY_S) > now);
        if early || expires.saturating_add(TOKEN_LEEWAY_S) <= now {
            return Err(Refusal::TokenExpired);
        }
        let [_, issued] = begins;
        Ok((timestamp(expires.saturating_add(TOKEN_LEEWAY_S)), issued.map(timestamp)))
    }

    fn list(&self, name: &ClaimName) -> Result<Option<Vec<String>>, Malformed> {
        name.find(&self.0).map(texts).transpose()
    }

    /// A time in seconds since 1970. It may have a fraction (RFC 7519, section 2), which does not count.
    fn seconds(&self, name: &str) -> Result<Option<i64>, Malformed> {
        let Some(claim) = self.0.get(name) else { return Ok(None) };
        let seconds = claim.as_f64().ok_or(Malformed)?;
        if seconds.abs() > LATEST {
            return Err(Malformed);
        }
        #[allow(clippy::cast_possible_truncation, reason = "it is in the range that is exact")]
        Ok(Some(seconds.floor() as i64))
    }
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp(u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000))
}

fn text(claim: Option<&Value>) -> Result<Option<&str>, Malformed> {
    claim.map(|claim| claim.as_str().ok_or(Malformed)).transpose()
}

/// A text of 1 to `most` characters.
fn name(claim: Option<&Value>, most: usize) -> Result<Option<String>, Malformed> {
    let text = text(claim)?;
    let fits = text.is_none_or(|text| (1..=most).contains(&text.chars().count()));
    fits.then(|| text.map(str::to_owned)).ok_or(Malformed)
}

fn texts(claim: &Value) -> Result<Vec<String>, Malformed> {
    Vec::deserialize(claim).map_err(|_| Malformed)
}

/// One audience or several.
fn audience(claim: &Value) -> Result<Vec<String>, Malformed> {
    match claim {
        Value::String(one) => Ok(vec![one.clone()]),
        several => texts(several),
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Once).map(Self)
    }
}

/// Takes each member once. `serde_json` itself lets the last one win, and other readers the first.
struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with each member once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut claims = Map::new();
        while let Some((name, value)) = members.next_entry()? {
            if claims.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(claims)
    }
}
