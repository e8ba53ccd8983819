//! `roomcast publish`: events from a file, a pipe or the command line go to the server.
//!
//! Here is the order of things: read a batch, send it, say what became of it, wait where asked.
//! What an event means is the server's business; only its being a JSON object is checked here.

use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;

mod answer;
mod batch;
mod framing;
mod input;
mod options;
mod report;
mod sending;

use batch::Batch;
use input::Input;
pub(crate) use options::PublishOptions;
use report::Report;
use roomcast::protocol::results::{EventResult, Outcome};
use sending::Sender;

/// Sends the events.
///
/// # Errors
/// The first thing that keeps an event from being taken. Publishing again is safe.
pub(crate) async fn run(target: &Target, options: &PublishOptions) -> Result<(), Failure> {
    let settings = Settings::load(target)?;
    let sender = Sender::new(target, &settings, options)?;
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
        let results = sender.send(&batch, report).await?;
        report.add(&results);
        rest = options.every.filter(|_| any_accepted(&results));
    }
    Ok(())
}

/// A duplicate was there before, so nobody is waiting to see it: a feed hurries past it.
fn any_accepted(results: &[EventResult]) -> bool {
    results.iter().any(|result| matches!(result.outcome, Outcome::Accepted { .. }))
}
