//! What a client needs beside a good token: not too many attempts from its address, a place among the connections of its user
//! and of its address, and a token that was not revoked.
//!
//! Attempts come first, because they cost least. A seat that does not answer refuses: nobody gets in uncounted.

use futures::future::join;
use js_sys::futures::JsFuture;
use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use web_sys::Request;
use worker::Env;

use super::environment::deployment;
use super::headers::header;
use super::objects;
use crate::auth::admission::Place;
use crate::hop::seat::{Attempt, Attempted, Shown, Take, Taken};
use crate::hop::{ATTEMPT, IS_REVOKED, TAKE};
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, PresetName, RoomName, SessionId};
use crate::protocol::time::Timestamp;
use crate::quota::address::Address;
use crate::quota::{name, rate};
use crate::tenant::Tenant;

/// The rate limiting binding, where there is one. Its limit and its period stand in wrangler.toml.
const ATTEMPTS: &str = "ATTEMPTS";

/// Seconds of its period.
const PERIOD_S: u64 = 60;

#[wasm_bindgen(module = "/src/shell/objects.js")]
extern "C" {
    #[wasm_bindgen(js_name = isWithin)]
    fn is_within(limiter: &JsValue, key: &str) -> Promise;
}

/// A client that is not let in, and when it should come back, if that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) retry_s: Option<u64>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, retry_s: None }
    }
}

/// The address of a client, if a header is believed that says it.
pub(super) fn address(request: &Request, env: &Env) -> Option<Address> {
    let deployment = deployment(env).ok()?;
    let value = header(request, deployment.address_header.as_deref()?)?;
    Address::parse(&value)
}

/// Counts an attempt to connect from an address.
pub(super) async fn attempt(
    address: Option<Address>,
    tenant: &Tenant,
    env: &Env,
) -> Result<(), Refused> {
    let (Some(address), Some(limit)) = (address, tenant.limits.attempts_per_minute) else {
        return Ok(());
    };
    let limiter = Reflect::get(env.as_ref(), &JsValue::from_str(ATTEMPTS)).unwrap_or_default();
    let retry_s = if limiter.is_object() {
        let within = is_within(&limiter, &format!("{}/{address}", tenant.name));
        let within = JsFuture::from(within).await.ok().and_then(|within| within.as_bool());
        (!within.ok_or(Refusal::RoomFailed)?).then_some(PERIOD_S)
    } else {
        let seat = name::of_address(&tenant.name, address, None);
        let asked = objects::ask_seat(env, &seat, ATTEMPT, &Attempt { limit }).await;
        let Attempted { retry_ms } = asked.ok_or(Refusal::RoomFailed)?;
        retry_ms.map(rate::retry_after_s)
    };
    match retry_s {
        None => Ok(()),
        Some(_) => Err(Refused { refusal: Refusal::AttemptsExceeded, retry_s }),
    }
}

/// A client that was admitted and wants to join its room.
pub(super) struct Entrant<'e> {
    pub(super) client: &'e ClientId,
    pub(super) room: &'e RoomName,
    pub(super) grant: &'e Grant,
    pub(super) address: Option<Address>,
    pub(super) place: &'e Place<'e>,
    pub(super) preset: Option<&'e PresetName>,
}

impl Entrant<'_> {
    /// Takes a place for its user and one for its address, at the same time. Returns when the first of them was taken; `None` if
    /// nobody counts this client. A place that was taken although the other is missing is free again as soon as
    /// somebody needs it.
    pub(super) async fn take(
        &self,
        tenant: &Tenant,
        env: &Env,
    ) -> Result<Option<Timestamp>, Refusal> {
        let (user, address) = (self.of_user(tenant), self.of_address(tenant));
        let (user, address) = join(ask(user, env), ask(address, env)).await;
        let user = granted(user?, Refusal::UserFull)?;
        let address = granted(address?, Refusal::AddressFull)?;
        Ok(user.into_iter().chain(address).min())
    }

    /// Without a limit the user's seat still remembers the room, for revocations. Without a token there is no user.
    fn of_user(&self, tenant: &Tenant) -> Option<(String, Take)> {
        let limit = tenant.limits.connections_per_user;
        let shown = shown(self.grant, &self.room.session)?;
        let take = Take { shown: Some(shown), ..Take::new(self.client, self.room, limit) };
        Some((name::of_user(&tenant.name, &self.grant.user), take))
    }

    fn of_address(&self, tenant: &Tenant) -> Option<(String, Take)> {
        let own = self.place.connections_per_address;
        let limit = own.or(tenant.limits.connections_per_address)?;
        let preset = self.preset.filter(|_| own.is_some());
        let seat = name::of_address(&tenant.name, self.address?, preset);
        Some((seat, Take::new(self.client, self.room, Some(limit))))
    }
}

async fn ask(seat: Option<(String, Take)>, env: &Env) -> Result<Option<Taken>, Refusal> {
    let Some((seat, take)) = seat else { return Ok(None) };
    let taken = objects::ask_seat(env, &seat, TAKE, &take).await;
    taken.map(Some).ok_or(Refusal::RoomFailed)
}

fn granted(taken: Option<Taken>, full: Refusal) -> Result<Option<Timestamp>, Refusal> {
    match taken {
        None => Ok(None),
        Some(Taken::Granted(at)) => Ok(Some(at)),
        Some(Taken::Full) => Err(full),
        Some(Taken::Revoked) => Err(Refusal::TokenRevoked),
    }
}

/// Refuses a token that was revoked.
pub(super) async fn check(
    grant: &Grant,
    session: &SessionId,
    tenant: &Tenant,
    env: &Env,
) -> Result<(), Refusal> {
    let Some(shown) = shown(grant, session) else { return Ok(()) };
    let seat = name::of_user(&tenant.name, &grant.user);
    match objects::ask_seat(env, &seat, IS_REVOKED, &shown).await {
        Some(false) => Ok(()),
        Some(true) => Err(Refusal::TokenRevoked),
        None => Err(Refusal::RoomFailed),
    }
}

/// The token of a grant, as far as a revocation can be about it. Who has no token has no name.
fn shown(grant: &Grant, session: &SessionId) -> Option<Shown> {
    let (token, issued) = (grant.token.clone(), grant.issued);
    (!grant.user.is_empty()).then(|| Shown { token, issued, session: session.clone() })
}
