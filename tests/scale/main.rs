//! How large a room can be, and what that costs: real objects with up to a million viewers in memory, and what Cloudflare would bill.
//!
//! Deliveries are counted and not made; `scripts/bench --only o` makes them. `scripts/scale` prints the table of `docs/scale.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test fails by panicking, and its numbers are below 2^53"
)]

mod hall;
mod object;

use hall::Hall;
use object::Used;
use roomcast::limits::{RETURNS_PER_SECOND, SPREAD_ABOVE};

const HOUR_S: f64 = 3_600.0;

/// Seconds of which the use is measured: whole minutes, so that each object sweeps as often.
const MEASURED_S: u64 = 120;

/// What a tree uses in a minute with so many posts a second, of one event each.
fn minute(hall: &mut Hall, every_ms: u64) -> (Used, u64) {
    hall.take_used();
    let mut posts = 0;
    for _ in 0..(MEASURED_S * 1_000 / every_ms) {
        hall.publish(1);
        posts += 1;
        hall.pass(every_ms);
    }
    let used = hall.take_used();
    let scale = MEASURED_S / 60;
    let used = Used {
        requests: used.requests / scale,
        rows_written: used.rows_written / scale,
        rows_read: used.rows_read / scale,
        deliveries: used.deliveries / scale,
    };
    (used, posts / scale)
}

#[test]
fn a_tree_delivers_everything_to_everyone_and_each_burst_costs_a_request_per_relay() {
    let mut hall = Hall::new(50);
    hall.fill(2_000);
    let (used, posts) = minute(&mut hall, 1_000);
    assert_eq!(used.deliveries, posts * 2_000);
    let relays = hall.relays() as u64;
    assert!((39..60).contains(&relays), "{relays}");
    // A post, a request to each relay for each burst, and in each minute a sweep of each object and a question of each relay.
    let least = posts * (1 + relays);
    assert!((least..=least + 3 * relays + 2).contains(&used.requests), "{used:?} {relays}");
    let rows = posts * (1 + relays);
    assert!((rows..=rows + rows / 20 + 2 * relays).contains(&used.rows_written), "{used:?}");
}

#[test]
fn the_cost_grows_with_the_viewers_and_not_faster() {
    let cost = |viewers: u64| {
        let mut hall = Hall::new(50);
        hall.fill(viewers);
        let (used, _) = minute(&mut hall, 1_000);
        used.rows_written as f64 / viewers as f64
    };
    let (small, large) = (cost(1_000), cost(8_000));
    assert!(large < small * 1.1, "{small} {large}");
}

fn price(name: &str) -> f64 {
    let prices: serde_json::Value =
        serde_json::from_str(include_str!("../../src/metering/prices.json")).unwrap();
    prices[name]["perMillion"].as_f64().unwrap() / 1e6
}

/// Dollars of an hour: requests, rows, and objects that are never out of memory. Without what viewers send.
fn dollars(used: &Used, objects: usize, posts: u64) -> [f64; 3] {
    let hours = HOUR_S / 60.0;
    let gb_seconds = objects as f64 * HOUR_S * 0.128;
    [
        used.requests as f64 * hours * price("objectRequest")
            + posts as f64 * hours * price("workersRequest"),
        used.rows_written as f64 * hours * price("rowWritten")
            + used.rows_read as f64 * hours * price("rowRead"),
        gb_seconds * price("objectGbSecond"),
    ]
}

/// What viewers send in an hour: a ping each half minute, and an acknowledgement for what came, as seldom as a room of this size wants it.
fn messages(viewers: u64, every_ms: u64) -> f64 {
    let spread_ms = SPREAD_ABOVE as u64 * 1_000 / RETURNS_PER_SECOND;
    let acks_every_s = every_ms.max(spread_ms) as f64 / 1_000.0;
    let messages = viewers as f64 * HOUR_S * (1.0 / 30.0 + 1.0 / acks_every_s);
    messages / 20.0 * price("objectRequest")
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

fn row(hall: &mut Hall, viewers: u64, every_ms: u64) -> String {
    let (used, posts) = minute(hall, every_ms);
    assert_eq!(used.deliveries, posts * viewers);
    let [requests, rows, time] = dollars(&used, hall.relays() + 1, posts);
    let said = messages(viewers, every_ms);
    let all = requests + rows + time + said;
    let counts = [viewers, hall.relays() as u64].map(grouped).join(" | ");
    let used = [used.requests, used.rows_written, used.deliveries].map(grouped).join(" | ");
    let rate = 1_000.0 / every_ms as f64;
    let dollars = [requests, rows, time, said, all].map(|part| format!("{part:.3}")).join(" | ");
    format!("| {counts} | {rate} | {used} | {dollars} | {:.2} |", all / viewers as f64 * 1e6)
}

#[test]
#[ignore = "prints the table of docs/scale.md, with a million viewers in memory"]
fn the_table() {
    println!("| viewers | relays | events per second | requests per minute | rows written per minute | deliveries per minute | requests, $ per hour | rows | time | pings and acks | all | all, per million viewers |");
    println!("|{}", " --- |".repeat(12));
    for viewers in [5_000, 20_000, 100_000, 300_000, 1_000_000] {
        let mut hall = Hall::new(SPREAD_ABOVE);
        hall.fill(viewers);
        for every_ms in [10_000, 1_000, 100] {
            println!("{}", row(&mut hall, viewers, every_ms));
        }
    }
}
