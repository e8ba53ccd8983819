//! The Durable Object that counts for one user or one address of a tenant: connections, attempts, revoked tokens; and the one
//! that hands out what a tenant may post in a second.
//!
//! What is counted is decided in [`crate::quota`]; [`super::seat_host`] waits for rooms. Attempts and events are counted in
//! memory only. An object that is out of memory has forgotten them, so one that could be made to forget too soon stays
//! in memory: see [`Seat::attempt`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::Serialize;
use worker::{durable_object, Delay, DurableObject, Env, Request, Response, Result, State};

use super::environment::now;
use super::headers::header;
use super::seat_host::SeatHost;
use crate::hop::seat::{self, Attempt, Attempted, Borrow, Lent, Take, Taken, HEADER};
use crate::hop::{ATTEMPT, BORROW, IS_REVOKED, REVOKE_USER, TAKE};
use crate::limits::EVICTED_AFTER_MS;
use crate::quota::rate::Window;
use crate::quota::slices::Lender;

/// Milliseconds in which attempts are counted.
const MINUTE_MS: u64 = 60_000;

/// The Durable Object of a user, of an address, or of a tenant's events: see [`crate::quota::name`].
#[durable_object]
pub struct Seat {
    host: Rc<SeatHost>,
    attempts: RefCell<Window>,
    /// Whether the object is kept in memory because of its attempts.
    kept: Rc<Cell<bool>>,
    events: RefCell<Lender>,
}

impl DurableObject for Seat {
    fn new(state: State, env: Env) -> Self {
        let attempts = RefCell::new(Window::new(MINUTE_MS));
        let host = Rc::new(SeatHost::new(state, env));
        Self { host, attempts, kept: Rc::default(), events: RefCell::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let question = header(request.inner(), HEADER).unwrap_or_default();
        match request.path().as_str() {
            TAKE => answer(&self.take(read(&question)?).await?),
            IS_REVOKED => answer(&self.host.is_revoked(&read(&question)?)?),
            REVOKE_USER => answer(&self.host.revoke(read(&question)?).await?),
            ATTEMPT => {
                let Attempt { limit } = read(&question)?;
                answer(&Attempted { retry_ms: self.attempt(limit) })
            }
            BORROW => answer(&self.lend(&read(&question)?)),
            _ => Response::error("not found", 404),
        }
    }

    /// If this fails, the runtime repeats the alarm.
    async fn alarm(&self) -> Result<Response> {
        self.host.wake().await?;
        Response::empty()
    }
}

fn read<Q: DeserializeOwned>(question: &str) -> Result<Q> {
    seat::decode(question).ok_or_else(|| "a question that cannot be read".into())
}

fn answer(answer: &impl Serialize) -> Result<Response> {
    let mut response = Response::empty()?;
    response.headers_mut().set(HEADER, &serde_json::to_string(answer)?)?;
    Ok(response)
}

impl Seat {
    /// Counts an attempt that is not counted yet, and gives the client a place.
    async fn take(&self, take: Take) -> Result<Taken> {
        let too_many = take.attempts.and_then(|limit| self.attempt(limit));
        match too_many {
            Some(retry_ms) => Ok(Taken::TooMany(retry_ms)),
            None => self.host.take(take).await,
        }
    }

    /// Counts an attempt to connect. If it is one too many, returns after how many milliseconds there may be another.
    ///
    /// The platform evicts an object that nobody calls for [`EVICTED_AFTER_MS`]. Who pauses for so long after each batch of
    /// attempts must not gain by it. So as soon as there are more than a minute allows for such a pause, the object stays in
    /// memory until they have ended to count.
    fn attempt(&self, limit: u32) -> Option<u64> {
        let limit = u64::from(limit);
        let mut attempts = self.attempts.borrow_mut();
        let retry_ms = attempts.take(1, limit, now()).err().map(|too_much| too_much.retry_ms);
        let many =
            attempts.taken().saturating_mul(MINUTE_MS) > limit.saturating_mul(EVICTED_AFTER_MS);
        if many && !self.kept.replace(true) {
            let kept = self.kept.clone();
            self.host.state().wait_until(async move {
                Delay::from(Duration::from_millis(MINUTE_MS)).await;
                kept.set(false);
            });
        }
        retry_ms
    }

    fn lend(&self, borrow: &Borrow) -> Lent {
        let (now, limit) = (now(), u64::from(borrow.limit));
        let mut events = self.events.borrow_mut();
        match events.lend(&borrow.wish, limit, now) {
            Ok(loan) => Lent::Lent(loan),
            Err(too_much) => {
                Lent::Refused { retry_ms: too_much.retry_ms, dry_ms: events.dry_ms(limit, now) }
            }
        }
    }
}
