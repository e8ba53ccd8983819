//! `roomcast publish`: sends events from a file, a pipe or the command line to the server.
//!
//! This module is the loop: read a batch, send it, report the results, wait if asked to. It does not
//! interpret events: the client checks only that each is a JSON object.

use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::protocol::results::{EventResult, Outcome};

use crate::posting::batch::Batch;
use crate::posting::sending::{Patience, Sender};

mod framing;
mod input;
mod options;
mod report;

use input::Input;
pub(crate) use options::PublishOptions;
use report::Report;

/// Sends the events.
///
/// # Errors
/// The first failure that prevents an event from being accepted. Publishing again is safe.
pub(crate) async fn run(target: &Target, options: &PublishOptions) -> Result<(), Failure> {
    let settings = Settings::load(target)?;
    let sender = Sender::new(target, &settings, Patience::Times(options.retries))?;
    let mut input = Input::open(&options.events).await?;
    let mut report = Report::new(options, input.total());
    let outcome = deliver(&mut input, &sender, options, &mut report).await;
    report.finish();
    outcome
}

async fn deliver(
    input: &mut Input,
    sender: &Sender,
    options: &PublishOptions,
    report: &mut Report,
) -> Result<(), Failure> {
    let most = if options.every.is_some() { 1 } else { options.batch };
    let mut rest = None;
    while let Some(events) = input.next(most).await? {
        if let Some(pause) = rest {
            tokio::time::sleep(pause).await;
        }
        let batch = Batch::new(events);
        let results = sender.send(&batch, |text| report.note(text)).await?;
        report.add(&results);
        rest = options.every.filter(|_| any_accepted(&results));
    }
    Ok(())
}

/// Whether to pause after these results. Clients have seen a duplicate before, so a feed does not pause after it.
fn any_accepted(results: &[EventResult]) -> bool {
    results.iter().any(|result| matches!(result.outcome(), Outcome::Accepted { .. }))
}
