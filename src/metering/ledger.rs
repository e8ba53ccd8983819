//! The ledger of a tenant: what its rooms have done and what was refused, in all and today, and what that costs.
//!
//! A day is one of UTC. What is reported counts on the day on which the report comes. The ledger is one row of the tenant's object; each
//! day that is over becomes a row of its own. When these are written is decided in `shell/meter.rs`.

use serde::{Deserialize, Serialize};

use super::crowds::Crowds;
use super::prices::Prices;
use super::statement::DayUsage;
use super::usage::{exact, Usage};
use crate::limits::DAY_MS;
use crate::protocol::amounts::{self, Amounts as _};
use crate::protocol::details::{Counts, Details};
use crate::protocol::report::{Census, Deeds};
use crate::protocol::time::Timestamp;

/// What the objects of a tenant and the front Workers tell its meter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A room, or a relay of one, says what it did.
    Report(Box<Metered>),
    /// A front Worker has refused requests: how many, by code.
    Refusals(Counts),
}

/// What a room did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metered {
    /// Its name among the rooms of the tenant, with that of the relay.
    pub object: String,
    /// Its members now.
    #[serde(with = "amounts")]
    pub members: Census,
    /// What it did.
    #[serde(with = "amounts")]
    pub did: Deeds,
    /// The same in more detail.
    #[serde(with = "amounts")]
    pub details: Details,
    /// Connections that it closed, by reason.
    pub closes: Counts,
}

/// What was used in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What rooms did.
    #[serde(with = "amounts")]
    pub did: Deeds,
    /// The same in more detail.
    #[serde(with = "amounts")]
    pub details: Details,
    /// Connections that rooms closed, by reason.
    pub closes: Counts,
    /// Milliseconds for which members were there, all together.
    pub member_ms: u64,
    /// Requests that were refused before they reached a room, by code.
    pub refusals: Counts,
    /// Messages to this meter.
    pub entries: u64,
    /// Rows that the meter wrote.
    pub rows: u64,
}

impl Account {
    fn add(&mut self, other: &Self) {
        let Self { did, details, closes, member_ms, refusals, entries, rows } = other;
        self.did.add(*did);
        self.details.add(*details);
        self.closes.add(closes);
        self.member_ms += member_ms;
        self.refusals.add(refusals);
        self.entries += entries;
        self.rows += rows;
    }

    /// How much that is of what the platform charges for.
    pub fn usage(&self) -> Usage {
        Usage::of(&self.did, exact(self.member_ms))
            + Usage::refused(self.refusals.sum())
            + Usage::asked(self.entries, self.rows)
    }
}

/// How much of its budget a tenant has used today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Less than the share at which it is warned.
    #[default]
    Within,
    /// That share.
    Warned,
    /// All of it.
    Exceeded,
}

/// What a tenant may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// Dollars in a day.
    pub dollars: f64,
    /// The share of them at which the tenant is warned.
    pub warn_at: f64,
}

/// The ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// When it began.
    pub since: Timestamp,
    /// Everything since then.
    pub all: Account,
    /// Which day is today: days since 1970.
    day: u64,
    /// What was used today.
    pub today: Account,
    /// What the tenant was told today of its budget.
    pub told: Level,
    /// The rooms that have members.
    pub crowds: Crowds,
}

impl Ledger {
    /// A ledger that begins.
    pub fn new(now: Timestamp) -> Self {
        let (all, today) = (Account::default(), Account::default());
        let (day, told) = (now.0 / DAY_MS, Level::Within);
        Self { since: now, all, day, today, told, crowds: Crowds::default() }
    }

    /// Takes an entry. Days that are over must have been closed before: [`Ledger::close_day`].
    pub fn add(&mut self, entry: Entry, now: Timestamp) {
        let mut account = Account { entries: 1, ..Account::default() };
        match entry {
            Entry::Report(report) => {
                let Metered { object, members, did, details, closes } = *report;
                account.member_ms = self.crowds.report(&object, members, now);
                account = Account { did, details, closes, ..account };
            }
            Entry::Refusals(refusals) => account.refusals = refusals,
        }
        self.count(&account);
    }

    /// The meter writes so many rows.
    pub fn writes(&mut self, rows: u64) {
        self.count(&Account { rows, ..Account::default() });
    }

    fn count(&mut self, account: &Account) {
        self.all.add(account);
        self.today.add(account);
    }

    /// If another day has begun: begins it, and returns the one before.
    pub fn close_day(&mut self, prices: &Prices, now: Timestamp) -> Option<DayUsage> {
        let day = now.0 / DAY_MS;
        if day <= self.day {
            return None;
        }
        let over = self.today_usage(prices);
        self.crowds.forget_gone(now);
        (self.day, self.today, self.told) = (day, Account::default(), Level::Within);
        Some(over)
    }

    /// What was used today.
    pub fn today_usage(&self, prices: &Prices) -> DayUsage {
        DayUsage::of(Timestamp(self.day * DAY_MS), &self.today, prices)
    }

    /// How much of the allowance is used. A day that is over counts no longer.
    pub fn level(&self, allowance: Allowance, prices: &Prices, now: Timestamp) -> Level {
        if now.0 / DAY_MS > self.day {
            return Level::Within;
        }
        let share = self.today.usage().price(prices) / allowance.dollars;
        if share >= 1.0 {
            Level::Exceeded
        } else if share >= allowance.warn_at {
            Level::Warned
        } else {
            Level::Within
        }
    }

    /// The level, if the tenant was not told of it today; from now on it counts as told.
    pub fn tell(&mut self, allowance: Allowance, prices: &Prices, now: Timestamp) -> Option<Level> {
        let level = self.level(allowance, prices, now);
        (level > self.told).then(|| {
            self.told = level;
            level
        })
    }
}

#[cfg(test)]
mod tests;
