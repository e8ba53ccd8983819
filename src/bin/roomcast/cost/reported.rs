//! What a room costs that has said what it did: its report, with the prices of `roomcast cost`.
//!
//! The console's page computes the same in `dashboard/src/console/cost.ts`; both are checked with `tests/vectors/room-cost.json`.
//! `docs/cost.md` says which reading is used where the report leaves something open.

use roomcast::deployment::failure::Failure;
use roomcast::metering::usage::{exact, Usage};
use roomcast::protocol::report::Deeds;

use super::prices;

const HOUR_MS: f64 = 3_600_000.0;

/// What a room costs, in the currency of the prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spent {
    /// `None` if no time has passed.
    pub(crate) per_hour: Option<f64>,
    /// `None` if there were no events.
    pub(crate) per_million_events: Option<f64>,
}

/// What a room with so many members costs that did this in so many milliseconds.
///
/// # Errors
/// The price list that is built in cannot be read.
pub(crate) fn spent(did: &Deeds, members: usize, ms: u64) -> Result<Spent, Failure> {
    let member_ms = exact(members as u64) * exact(ms);
    let total = Usage::of(did, member_ms).price(&prices::load(None)?);
    let rate = |amount: f64, per: f64| (amount > 0.0).then(|| total / amount * per);
    let (per_hour, events) = (rate(exact(ms), HOUR_MS), exact(did.events));
    Ok(Spent { per_hour, per_million_events: rate(events, 1e6) })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        ms: u64,
        members: usize,
        did: Deeds,
        cost: Cost,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cost {
        per_hour: Option<f64>,
        per_million_events: Option<f64>,
    }

    fn close(amount: Option<f64>, wanted: Option<f64>) -> bool {
        match (amount, wanted) {
            (Some(amount), Some(wanted)) => (amount - wanted).abs() < 1e-9,
            (amount, wanted) => amount == wanted,
        }
    }

    #[test]
    fn a_room_costs_what_the_vectors_say() {
        let text = include_str!("../../../../tests/vectors/room-cost.json");
        let cases: Vec<Case> = serde_json::from_str(text).unwrap();
        for Case { name, ms, members, did, cost } in &cases {
            let spent = spent(did, *members, *ms).unwrap();
            assert!(close(spent.per_hour, cost.per_hour), "{name}: {spent:?}");
            let events = cost.per_million_events;
            assert!(close(spent.per_million_events, events), "{name}: {spent:?}");
        }
        assert!(cases.len() >= 6);
    }
}
