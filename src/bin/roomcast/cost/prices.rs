//! A price list: what the platform charges for each unit, as data with a date and a source.
//!
//! Prices change without a release of Roomcast, so another list can be given. Nothing is computed
//! here.

use std::fs;
use std::path::Path;

use roomcast::deployment::failure::Failure;
use serde::Deserialize;

const BUILT_IN: &str = include_str!("prices.json");

/// A price list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Prices {
    /// The day on which the source listed these prices.
    pub(crate) as_of: String,
    pub(crate) currency: String,
    pub(crate) plan: String,
    /// The pages that it was taken from.
    pub(crate) source: Vec<String>,
    /// The price of the plan, whatever is used.
    pub(crate) monthly_base: f64,
    pub(crate) workers_request: Rate,
    pub(crate) workers_cpu_ms: Rate,
    pub(crate) object_request: ObjectRequest,
    pub(crate) object_gb_second: ObjectGbSecond,
    pub(crate) row_read: Rate,
    pub(crate) row_written: Rate,
    pub(crate) stored_gb_month: Each,
}

/// A price per million units.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rate {
    pub(crate) per_million: f64,
    /// How much of it the plan includes.
    pub(crate) included: f64,
}

/// Requests to objects, and how many messages of clients count as one.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectRequest {
    #[serde(flatten)]
    pub(crate) rate: Rate,
    pub(crate) incoming_messages_per_request: f64,
}

/// Time that an object is awake, and the fixed amount of memory that is charged for it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectGbSecond {
    #[serde(flatten)]
    pub(crate) rate: Rate,
    pub(crate) gb_per_object: f64,
}

/// A price per unit.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Each {
    pub(crate) each: f64,
    /// How much of it the plan includes.
    pub(crate) included: f64,
}

impl Prices {
    /// The list in `file`, or the one that is built in.
    ///
    /// # Errors
    /// A file that cannot be read or is not a price list.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else {
            return parse(BUILT_IN, "the built-in price list");
        };
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::Input(format!("{name} cannot be read: {error}")))?;
        parse(&text, &name)
    }
}

fn parse(text: &str, name: &str) -> Result<Prices, Failure> {
    let wrong = |what: String| Failure::Input(format!("{name} is not a price list: {what}"));
    let prices: Prices = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if prices.object_request.incoming_messages_per_request < 1.0 {
        return Err(wrong("incomingMessagesPerRequest must be 1 or more".to_owned()));
    }
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use roomcast::protocol::time::Timestamp;

    use super::*;

    #[test]
    fn the_built_in_list_is_complete_and_has_a_date_and_sources() {
        let prices = Prices::load(None).unwrap();
        assert!(
            Timestamp::from_rfc3339(&format!("{}T00:00:00Z", prices.as_of)).is_some(),
            "{}",
            prices.as_of
        );
        assert!(prices.source.iter().all(|page| page.starts_with("https://")));
        let message = prices.object_request.rate.per_million
            / prices.object_request.incoming_messages_per_request;
        assert!((message - 0.0075).abs() < 1e-9 && !prices.source.is_empty());
    }

    #[test]
    fn a_list_that_lacks_a_price_is_refused_by_name() {
        let text = BUILT_IN.replace("rowWritten", "rowsWritten");
        let failure = parse(&text, "mine.json").unwrap_err().to_string();
        assert!(failure.contains("mine.json") && failure.contains("rowWritten"), "{failure}");
        let text = BUILT_IN
            .replace(r#""incomingMessagesPerRequest": 20"#, r#""incomingMessagesPerRequest": 0"#);
        assert!(parse(&text, "mine.json").is_err());
    }

    #[test]
    fn a_price_list_that_is_given_must_exist() {
        let failure = Prices::load(Some(Path::new("no/such/prices.json"))).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
    }
}
