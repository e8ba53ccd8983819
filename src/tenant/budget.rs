//! The budget of a tenant: what a day may cost it, and how its rooms save while that is exceeded.
//!
//! This file only checks what a document says. Nothing here counts dollars, or decides whether a tenant is over its budget.

use serde::Deserialize;
use serde_json::{Number, Value};

use crate::limits::{BUDGET_DOLLARS, BUDGET_PACE_MS, BUDGET_WARN_AT};
use crate::preset::faults::Faults;

/// A budget, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct BudgetForm {
    /// US dollars that a day may cost, by the prices of Cloudflare: more than 0, at most 1,000,000. Beyond it nothing is refused.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "f64", extend("exclusiveMinimum" = 0), range(max = 1_000_000))
    )]
    dollars_per_day: Number,
    /// The share of it from which on the tenant is warned: more than 0, at most 1; by default 0.8.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Option<f64>", extend("exclusiveMinimum" = 0), range(max = 1))
    )]
    warn_at: Option<Number>,
    /// Milliseconds from one burst of a room to the next while the tenant is over its budget: a whole number from 100 to 10,000.
    /// Without it, nothing slows down.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Option<u32>", range(min = 100, max = 10_000))
    )]
    pace_ms: Option<Number>,
}

/// What a day of a tenant may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// US dollars that a day may cost.
    pub dollars_per_day: f64,
    /// The share of them from which on the tenant is warned.
    pub warn_at: f64,
    /// Milliseconds from one burst of a room to the next while the tenant is over its budget, if it wants its rooms to save then.
    pub pace_ms: Option<u32>,
}

impl BudgetForm {
    /// The budget, checked.
    pub fn checked(&self, faults: &mut Faults<'_>) -> Option<Budget> {
        let dollars = up_to(BUDGET_DOLLARS, &self.dollars_per_day);
        let reason = format!("must be a number above 0, at most {BUDGET_DOLLARS}");
        faults.check("dollars_per_day", dollars.is_some(), &reason);
        let warn_at = self.warn_at.as_ref().map_or(Some(BUDGET_WARN_AT), |share| up_to(1.0, share));
        faults.check("warn_at", warn_at.is_some(), "must be a number above 0, at most 1");
        let pace_ms = self.pace_ms.as_ref().map(whole_pace);
        let (least, most) = (BUDGET_PACE_MS.start(), BUDGET_PACE_MS.end());
        let reason = format!("must be a whole number from {least} to {most}");
        faults.check("pace_ms", pace_ms != Some(None), &reason);
        Some(Budget { dollars_per_day: dollars?, warn_at: warn_at?, pace_ms: pace_ms.flatten() })
    }
}

impl Budget {
    /// That of a checked document, if it has one.
    pub fn of(document: &Value) -> Option<Self> {
        let form: BudgetForm = serde_json::from_value(document.get("budget")?.clone()).ok()?;
        form.checked(&mut Faults::new(&mut Vec::new()))
    }
}

fn up_to(most: f64, number: &Number) -> Option<f64> {
    number.as_f64().filter(|number| *number > 0.0 && *number <= most)
}

fn whole_pace(number: &Number) -> Option<u32> {
    let ms = u32::try_from(number.as_u64()?).ok()?;
    BUDGET_PACE_MS.contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn budget(form: Value) -> Result<Budget, Vec<String>> {
        let form: BudgetForm = serde_json::from_value(form).unwrap();
        let mut found = Vec::new();
        let budget = form.checked(&mut Faults::new(&mut found));
        if found.is_empty() {
            return Ok(budget.unwrap());
        }
        Err(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_budget_says_what_a_day_may_cost_and_the_rest_has_defaults() {
        let small = budget(json!({"dollars_per_day": 2.5}));
        assert_eq!(small, Ok(Budget { dollars_per_day: 2.5, warn_at: 0.8, pace_ms: None }));
        let all = json!({"dollars_per_day": 1_000_000, "warn_at": 1, "pace_ms": 100});
        let most = Budget { dollars_per_day: 1_000_000.0, warn_at: 1.0, pace_ms: Some(100) };
        assert_eq!(budget(all), Ok(most));
        let slowest = budget(json!({"dollars_per_day": 1e-9, "pace_ms": 10_000}));
        assert_eq!(slowest.map(|budget| budget.pace_ms), Ok(Some(10_000)));
    }

    #[test]
    fn dollars_and_the_share_of_the_warning_are_above_nothing_and_bounded() {
        for wrong in [json!(0), json!(-1), json!(1_000_000.01), json!(1e300)] {
            let wrong = budget(json!({"dollars_per_day": wrong}));
            let reason = "dollars_per_day: must be a number above 0, at most 1000000";
            assert_eq!(wrong, Err(vec![reason.to_owned()]));
        }
        for wrong in [json!(0), json!(-0.5), json!(1.01), json!(80)] {
            let wrong = budget(json!({"dollars_per_day": 1, "warn_at": wrong}));
            assert_eq!(wrong, Err(vec!["warn_at: must be a number above 0, at most 1".to_owned()]));
        }
    }

    #[test]
    fn a_pace_is_a_whole_number_of_milliseconds_within_bounds() {
        for wrong in [json!(99), json!(10_001), json!(-100), json!(500.5), json!(1e300)] {
            let wrong = budget(json!({"dollars_per_day": 1, "pace_ms": wrong}));
            let reason = "pace_ms: must be a whole number from 100 to 10000";
            assert_eq!(wrong, Err(vec![reason.to_owned()]));
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_budget_is_named() {
        let wrong = json!({"dollars_per_day": 0, "warn_at": 0, "pace_ms": 0});
        assert_eq!(budget(wrong).unwrap_err().len(), 3);
    }
}
