//! A bill as a table for people.
//!
//! Wording only. Scripts read the JSON.

use std::fmt;

use super::bill::{Bill, Item};

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, prices_as_of, currency, monthly_base, marginal, billed, .. } = self;
        writeln!(f, "A month of 30 days, {plan}, prices of {prices_as_of}, {currency}\n")?;
        row(f, ["", "amount", "included", "marginal", "billed"].map(str::to_owned))?;
        self.items.iter().try_for_each(|item| item.fmt(f))?;
        sums(f, "the plan", [None, Some(*monthly_base)])?;
        sums(f, "total", [marginal, billed].map(|sum| Some(sum.total)))?;
        sums(f, "per million events", [marginal, billed].map(|sum| sum.per_million_events))?;
        writeln!(
            f,
            "\nMarginal is the price of the whole amount, billed that of what is not included."
        )?;
        writeln!(f, "The causes of the marginal total:\n")?;
        let costly = self.causes.iter().filter(|cause| cause.marginal > 0.0);
        costly.into_iter().try_for_each(|cause| sums(f, cause.name, [Some(cause.marginal), None]))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, amount, included, marginal, billed } = *self;
        row(f, [name.into(), grouped(amount), grouped(included), money(marginal), money(billed)])
    }
}

fn sums(f: &mut fmt::Formatter<'_>, name: &str, sums: [Option<f64>; 2]) -> fmt::Result {
    let [marginal, billed] = sums.map(|sum| sum.map(money).unwrap_or_default());
    row(f, [name.into(), String::new(), String::new(), marginal, billed])
}

fn row(
    f: &mut fmt::Formatter<'_>,
    [name, amount, included, marginal, billed]: [String; 5],
) -> fmt::Result {
    let line = format!("{name:<20}{amount:>16}{included:>16}{marginal:>13}{billed:>13}");
    writeln!(f, "{}", line.trim_end())
}

/// Four decimals, so that the price of a million of the cheapest units is not rounded to zero.
fn money(amount: f64) -> String {
    format!("{amount:.4}")
}

/// A whole number in groups of three digits.
fn grouped(amount: f64) -> String {
    let digits = format!("{amount:.0}");
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::POSTS;
    use super::*;
    use roomcast::metering::prices::Prices;

    #[test]
    fn numbers_are_grouped() {
        let numbers = [0.0, 999.4, 1_000.0, 25e9].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "25,000,000,000"]);
    }

    #[test]
    fn a_table_shows_both_totals_and_the_date_of_the_prices() {
        let prices = Prices::built_in().unwrap();
        let text = Bill::new(POSTS.events, &POSTS.month(), &prices).to_string();
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        let last = |start: &str| line(start).split_whitespace().rev().take(2).collect::<Vec<_>>();
        assert_eq!(last("total"), ["5.0000", "1.4946"]);
        assert_eq!(last("per million events"), ["5.0000", "1.4946"]);
        assert!(text.contains(&prices.as_of) && line("rows written").contains("1,015,625"));
        assert!(line("posts").ends_with("1.4946"), "{text}");
    }
}
