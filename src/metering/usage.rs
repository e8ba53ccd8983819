//! How much is used of each thing that the platform charges for, and what that costs.
//!
//! Where Cloudflare or a report leaves something open, the more expensive reading is used: see `docs/cost.md`. The console's page computes
//! the same in `dashboard/src/console/cost.ts`; both are checked with `tests/vectors/room-cost.json`.

use std::ops::{Add, Mul};

use super::prices::{Prices, Rate};
use crate::protocol::report::{Deeds, Turns};

/// Milliseconds between two pings of a client, as `docs/protocol.md` asks for.
pub const PING_EVERY_MS: f64 = 30_000.0;

/// Milliseconds that a room is awake to let a client in, or to sweep its members; and that a seat is to count a connection.
pub const MOMENT_MS: f64 = 5.0;

/// Milliseconds of CPU in the front Worker, for a post, an upgrade or a read.
const CPU_MS: f64 = 1.0;

/// Objects that are called for an upgrade or a read: the room, and the seat of the user.
const CALLED: f64 = 2.0;

const MILLION: f64 = 1e6;

/// How much is used of each thing that the platform charges for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Requests to the front Worker.
    pub worker_requests: f64,
    /// Its CPU time.
    pub cpu_ms: f64,
    /// Requests to objects, alarms included.
    pub object_requests: f64,
    /// Messages from clients to objects.
    pub messages: f64,
    /// Time that objects are awake.
    pub awake_ms: f64,
    /// Rows that are read.
    pub rows_read: f64,
    /// Rows that are written.
    pub rows_written: f64,
    /// Gigabytes kept for the month.
    pub stored_gb: f64,
}

impl Usage {
    /// That of rooms that did this, and whose members were there for so many milliseconds together.
    pub fn of(did: &Deeds, member_ms: f64) -> Self {
        let Turns { published, joined, left, said, waited, read, told, alarm } = did.turns;
        let asked = exact(published + joined + read);
        let turns = exact(published + joined + left + said + waited + read + told + alarm);
        Self {
            worker_requests: asked,
            cpu_ms: asked * CPU_MS,
            object_requests: exact(published + told + alarm) + CALLED * exact(joined + read),
            // The runtime answers pings without the room.
            messages: exact(said) + member_ms / PING_EVERY_MS,
            awake_ms: exact(did.kept_ms) + turns * MOMENT_MS,
            // Writing a row also reads the row that it replaces.
            rows_read: exact(did.rows_read + did.rows_written),
            rows_written: exact(did.rows_written),
            stored_gb: 0.0,
        }
    }

    /// That of requests that a front Worker refused.
    pub fn refused(requests: u64) -> Self {
        let requests = exact(requests);
        Self { worker_requests: requests, cpu_ms: requests * CPU_MS, ..Self::default() }
    }

    /// That of an object that was asked so often, and wrote so many rows.
    pub fn asked(requests: u64, rows_written: u64) -> Self {
        let (requests, rows) = (exact(requests), exact(rows_written));
        Self {
            object_requests: requests,
            awake_ms: requests * MOMENT_MS,
            rows_read: rows,
            rows_written: rows,
            ..Self::default()
        }
    }

    /// Requests to objects as they are billed: with messages, several of which are one.
    pub fn billed_requests(&self, prices: &Prices) -> f64 {
        self.object_requests + self.messages / prices.object_request.incoming_messages_per_request
    }

    /// What each thing that is charged for is called, how much of it is used, and its price.
    pub fn amounts(&self, prices: &Prices) -> [(&'static str, f64, Rate); 7] {
        let time = &prices.object_gb_second;
        let gb_seconds = self.awake_ms / 1_000.0 * time.gb_per_object;
        // The price of one unit becomes a price per million units, so that it fits into a `Rate`.
        let stored = prices.stored_gb_month;
        let stored = Rate { per_million: stored.each * MILLION, included: stored.included };
        [
            ("Worker requests", self.worker_requests, prices.workers_request),
            ("Worker CPU, ms", self.cpu_ms, prices.workers_cpu_ms),
            ("object requests", self.billed_requests(prices), prices.object_request.rate),
            ("object time, GB-s", gb_seconds, time.rate),
            ("rows written", self.rows_written, prices.row_written),
            ("rows read", self.rows_read, prices.row_read),
            ("stored, GB-months", self.stored_gb, stored),
        ]
    }

    /// What it costs, in the currency of the prices, without what the plan includes.
    pub fn price(&self, prices: &Prices) -> f64 {
        let amounts = self.amounts(prices).into_iter();
        amounts.map(|(_, amount, rate)| amount * rate.per_million / MILLION).sum()
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            worker_requests: self.worker_requests + other.worker_requests,
            cpu_ms: self.cpu_ms + other.cpu_ms,
            object_requests: self.object_requests + other.object_requests,
            messages: self.messages + other.messages,
            awake_ms: self.awake_ms + other.awake_ms,
            rows_read: self.rows_read + other.rows_read,
            rows_written: self.rows_written + other.rows_written,
            stored_gb: self.stored_gb + other.stored_gb,
        }
    }
}

impl Mul<f64> for Usage {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            worker_requests: self.worker_requests * times,
            cpu_ms: self.cpu_ms * times,
            object_requests: self.object_requests * times,
            messages: self.messages * times,
            awake_ms: self.awake_ms * times,
            rows_read: self.rows_read * times,
            rows_written: self.rows_written * times,
            stored_gb: self.stored_gb * times,
        }
    }
}

/// An amount as a number with fractions.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 of anything here")]
pub const fn exact(amount: u64) -> f64 {
    amount as f64
}
