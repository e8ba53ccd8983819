//! Another release of the Worker takes over the data of the one before, again and again.
//!
//! The first release is an older one, if there is a build of it: its rooms have an older schema. The others are the current one, and
//! differ by what they log.

use std::path::Path;

use serde_json::Value;
use tokio::time::{sleep, sleep_until, timeout, Duration, Instant};

use super::arena::{with_documents, Arena};
use super::feed::Feed;
use super::options::Options;
use super::report::Report;
use super::rooms::Room;
use crate::support::checkout;
use crate::support::server::Server;
use crate::support::worker_config::{Setup, ORIGIN, TOKEN_SECRET, WEBHOOK_SECRET};
use crate::support::WAIT;

/// The rooms that the older release has, and how many events it takes before it is replaced.
const OLD_ROOMS: &[Room] = &[Room::First, Room::Second];
const OLD_EVENTS: u64 = 200;

/// The objects that the older release does not have. The configuration names them.
const NO_OBJECTS: &str = "export class Tenant {} export class Directory {} export class Seat {}";

/// What the older release is configured by. It has one tenant, and no API for more.
const OLD_VARIABLES: [(&str, &str); 4] = [
    ("TENANT", "demo"),
    ("DEMO_TOKEN_SECRET", TOKEN_SECRET),
    ("DEMO_WEBHOOK_SECRET", WEBHOOK_SECRET),
    ("DEMO_ORIGINS", ORIGIN),
];

/// Deploys so many times, at a steady pace.
pub(crate) async fn run(times: usize, options: &Options) -> Report {
    let mut arena = begin(options).await;
    let mut due = Instant::now();
    for number in 1..=times {
        due += options.deploy_every;
        sleep_until(due).await;
        let lost = Instant::now();
        arena.server.release(&format!("release-{number}")).await;
        arena.recover(Some(lost), Instant::now()).await;
        arena.compare().await;
    }
    arena.end().await
}

async fn begin(options: &Options) -> Arena {
    const FAULT: &str = "Deploys";
    let Some((build, commit)) = &options.old else {
        let mut arena = Arena::start(FAULT, |_| ()).await;
        arena.report.notes.push("There was no build of an older release.".to_owned());
        return arena;
    };
    let (mut server, document) = old(build).await;
    let mut feed = Feed::start(server.publisher(), OLD_ROOMS, "old");
    let enough = async {
        while feed.answers().events < OLD_EVENTS {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(WAIT, enough).await.expect("events that the older release takes");
    feed.end().await;
    server.restart_as(current).await;
    let stored = server.put_tenant("demo", &document).await;
    assert!(stored.status().is_success(), "{stored:?}");
    let mut arena = Arena::on(FAULT, server).await;
    let answers = std::mem::take(&mut *feed.answers());
    arena.report.notes.push(format!(
        "{} of the events were taken by the release of {commit}, whose rooms have schema 3.",
        answers.events
    ));
    arena.expect(answers);
    arena
}

/// A server of the older release, and the document that its tenant gets later.
async fn old(build: &Path) -> (Server, Value) {
    let mut document = Value::Null;
    let server = Server::start_with(|setup| {
        with_documents(setup);
        document.clone_from(setup.document());
        setup.tenants.clear();
        build.clone_into(&mut setup.build);
        NO_OBJECTS.clone_into(&mut setup.release);
        for (name, value) in OLD_VARIABLES {
            setup.set(name, value);
        }
    });
    (server.await, document)
}

/// What makes a setup of the older release one of the current one.
fn current(setup: &mut Setup) {
    setup.build = checkout("build");
    setup.release.clear();
    for (name, _) in OLD_VARIABLES {
        setup.unset(name);
    }
}
