//! `roomcast cost`: what a deployment's month costs on Cloudflare, computed from its numbers.
//!
//! Nothing is measured and nobody is asked: the case comes from the arguments, the prices from a
//! list with a date. It is an estimate, and never the invoice.

use crate::failure::Failure;

mod bill;
mod model;
mod options;
mod prices;
mod text;

use bill::Bill;
pub(crate) use options::CostOptions;
use prices::Prices;

/// Prints what the month costs that the options describe.
///
/// # Errors
/// Numbers that do not go together, or a price list that is none.
pub(crate) fn run(options: &CostOptions) -> Result<(), Failure> {
    let prices = Prices::load(options.prices.as_deref())?;
    let case = options.case()?;
    let bill = Bill::new(case.events, &case.month(), &prices);
    if options.json {
        println!("{}", serde_json::to_string(&bill).unwrap_or_default());
    } else {
        print!("{bill}");
    }
    Ok(())
}
