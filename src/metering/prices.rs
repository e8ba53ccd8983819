//! A price list: what the platform charges for each unit, as data with a date and a source.
//!
//! Prices change without a release of Roomcast, so `roomcast cost` takes another list. Nothing is computed here.

use serde_json::Value;

const BUILT_IN: &str = include_str!("prices.json");

/// A price list.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// The day on which the source listed these prices.
    pub as_of: String,
    /// The currency.
    pub currency: String,
    /// The plan.
    pub plan: String,
    /// The pages that it was taken from.
    pub source: Vec<String>,
    /// The price of the plan, whatever is used.
    pub monthly_base: f64,
    /// Requests to the Worker.
    pub workers_request: Rate,
    /// Milliseconds of its CPU time.
    pub workers_cpu_ms: Rate,
    /// Requests to objects.
    pub object_request: ObjectRequest,
    /// Time that objects are awake.
    pub object_gb_second: ObjectGbSecond,
    /// Rows that are read.
    pub row_read: Rate,
    /// Rows that are written.
    pub row_written: Rate,
    /// Gigabytes kept for a month.
    pub stored_gb_month: Each,
}

/// A price per million units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The price.
    pub per_million: f64,
    /// How much of it the plan includes.
    pub included: f64,
}

/// Requests to objects, and how many messages of clients count as one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ObjectRequest {
    /// The price.
    pub rate: Rate,
    /// Messages of clients that count as one.
    pub incoming_messages_per_request: f64,
}

/// Time that an object is awake, and the fixed amount of memory that is charged for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ObjectGbSecond {
    /// The price.
    pub rate: Rate,
    /// Gigabytes that are charged for each object.
    pub gb_per_object: f64,
}

/// A price per unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Each {
    /// The price.
    pub each: f64,
    /// How much of it the plan includes.
    pub included: f64,
}

impl Prices {
    /// The list that is built in.
    ///
    /// # Errors
    /// It is malformed; a test checks that it is not.
    pub fn built_in() -> Result<Self, String> {
        Self::parse(BUILT_IN)
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let list: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let list = List(&list);
        let object_request = ObjectRequest {
            rate: list.rate("objectRequest")?,
            incoming_messages_per_request: list
                .amount("objectRequest", "incomingMessagesPerRequest")?,
        };
        if object_request.incoming_messages_per_request < 1.0 {
            return Err("incomingMessagesPerRequest must be 1 or more".to_owned());
        }
        let object_gb_second = ObjectGbSecond {
            rate: list.rate("objectGbSecond")?,
            gb_per_object: list.amount("objectGbSecond", "gbPerObject")?,
        };
        Ok(Self {
            as_of: list.text("asOf")?,
            currency: list.text("currency")?,
            plan: list.text("plan")?,
            source: list.texts("source"),
            monthly_base: list.amount("monthlyBase", "")?,
            workers_request: list.rate("workersRequest")?,
            workers_cpu_ms: list.rate("workersCpuMs")?,
            object_request,
            object_gb_second,
            row_read: list.rate("rowRead")?,
            row_written: list.rate("rowWritten")?,
            stored_gb_month: Each {
                each: list.amount("storedGbMonth", "each")?,
                included: list.amount("storedGbMonth", "included")?,
            },
        })
    }
}

/// A list as it is written. Read by hand, because what a derive makes of it would be more code than all else that knows prices.
struct List<'l>(&'l Value);

impl List<'_> {
    fn rate(&self, name: &str) -> Result<Rate, String> {
        let (per_million, included) =
            (self.amount(name, "perMillion")?, self.amount(name, "included")?);
        Ok(Rate { per_million, included })
    }

    fn amount(&self, name: &str, part: &str) -> Result<f64, String> {
        let found =
            self.0
                .get(name)
                .and_then(|one| if part.is_empty() { Some(one) } else { one.get(part) });
        let missing = || format!("{name} {part} is missing, or no number");
        found.and_then(Value::as_f64).ok_or_else(missing)
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let found = self.0.get(name).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| format!("{name} is missing, or no text"))
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let found = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        found.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::time::Timestamp;

    #[test]
    fn the_built_in_list_is_complete_and_has_a_date_and_sources() {
        let prices = Prices::built_in().unwrap();
        let day = Timestamp::from_rfc3339(&format!("{}T00:00:00Z", prices.as_of));
        assert!(day.is_some(), "{}", prices.as_of);
        assert!(prices.source.iter().all(|page| page.starts_with("https://")));
        let message = prices.object_request.rate.per_million
            / prices.object_request.incoming_messages_per_request;
        assert!((message - 0.0075).abs() < 1e-9 && !prices.source.is_empty());
    }

    #[test]
    fn a_list_that_lacks_a_price_is_refused_by_name() {
        let error = Prices::parse(&BUILT_IN.replace("rowWritten", "rowsWritten")).unwrap_err();
        assert!(error.contains("rowWritten"), "{error}");
        let text = BUILT_IN
            .replace(r#""incomingMessagesPerRequest": 20"#, r#""incomingMessagesPerRequest": 0"#);
        assert!(Prices::parse(&text).is_err());
    }
}
