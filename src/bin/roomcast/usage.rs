//! `roomcast usage`: what a tenant has used, by day, and what that costs, over the admin API.
//!
//! Asks the tenant's object and wakes no room. Computes nothing: `src/metering/` of the deployment has.

use std::fmt::Write as _;

use clap::Args;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use roomcast::limits::{USAGE_MONTH, USAGE_PAGE};
use roomcast::metering::ledger::Level;
use roomcast::metering::statement::{BudgetUsage, DayUsage, TenantUsage};
use roomcast::protocol::ids::TenantName;
use serde_json::to_value;

use crate::tenant::admin::Admin;

/// Whose usage, and of how many days.
#[derive(Debug, Args)]
pub(crate) struct UsageOptions {
    /// The tenant
    #[arg(value_name = "TENANT")]
    tenant: TenantName,
    /// How many days before today
    #[arg(long, value_name = "N", default_value_t = USAGE_MONTH,
        value_parser = clap::value_parser!(u64).range(0..=USAGE_PAGE))]
    days: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints what the tenant has used.
///
/// # Errors
/// The server refuses or meters nothing, or there is no such tenant.
pub(crate) async fn run(target: &Target, options: &UsageOptions) -> Result<(), Failure> {
    let usage = Admin::new(target)?.usage(&options.tenant, options.days).await?;
    if options.json {
        println!("{}", to_value(&usage).unwrap_or_default());
    } else {
        print!("{}", shown(&usage));
    }
    Ok(())
}

/// The usage as a table, today first.
fn shown(usage: &TenantUsage) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "{:<12}{:>12}{:>14}{:>12}{:>10}{:>12}{:>14}",
        "day (UTC)", "events", "deliveries", "requests", "awake s", "rows", "dollars"
    );
    let days = std::iter::once(&usage.today).chain(&usage.days);
    text.extend(days.map(line));
    let _ = writeln!(
        text,
        "{:.6} dollars since {}, by the prices of {}, without what a plan includes",
        usage.dollars,
        usage.since.rfc3339(),
        usage.prices_as_of
    );
    text.extend(usage.budget.as_ref().map(|budget| of_budget(budget, &usage.today)));
    text
}

fn line(day: &DayUsage) -> String {
    let requests = day.worker_requests + day.object_requests;
    format!(
        "{:<12}{:>12}{:>14}{:>12.0}{:>10.0}{:>12}{:>14.6}\n",
        day.day,
        day.events,
        day.deliveries,
        requests,
        day.awake_ms / 1_000.0,
        day.rows_written,
        day.dollars
    )
}

fn of_budget(budget: &BudgetUsage, today: &DayUsage) -> String {
    let BudgetUsage { dollars_per_day, level, .. } = budget;
    let share = today.dollars / dollars_per_day * 100.0;
    let level = match level {
        Level::Within => "within it",
        Level::Warned => "warned",
        Level::Exceeded => "over it",
    };
    format!("{share:.1} % of today's budget of {dollars_per_day} dollars: {level}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str, dollars: f64) -> DayUsage {
        DayUsage {
            day: day.to_owned(),
            events: 1_200,
            deliveries: 48_000,
            worker_requests: 900.0,
            object_requests: 1_100.5,
            awake_ms: 61_000.0,
            rows_written: 1_150,
            rows_read: 9_000,
            dollars,
        }
    }

    #[test]
    fn a_day_is_a_line_with_today_first_and_the_budget_last() {
        let usage = TenantUsage {
            tenant: "acme".parse().unwrap(),
            since: roomcast::protocol::time::Timestamp(1_767_693_600_000),
            prices_as_of: "2026-11-21".to_owned(),
            dollars: 0.0051,
            budget: Some(BudgetUsage {
                dollars_per_day: 0.002,
                warn_at: 0.8,
                level: Level::Warned,
            }),
            today: day("2026-01-07", 0.0017),
            days: vec![day("2026-01-06", 0.0034)],
        };
        let wanted = "\
day (UTC)         events    deliveries    requests   awake s        rows       dollars
2026-01-07          1200         48000        2000        61        1150      0.001700
2026-01-06          1200         48000        2000        61        1150      0.003400
0.005100 dollars since 2026-01-06T10:00:00.000Z, by the prices of 2026-11-21, without what a plan includes
85.0 % of today's budget of 0.002 dollars: warned
";
        assert_eq!(shown(&usage), wanted);
    }
}
