//! The client for browsers and node (`client/`), unchanged in node: a feed goes on while its server is killed.

use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::events::renames;
use crate::support::program::{end_within, start};
use crate::support::server::Server;
use crate::support::token::token;

const KILLS: usize = 10;
const POSTS: usize = 3;
const CLIENTS: usize = 12;
/// Those that do not ask for compressed frames. The others are just enough to get them.
const PLAIN: usize = 4;

/// The longest time on a slow machine under load.
const TIME: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_sees_each_update_once_though_its_server_is_killed_ten_times() {
    let mut server = Server::start().await;
    let head = (KILLS + 1) * POSTS;
    let mut command = Command::new(checkout("node_modules/.bin/node"));
    command.arg(checkout("client/tests/real.ts"));
    command.env("URL", server.url("")).env("SESSION", "s-1").env("TOKEN", token("s-1").text());
    command.env("HEAD", head.to_string()).env("CLIENTS", CLIENTS.to_string());
    command.env("PLAIN", PLAIN.to_string());
    let program = start(&mut command);
    for kill in 0..=KILLS {
        server.log().wait_for("connection.accepted", (kill + 1) * CLIENTS).await;
        for event in renames(&format!("e-{kill}"), "s-1", POSTS) {
            server.publisher().post_safely(&[event]).await;
        }
        if kill < KILLS {
            server.restart().await;
        }
    }
    let ran = end_within(TIME, program).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).expect("what each has seen");
    assert!(told["inflated"].as_u64() > Some(0), "nobody was sent a compressed frame");
    let seen = told["seen"].as_array().expect("what each has seen");
    assert_eq!(seen.len(), CLIENTS);
    for client in seen {
        let seqs: Vec<u64> = serde_json::from_value(client["seqs"].clone()).expect("numbers");
        assert!(seqs.iter().copied().eq(1..=head as u64), "{seqs:?}");
        assert_eq!(client["resets"], 1, "the room was empty at first");
        assert!(client["recoveries"].as_array().expect("times").len() >= KILLS, "{client}");
    }
}
