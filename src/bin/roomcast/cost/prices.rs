//! Where `roomcast cost` has its price list from: a file, or what is built in.

use std::fs;
use std::path::Path;

use roomcast::deployment::failure::Failure;
use roomcast::metering::prices::Prices;

/// The list in `file`, or the one that is built in.
///
/// # Errors
/// A file that cannot be read or is not a price list.
pub(crate) fn load(file: Option<&Path>) -> Result<Prices, Failure> {
    let Some(path) = file else {
        return parsed(Prices::built_in(), "the built-in price list");
    };
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Input(format!("{name} cannot be read: {error}")))?;
    parsed(Prices::parse(&text), &name)
}

fn parsed(prices: Result<Prices, String>, name: &str) -> Result<Prices, Failure> {
    prices.map_err(|what| Failure::Input(format!("{name} is not a price list: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_list_is_said_with_its_name() {
        let failure = parsed(Prices::parse("{}"), "mine.json").unwrap_err().to_string();
        assert!(failure.contains("mine.json") && failure.contains("is missing"), "{failure}");
    }

    #[test]
    fn a_price_list_that_is_given_must_exist() {
        let failure = load(Some(Path::new("no/such/prices.json"))).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
    }
}
