//! `roomcast bridge`: posts what is on a bus, for as long as it runs.
//!
//! This module puts the parts together and ends them: a bus, the map, the sender, the counts. `carrying` is the loop; a file per bus
//! knows that bus and nothing else.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`source`] | what the loop wants of a bus |
//! | [`redis`] | that of a stream of Redis |
//! | [`nats`] | that of a stream of NATS |
//! | [`postgres`] | that of an outbox in Postgres |
//! | [`map`] | which event a message becomes |
//! | [`carrying`] | the loop |
//! | [`remedy`] | what a refusal means for the messages in the request |
//! | [`meter`], [`report`], [`metrics`] | what is counted, and where it is shown |

mod carrying;
mod map;
mod meter;
mod metrics;
mod nats;
mod options;
mod postgres;
mod redis;
mod remedy;
mod report;
mod source;

use std::fs;
use std::path::Path;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use tokio::signal::unix::{signal, SignalKind};

use crate::documents;
use crate::posting::sending::{Patience, Sender};
use carrying::Carrying;
use map::Map;
use meter::Meter;
use nats::Nats;
pub(crate) use options::BridgeCommand;
use options::BridgeOptions;
use postgres::Postgres;
use redis::Redis;
use report::Report;
use source::Source;

/// Carries messages until it is told to end.
///
/// # Errors
/// What somebody has to mend: a setting, an address, the map. No message is lost by it.
pub(crate) async fn run(target: &Target, command: &BridgeCommand) -> Result<(), Failure> {
    match command {
        BridgeCommand::Redis(options) => carry(target, &options.bridge, Redis::new(options)?).await,
        BridgeCommand::Nats(options) => carry(target, &options.bridge, Nats::new(options)?).await,
        BridgeCommand::Postgres(options) => {
            carry(target, &options.bridge, Postgres::new(options)?).await
        }
        BridgeCommand::Schema => {
            print!("{}", documents::schema::<Map>());
            Ok(())
        }
    }
}

async fn carry(
    target: &Target,
    options: &BridgeOptions,
    source: impl Source,
) -> Result<(), Failure> {
    let settings = Settings::load(target)?;
    let map = options.map.as_deref().map(read).transpose()?.unwrap_or_default();
    let meter = Meter::default();
    let report = Report::new(meter.clone(), options.quiet);
    let sender = Sender::new(target, &settings, Patience::Endless)?;
    if let Some(address) = options.metrics {
        let address = metrics::serve(address, meter.clone()).await?;
        report.note(&format!("metrics are at http://{address}/metrics"));
    }
    let (batch, until_empty) = (options.batch, options.until_empty);
    let mut carrying =
        Carrying { source, map, sender, meter, report, batch, until_empty, looked: None };
    // What is under way when it is told to end comes again when it is started again, as after a kill.
    let ended = tokio::select! {
        ended = carrying.run() => ended,
        told = told_to_end() => told,
    };
    carrying.report.finish();
    ended
}

async fn told_to_end() -> Result<(), Failure> {
    let failed = |error| Failure::Machine(format!("cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        told = tokio::signal::ctrl_c() => told.map_err(failed),
        _ = terminate.recv() => Ok(()),
    }
}

fn read(file: &Path) -> Result<Map, Failure> {
    let name = file.display();
    let text =
        fs::read_to_string(file).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    Map::parse(&text).map_err(|fault| Failure::Input(format!("{name}: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = include_str!("../../../docs/bridge.schema.json");

    #[test]
    fn the_published_schema_is_that_of_the_types() {
        assert!(
            PUBLISHED == documents::schema::<Map>(),
            "docs/bridge.schema.json is old: roomcast bridge schema > docs/bridge.schema.json"
        );
    }

    #[test]
    fn the_map_in_the_examples_is_fine() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bridge/bullmq.json");
        assert!(read(Path::new(file)).is_ok());
    }
}
