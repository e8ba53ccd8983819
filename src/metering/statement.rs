//! What the ledger of a tenant says to those who ask: in all, by day, and of its budget.

use serde::{Deserialize, Serialize};

use super::ledger::{Account, Allowance, Ledger, Level};
use super::prices::Prices;
use super::usage::Usage;
use crate::protocol::amounts;
use crate::protocol::ids::TenantName;
use crate::protocol::report::Census;
use crate::protocol::time::Timestamp;

/// The statement of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// When its ledger began.
    pub since: Timestamp,
    /// Everything since then.
    pub all: Account,
    /// What that costs, in dollars.
    pub dollars: f64,
    /// Rooms that are stored.
    pub rooms: u64,
    /// Rooms that have members.
    pub occupied: usize,
    /// Their members.
    #[serde(with = "amounts")]
    pub members: Census,
    /// What was used today.
    pub today: DayUsage,
    /// Its budget, if it has one.
    pub budget: Option<BudgetUsage>,
}

impl Statement {
    /// That of a ledger.
    pub fn of(
        ledger: &Ledger,
        rooms: u64,
        allowance: Option<Allowance>,
        (prices, now): (&Prices, Timestamp),
    ) -> Self {
        let (occupied, members) = ledger.crowds.standing(now);
        let budget = allowance.map(|allowance| BudgetUsage {
            dollars_per_day: allowance.dollars,
            warn_at: allowance.warn_at,
            level: ledger.level(allowance, prices, now),
        });
        Self {
            since: ledger.since,
            all: ledger.all.clone(),
            dollars: ledger.all.usage().price(prices),
            rooms,
            occupied,
            members,
            today: ledger.today_usage(prices),
            budget,
        }
    }
}

/// What a tenant used on one day, and what that costs by the prices of that time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DayUsage {
    /// The day, of UTC, such as `2026-01-07`.
    pub day: String,
    /// Events that rooms got, repeats included.
    pub events: u64,
    /// Frames that were sent, once for each receiver. They are not billed.
    pub deliveries: u64,
    /// Requests to the Worker: posts, upgrades, reads, and what was refused.
    pub worker_requests: f64,
    /// Requests to objects, as they are billed: 20 frames of clients are one.
    pub object_requests: f64,
    /// Milliseconds for which objects were awake.
    pub awake_ms: f64,
    /// Rows written.
    pub rows_written: u64,
    /// Rows read.
    pub rows_read: u64,
    /// What that costs in US dollars by list prices, without what a plan includes.
    pub dollars: f64,
}

impl DayUsage {
    /// That of an account.
    pub(super) fn of(day: Timestamp, account: &Account, prices: &Prices) -> Self {
        let usage = account.usage();
        let Usage { worker_requests, awake_ms, .. } = usage;
        let mut text = day.rfc3339();
        text.truncate("2026-01-07".len());
        Self {
            day: text,
            events: account.did.events,
            deliveries: account.did.frames,
            worker_requests,
            object_requests: usage.billed_requests(prices),
            awake_ms,
            rows_written: account.did.rows_written + account.rows,
            rows_read: account.did.rows_read,
            dollars: usage.price(prices),
        }
    }
}

/// How much of its budget a tenant has used today.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BudgetUsage {
    /// Dollars that it may cost in a day.
    pub dollars_per_day: f64,
    /// The share of them at which it is warned.
    pub warn_at: f64,
    /// How far it is.
    pub level: Level,
}

/// What a tenant has used, for its operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TenantUsage {
    /// The tenant.
    pub tenant: TenantName,
    /// When its ledger began.
    pub since: Timestamp,
    /// The day of the price list.
    pub prices_as_of: String,
    /// What everything since then costs in US dollars by list prices, without what a plan includes.
    pub dollars: f64,
    /// Its budget, if it has one.
    pub budget: Option<BudgetUsage>,
    /// What was used today.
    pub today: DayUsage,
    /// What was used on days before, the latest first. A day on which nothing was reported is left out.
    pub days: Vec<DayUsage>,
}
