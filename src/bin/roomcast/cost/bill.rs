//! What a month costs: usage times prices, without and with what the plan includes.
//!
//! Arithmetic only: the amounts come from `model`, the wording is in `text`.

use roomcast::metering::prices::{Prices, Rate};
use roomcast::metering::usage::Usage;
use serde::Serialize;

use super::model::Causes;

const MILLION: f64 = 1e6;

/// What a month costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bill {
    /// The date of the price list.
    pub(crate) prices_as_of: String,
    pub(crate) currency: String,
    pub(crate) plan: String,
    /// Events in the month.
    pub(crate) events: f64,
    /// The cost of each thing that is charged for.
    pub(crate) items: Vec<Item>,
    /// The cost of each cause.
    pub(crate) causes: Vec<Cause>,
    /// The cost if the plan included nothing and had no price: what more of the same usage adds.
    pub(crate) marginal: Total,
    /// What is invoiced, if there is nothing else in the account.
    pub(crate) billed: Total,
    /// The part of `billed` that is the price of the plan itself.
    pub(crate) monthly_base: f64,
}

/// One thing that is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) amount: f64,
    /// How much of it the plan includes.
    pub(crate) included: f64,
    /// The price of all of it.
    pub(crate) marginal: f64,
    /// The price of what is not included.
    pub(crate) billed: f64,
}

/// One cause of usage, and what it adds to the marginal total.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Cause {
    pub(crate) name: &'static str,
    pub(crate) marginal: f64,
}

/// A sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Total {
    pub(crate) total: f64,
    /// `None` if there are no events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_million_events: Option<f64>,
}

impl Bill {
    /// The bill for a month with this number of events and the usage of these causes.
    pub(crate) fn new(events: f64, causes: &Causes, prices: &Prices) -> Self {
        let used = causes.iter().fold(Usage::default(), |sum, (_, usage)| sum + *usage);
        let items = items(&used, prices);
        let sum = |part: fn(&Item) -> f64| items.iter().map(part).sum::<f64>();
        let marginal = total(sum(|item| item.marginal), events);
        let billed = total(prices.monthly_base + sum(|item| item.billed), events);
        let causes = causes.iter().map(|(name, usage)| {
            let marginal = usage.price(prices);
            Cause { name, marginal }
        });
        Self {
            prices_as_of: prices.as_of.clone(),
            currency: prices.currency.clone(),
            plan: prices.plan.clone(),
            events,
            causes: causes.collect(),
            items: items.into(),
            marginal,
            billed,
            monthly_base: prices.monthly_base,
        }
    }
}

fn items(used: &Usage, prices: &Prices) -> [Item; 7] {
    used.amounts(prices).map(|(name, amount, rate)| item(name, amount, rate))
}

fn item(name: &'static str, amount: f64, rate: Rate) -> Item {
    let price = |amount: f64| amount * rate.per_million / MILLION;
    let over = (amount - rate.included).max(0.0);
    Item { name, amount, included: rate.included, marginal: price(amount), billed: price(over) }
}

fn total(total: f64, events: f64) -> Total {
    let per_million = total / events * MILLION;
    Total { total, per_million_events: per_million.is_finite().then_some(per_million) }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::POSTS;
    use super::super::model::Case;
    use super::*;

    fn bill(case: &Case) -> Bill {
        Bill::new(case.events, &case.month(), &Prices::built_in().unwrap())
    }

    fn close(amount: f64, dollars: f64) -> bool {
        (amount - dollars).abs() < 1e-9
    }

    #[test]
    fn a_million_lone_events_cost_what_a_calculation_by_hand_says() {
        // 0.30 requests + 0.02 CPU + 0.15 object requests + 5,000 s × 0.128 GB at 12.50 = 0.008
        // + 1.015625 rows written, each of which reads one: 0.001015625.
        let bill = bill(&POSTS);
        assert!(close(bill.marginal.total, 1.494_640_625), "{bill:?}");
        assert!(close(bill.marginal.per_million_events.unwrap(), 1.494_640_625));
        // The plan includes all of it.
        assert!(close(bill.billed.total, 5.0));
    }

    #[test]
    fn only_what_is_not_included_is_billed() {
        let bill = bill(&Case { events: 100e6, ..POSTS });
        // 90 M requests, 70 M ms, 99 M object requests, 64,000 GB-s (included), 51.5625 M rows.
        let dollars = 5.0 + 27.0 + 1.4 + 14.85 + 51.5625;
        assert!(close(bill.billed.total, dollars), "{bill:?}");
    }

    #[test]
    fn twenty_messages_are_charged_as_one_request() {
        let bill = bill(&Case { events: 0.0, clients: 1_000.0, ..POSTS });
        // 86.4 M pings are 4.32 M requests.
        assert!(close(bill.marginal.total, 0.648), "{bill:?}");
        assert_eq!(bill.marginal.per_million_events, None);
    }

    #[test]
    fn the_causes_add_up_to_the_total() {
        let watched = Case {
            new_sessions: 2.0,
            sessions: 3.0,
            clients: 9.0,
            connects: 99.0,
            seats: 2.0,
            stored_gb: 7.0,
            ..POSTS
        };
        let bill = bill(&Case { asleep: 1.0, ..watched });
        let causes: f64 = bill.causes.iter().map(|cause| cause.marginal).sum();
        assert!(close(causes, bill.marginal.total), "{bill:?}");
    }
}
