//! The meter of a tenant, in its object: takes what rooms and front Workers report, and keeps the ledger.
//!
//! [`crate::metering::ledger`] adds up. The ledger is in memory while the object is, and is written at once after a quiet time, else when
//! the [`Pause`] is over, so that reports that come together share a row. Whoever reports does not wait for that. What the tenant has
//! to be told of its budget is stored in the same turn as the ledger that says so.

use std::cell::{Cell, RefCell, RefMut};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use worker::{Delay, Result};

use super::environment::now;
use super::record::{write, Line};
use super::tenant_do::Tenant;
use super::tenant_store::TenantStore;
use crate::hop::tenant::Answer;
use crate::limits::{DAY_MS, LEDGER_LONGEST_PAUSE_MS, USAGE_DAYS};
use crate::metering::ledger::{Allowance, Entry, Ledger, Level};
use crate::metering::prices::Prices;
use crate::metering::statement::Statement;
use crate::protocol::ids::TenantName;
use crate::protocol::pause::Pause;
use crate::protocol::time::Timestamp;
use crate::tenant::budget::Budget;
use crate::tenant::hooks::{News, Spent, Waiting};

thread_local! {
    /// The price list, if it can be read; a test checks that.
    static PRICES: Option<Rc<Prices>> = Prices::built_in().ok().map(Rc::new);
}

/// What the object of a tenant has in memory of its ledger.
#[derive(Debug)]
pub(super) struct Meter {
    ledger: RefCell<Option<Ledger>>,
    /// The pause after it was written.
    pause: Cell<Pause>,
    /// Whether it will be written at the end of a wait.
    waits: Cell<bool>,
    /// Whether it has changed since it was written.
    changed: Cell<bool>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            ledger: RefCell::default(),
            pause: Cell::new(Pause::new(LEDGER_LONGEST_PAUSE_MS)),
            waits: Cell::default(),
            changed: Cell::default(),
        }
    }
}

impl Meter {
    /// The ledger, which is read if it is not in memory, or begins.
    // Not compiled into each caller.
    #[inline(never)]
    fn ledger(&self, store: &TenantStore) -> Result<RefMut<'_, Ledger>> {
        let known = self.ledger.borrow_mut();
        RefMut::filter_map(known, Option::as_mut).or_else(|mut none| {
            let stored = store.ledger()?.unwrap_or_else(|| Ledger::new(now()));
            *none = Some(stored);
            RefMut::filter_map(none, Option::as_mut).map_err(|_| "a ledger that is gone".into())
        })
    }

    /// Writes the ledger, unless nothing has changed, or the tenant was deleted meanwhile.
    fn write(&self, store: &TenantStore, after_wait: bool) -> Result<()> {
        if !self.changed.replace(false) || store.ending()?.is_some() {
            return Ok(());
        }
        let mut pause = self.pause.get();
        pause.begin(after_wait, now());
        self.pause.set(pause);
        let mut ledger = self.ledger(store)?;
        ledger.writes(1);
        store.put_ledger(&ledger)
    }

    /// The tenant has been deleted. One of the same name begins anew.
    pub(super) fn forget(&self) {
        self.ledger.take();
        self.changed.set(false);
    }

    /// Writes the ledger when it may be written again.
    fn write_later(
        self: &Rc<Self>,
        ms: u64,
        store: &Rc<TenantStore>,
        tenant: TenantName,
    ) -> impl Future<Output = ()> + 'static {
        let (meter, store) = (self.clone(), store.clone());
        async move {
            Delay::from(Duration::from_millis(ms)).await;
            meter.waits.set(false);
            if let Err(error) = meter.write(&store, true) {
                let cause = error.to_string();
                write(&Line::TenantFailed { tenant: tenant.as_str(), cause: &cause });
            }
        }
    }
}

pub(super) fn prices() -> Result<Rc<Prices>> {
    PRICES.with(Clone::clone).ok_or_else(|| "the price list cannot be read".into())
}

impl Tenant {
    /// Takes an entry, and writes the ledger now or soon.
    pub(super) async fn enter(&self, entry: Entry) -> Result<()> {
        if self.entry()?.is_none() {
            return Ok(());
        }
        self.close_day()?;
        self.ledger()?.add(entry, now());
        self.meter.changed.set(true);
        let told = self.tell_budget()?;
        match self.meter.pause.get().left(now()) {
            left if told || left.is_none() => self.meter.write(&self.store, false)?,
            Some(ms) if !self.meter.waits.replace(true) => {
                let tenant = self.name()?;
                self.state.wait_until(self.meter.write_later(ms, &self.store, tenant));
            }
            _ => {}
        }
        // The hook that tells it is stored by now.
        if told {
            self.wake_later().await
        } else {
            Ok(())
        }
    }

    /// If another day has begun, the one before becomes a row.
    fn close_day(&self) -> Result<()> {
        let prices = prices()?;
        let over = self.ledger()?.close_day(&prices, now());
        let Some(over) = over else { return Ok(()) };
        let oldest = Timestamp(now().0.saturating_sub(USAGE_DAYS * DAY_MS));
        self.store.put_day(&over, &oldest.rfc3339())?;
        self.ledger()?.writes(1);
        self.meter.changed.set(true);
        self.meter.write(&self.store, false)
    }

    fn ledger(&self) -> Result<RefMut<'_, Ledger>> {
        self.meter.ledger(&self.store)
    }

    /// If the tenant has reached a level of its budget of which it was not told today: logs it, and stores the hook that tells it. Says
    /// whether it has.
    fn tell_budget(&self) -> Result<bool> {
        let (Some(budget), prices) = (self.budget()?, prices()?) else { return Ok(false) };
        let (level, today) = {
            let mut ledger = self.ledger()?;
            let Some(level) = ledger.tell(allowance(budget), &prices, now()) else {
                return Ok(false);
            };
            (level, ledger.today_usage(&prices))
        };
        let exceeded = level == Level::Exceeded;
        let tenant = self.name()?;
        write(&Line::Budget { tenant: tenant.as_str(), day: &today.day, exceeded });
        if self.hooks()?.is_none() {
            return Ok(true);
        }
        let spent = Spent {
            tenant: tenant.to_string(),
            day: today.day,
            exceeded,
            dollars: today.dollars,
            dollars_per_day: budget.dollars_per_day,
            at: now(),
        };
        self.store.put_hook(&Waiting::new(News::Budget(spent)), now())?;
        Ok(true)
    }

    /// The budget of the tenant, if it has one.
    pub(super) fn budget(&self) -> Result<Option<Budget>> {
        let Some(entry) = self.entry()? else { return Ok(None) };
        Ok(Budget::of(self.open(&entry)?.as_ref()))
    }

    /// Milliseconds from one burst of a room to the next, while the tenant is over its budget and wants that.
    pub(super) fn slowed(&self) -> Result<Option<u32>> {
        // The ledger stands still where nothing is metered.
        if !self.is_metered()? {
            return Ok(None);
        }
        let Some((budget, pace)) = self.budget()?.and_then(|one| Some((one, one.pace_ms?))) else {
            return Ok(None);
        };
        let prices = prices()?;
        let level = self.ledger()?.level(allowance(budget), &prices, now());
        Ok((level == Level::Exceeded).then_some(pace))
    }

    /// What was used, in all, today, and on so many days before, the latest first.
    pub(super) fn usage(&self, days: u64) -> Result<Answer> {
        if self.entry()?.is_none() {
            return Ok(Answer::Unknown);
        }
        self.close_day()?;
        // What is said must not be forgotten: whoever reads counters takes one that goes back for one that began anew.
        self.meter.write(&self.store, false)?;
        let (rooms, days) = (self.store.count_rooms()?, self.store.days(days)?);
        let (allowed, prices) = (self.budget()?.map(allowance), prices()?);
        let statement = Statement::of(&*self.ledger()?, rooms, allowed, (&prices, now()));
        Ok(Answer::Usage { statement: Box::new(statement), days })
    }
}

fn allowance(budget: Budget) -> Allowance {
    Allowance { dollars: budget.dollars_per_day, warn_at: budget.warn_at }
}
