//! What a client needs beside a good token: not too many attempts from its address, a place among the connections of its user
//! and of its address, and a token that was not revoked.
//!
//! Attempts are counted first, because that costs least; where the seat of the address counts both, in one question. A seat
//! that does not answer refuses: nobody gets in uncounted.

use std::cell::RefCell;

use futures::future::join;
use js_sys::futures::JsFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use web_sys::Request;
use worker::Env;

use super::environment::{binding, deployment, now};
use super::headers::header;
use super::objects;
use crate::auth::admission::Place;
use crate::hop::engine::CountedAddress;
use crate::hop::seat::{Attempt, Attempted, Shown, Take, Taken};
use crate::hop::{ATTEMPT, IS_REVOKED, TAKE};
use crate::limits::CONSOLE_ATTEMPTS;
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, PresetName, RoomName, SessionId, TenantName};
use crate::protocol::lease::{Leased, Subject};
use crate::quota::address::Address;
use crate::quota::verdicts::Verdicts;
use crate::quota::{name, rate};
use crate::tenant::Tenant;

/// The rate limiting binding, where there is one. Its limit and its period stand in wrangler.toml.
const ATTEMPTS: &str = "ATTEMPTS";

/// Seconds of its period.
const PERIOD_S: u64 = 60;

thread_local! {
    static VERDICTS: RefCell<Verdicts> = RefCell::default();
}

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
    let seat = name::of_address(&tenant.name, address, None);
    count_attempt(&format!("{}/{address}", tenant.name), (&seat, limit), env).await
}

/// Counts an attempt to open the operator's console.
pub(super) async fn attempt_console(address: Option<Address>, env: &Env) -> Result<(), Refused> {
    let Some(address) = address else { return Ok(()) };
    let seat = name::of_console(address);
    count_attempt(&seat, (&seat, CONSOLE_ATTEMPTS), env).await
}

/// Counts an attempt: by the binding, under this key, or else by a seat with this limit.
async fn count_attempt(key: &str, (seat, limit): (&str, u32), env: &Env) -> Result<(), Refused> {
    let retry_s = if let Some(limiter) = limiter(env) {
        let within = is_within(&limiter, key);
        let within = JsFuture::from(within).await.ok().and_then(|within| within.as_bool());
        (!within.ok_or(Refusal::RoomFailed)?).then_some(PERIOD_S)
    } else {
        let asked = objects::ask_seat(env, seat, ATTEMPT, &Attempt { limit }).await;
        let Attempted { retry_ms } = asked.ok_or(Refusal::RoomFailed)?;
        retry_ms.map(rate::retry_after_s)
    };
    match retry_s {
        None => Ok(()),
        Some(_) => Err(Refused { refusal: Refusal::AttemptsExceeded, retry_s }),
    }
}

fn limiter(env: &Env) -> Option<JsValue> {
    binding(env, ATTEMPTS)
}

/// Whether the seat that counts the connections of the client's address counts its attempts too, so that one question is
/// enough.
pub(super) fn is_one_question(place: &Place<'_>, tenant: &Tenant, env: &Env) -> bool {
    let by_tenant = tenant.limits.connections_per_address.is_some();
    by_tenant && place.connections_per_address.is_none() && limiter(env).is_none()
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

impl<'e> Entrant<'e> {
    /// The same client at another object of its room.
    pub(super) fn at<'o>(&self, object: &'o RoomName) -> Entrant<'o>
    where
        'e: 'o,
    {
        Entrant { room: object, ..*self }
    }

    /// Takes a place for its user and one for its address, at the same time. Returns the leases. A place that was taken although
    /// the other is missing is free again as soon as somebody needs it.
    ///
    /// A lease counts from the question on, as nobody here knows when it was given. A room is asked only about connections that are
    /// counted.
    pub(super) async fn take(
        &self,
        tenant: &Tenant,
        env: &Env,
    ) -> Result<Vec<(Subject, Leased)>, Refused> {
        let limit = tenant.limits.connections_per_user;
        let user = of_user((self.client, self.room), self.grant, limit);
        let asked = now();
        let leases = take_both(&tenant.name, (user, self.of_address(tenant, env)), env).await?;
        let shown = |(subject, leased): (Subject, Leased)| match subject {
            Subject::User(_) if limit.is_none() => (subject, leased),
            _ => (subject, leased.shown(asked, now())),
        };
        Ok(leases.into_iter().map(shown).collect())
    }

    fn of_address(&self, tenant: &Tenant, env: &Env) -> Question {
        let CountedAddress { seat, subject, limit } =
            counted(self.address?, (self.place, self.preset), tenant)?;
        let (limit, attempts) = (Some(limit), tenant.limits.attempts_per_minute);
        let attempts = attempts.filter(|_| is_one_question(self.place, tenant, env));
        let subject = Subject::Address(subject);
        Some((seat, Take { limit, attempts, ..Take::new(self.client, self.room, subject) }))
    }
}

/// The seat of a client's user, and what it is asked for. Without a limit it still remembers the room, for revocations. Without a
/// token there is no user.
pub(super) fn of_user(
    (client, room): (&ClientId, &RoomName),
    grant: &Grant,
    limit: Option<u32>,
) -> Question {
    let shown = Some(shown(grant, &room.session)?);
    let subject = Subject::User(grant.user.clone());
    let take = Take { limit, shown, ..Take::new(client, room, subject) };
    Some((name::of_user(&room.tenant, &grant.user), take))
}

/// Who counts the connections of an address at a place, if somebody does.
pub(super) fn counted(
    address: Address,
    (place, preset): (&Place<'_>, Option<&PresetName>),
    tenant: &Tenant,
) -> Option<CountedAddress> {
    let own = place.connections_per_address;
    let limit = own.or(tenant.limits.connections_per_address)?;
    let preset = preset.filter(|_| own.is_some());
    let seat = name::of_address(&tenant.name, address, preset);
    let subject = name::of_address_within(address, preset);
    Some(CountedAddress { seat, subject, limit })
}

/// A seat, and what it is asked for.
pub(super) type Question = Option<(String, Take)>;

/// Takes a place for a user and one for an address, at the same time. Returns the leases.
pub(super) async fn take_both(
    tenant: &TenantName,
    (user, address): (Question, Question),
    env: &Env,
) -> Result<Vec<(Subject, Leased)>, Refused> {
    let (user, address) = join(ask(tenant, user, env), ask(tenant, address, env)).await;
    let (user, address) =
        (granted(user?, Refusal::UserFull), granted(address?, Refusal::AddressFull));
    Ok(address?.into_iter().chain(user?).collect())
}

type Asked = Option<(Subject, Taken)>;

/// Asks a seat; or remembers what it has just answered, if it does not count.
async fn ask(tenant: &TenantName, seat: Question, env: &Env) -> Result<Asked, Refusal> {
    let Some((seat, take)) = seat else { return Ok(None) };
    let asked = now();
    let uncounted = take.limit.is_none().then(|| question(&seat, &take));
    let known =
        |question: &String| VERDICTS.with_borrow(|known| known.get(tenant, question, asked));
    if let Some(leased) = uncounted.as_ref().and_then(known) {
        return Ok(Some((take.subject, Taken::Granted(leased))));
    }
    let taken = objects::ask_seat(env, &seat, TAKE, &take).await.ok_or(Refusal::RoomFailed)?;
    if let (Taken::Granted(leased), Some(question)) = (taken, uncounted) {
        VERDICTS.with_borrow_mut(|known| known.put(tenant, question, (leased, asked), now()));
    }
    Ok(Some((take.subject, taken)))
}

/// What a seat that does not count is asked: whether this token may go into this room.
fn question(seat: &str, take: &Take) -> String {
    format!("{seat} {} {:?}", take.room, take.shown)
}

fn granted(asked: Asked, full: Refusal) -> Result<Option<(Subject, Leased)>, Refused> {
    let Some((subject, taken)) = asked else { return Ok(None) };
    match taken {
        Taken::Granted(leased) => Ok(Some((subject, leased))),
        Taken::Full => Err(full.into()),
        Taken::Revoked => Err(Refusal::TokenRevoked.into()),
        Taken::TooMany(ms) => {
            let retry_s = Some(rate::retry_after_s(ms));
            Err(Refused { refusal: Refusal::AttemptsExceeded, retry_s })
        }
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
