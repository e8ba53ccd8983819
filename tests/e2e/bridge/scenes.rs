//! What has to hold with any bus: everything arrives once, whatever is killed, and a bad message holds up nobody.

use serde_json::{json, Value};
use tokio::process::{Child, Command};

use super::bus::{texts, Bus};
use crate::support::client::Client;
use crate::support::events::{event, renames};
use crate::support::follower::follow;
use crate::support::program::{end, roomcast, run, signal, start, Ran};
use crate::support::server::Server;

const SESSION: &str = "s-1";

/// A bridge from a bus to a server.
pub(crate) fn bridge(server: &Server, bus: &impl Bus, more: &[&str]) -> Command {
    let of_the_bus = bus.arguments();
    let of_the_bus = of_the_bus.iter().map(String::as_str);
    let arguments: Vec<&str> =
        ["bridge"].into_iter().chain(of_the_bus).chain(more.iter().copied()).collect();
    roomcast(&server.url(""), &arguments)
}

/// Carries all that is on the bus.
pub(crate) async fn carry(server: &Server, bus: &impl Bus, more: &[&str]) -> Ran {
    let ran = run(&mut bridge(server, bus, &[&["--until-empty"], more].concat())).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

fn says(ran: &Ran, text: &str) {
    assert!(ran.stderr.contains(text), "{text:?} is not in {}", ran.stderr);
}

/// The events that a client has seen. The events of these feeds are renames, each to its own id.
fn titles(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["data"]["title"].as_str().expect("a title")).collect()
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("e-{number}")).collect()
}

/// Everything arrives once and in order; what can never be published is put aside, with its reason.
pub(crate) async fn bad_messages_hold_up_nobody<B: Bus>() {
    let (server, bus) = (Server::start().await, B::start().await);
    let mut client = server.client(SESSION).open().await;
    let mut messages = texts(&renames("e", SESSION, 9));
    let untitled = event("bad", "session.renamed", "Session/s-1", json!({})).to_string();
    messages.insert(4, untitled.clone());
    messages.insert(7, "{".to_owned());
    bus.add(&messages).await;

    let carried = carry(&server, &bus, &[]).await;
    says(&carried, "read 11: 9 accepted, 0 duplicate, 0 ignored, 0 skipped, 2 dead; lag 0");
    client.updates_until(9).await;
    assert_eq!(titles(&client.seen.updates), numbered(9));
    let dead = bus.dead().await;
    assert_eq!(dead.len(), 2, "{dead:?}");
    let why = |text: &str| {
        let found = dead.iter().find(|(message, _)| message == text);
        found.unwrap_or_else(|| panic!("{text} is not in {dead:?}")).1.clone()
    };
    assert_eq!(why(&untitled), "payload.title is required by session.renamed");
    assert!(why("{").starts_with("there is no event at"), "{dead:?}");

    let again = carry(&server, &bus, &[]).await;
    says(&again, "read 0: ");
    bus.add(&texts(&renames("e", SESSION, 9))).await;
    let repeated = carry(&server, &bus, &[]).await;
    says(&repeated, "read 9: 0 accepted, 9 duplicate");
}

/// What is killed in the middle of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    Bridge,
    Bus,
    Server,
}

/// Kills these one after the other in the middle of a feed. Nothing is lost, and nothing is twice in the log.
pub(crate) async fn kills_lose_nothing<B: Bus>(victims: &[Victim], each: usize) {
    let (mut server, bus) = (Server::start().await, B::start().await);
    let count = (victims.len() + 1) * each;
    let killed = kill(&mut server, &bus, victims, each);
    let ((carrier, client), ()) = tokio::join!(killed, feed(&bus, count));
    let client = seen_until(&server, client, count as u64).await;
    // What was posted and not yet acknowledged when something was killed comes again; it must not appear again.
    let stopped = stop(carrier).await;
    assert_eq!(stopped.code, 0, "{stopped:?}");
    says(&carry(&server, &bus, &[]).await, "lag 0");
    assert_eq!(client.seen.snapshots, 0);
    assert_eq!(titles(&client.seen.updates), numbered(count));
    let last = server.publisher().post(&renames("last", SESSION, 1)).await;
    assert_eq!(last.results("seq"), [count + 1]);
    assert!(bus.dead().await.is_empty());
}

/// Kills one after the other, each when a dashboard has seen so much more.
async fn kill(
    server: &mut Server,
    bus: &impl Bus,
    victims: &[Victim],
    each: usize,
) -> (Child, Client) {
    const SMALL: [&str; 2] = ["--batch", "7"];
    let mut client = server.client(SESSION).open().await;
    let mut carrier = start(&mut bridge(server, bus, &SMALL));
    for (number, victim) in victims.iter().enumerate() {
        client = seen_until(server, client, ((number + 1) * each) as u64).await;
        match victim {
            Victim::Bridge => {
                carrier.kill().await.expect("a signal to the bridge");
                carrier = start(&mut bridge(server, bus, &SMALL));
            }
            Victim::Bus => bus.kill_9().await,
            Victim::Server => {
                server.kill_9();
                server.restart().await;
            }
        }
    }
    (carrier, client)
}

/// Puts events on the bus in small portions, so that something is under way at each kill.
async fn feed(bus: &impl Bus, count: usize) {
    for portion in texts(&renames("e", SESSION, count)).chunks(5) {
        bus.add(portion).await;
    }
}

/// The same dashboard, when it has seen so much, however often its connection breaks.
async fn seen_until(server: &Server, client: Client, seq: u64) -> Client {
    let mut client = client;
    while client.seen.seq() < seq {
        if client.try_frame().await.is_err() {
            let known = server.client(SESSION).after(client.seen.clone());
            client = known.open().await;
        }
    }
    client
}

/// Asks a bridge to end, and waits until it has.
pub(crate) async fn stop(carrier: Child) -> Ran {
    let id = carrier.id().expect("a bridge that runs").to_string();
    signal("TERM", &id);
    end(carrier).await
}

/// A tenant that may post less than there is gets all of it, later.
pub(crate) async fn a_limit_slows_it_and_loses_nothing<B: Bus>() {
    let limit = json!(20);
    let server = Server::start_with(|setup| setup.limit("events_per_second", &limit)).await;
    let bus = B::start().await;
    let followed = follow(server.client(SESSION), 60);
    bus.add(&texts(&renames("e", SESSION, 60))).await;
    let carried = carry(&server, &bus, &["--batch", "20"]).await;
    says(&carried, "429 events_exceeded");
    // On a slow machine a bus may bring again what waits too long. In the log it is there once.
    says(&carried, "60 accepted, ");
    assert_eq!(titles(&followed.await.expect("a dashboard").seen.updates), numbered(60));
}
