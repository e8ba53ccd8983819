//! `roomcast cost`: computes what a month of a deployment costs on Cloudflare.
//!
//! Nothing is measured and no service is asked: the case comes from the arguments, and the prices from a list
//! with a date. The result is an estimate and not an invoice.

use roomcast::deployment::failure::Failure;

mod bill;
mod model;
mod options;
mod prices;
pub(crate) mod reported;
mod text;

use bill::Bill;
pub(crate) use options::CostOptions;

/// Prints the cost of the month that the options describe.
///
/// # Errors
/// Numbers that contradict each other, or a malformed price list.
pub(crate) fn run(options: &CostOptions) -> Result<(), Failure> {
    let prices = prices::load(options.prices.as_deref())?;
    let case = options.case()?;
    let bill = Bill::new(case.events, &case.month(), &prices);
    if options.json {
        println!("{}", serde_json::to_string(&bill).unwrap_or_default());
    } else {
        print!("{bill}");
    }
    Ok(())
}
