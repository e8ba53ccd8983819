//! As many connections of a user and of an address, attempts and events as there may be, and no more; revoked tokens; and what
//! all that costs in calls of objects.

#![expect(clippy::large_futures, reason = "a future of a test may be large")]

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use roomcast::hop::REVOKE_USER;
use roomcast::limits::VERDICT_MS;
use roomcast::quota::name::of_user;
use serde_json::{json, Value};
use tokio::time::Instant;

use crate::support::client::Client;
use crate::support::clock::now;
use crate::support::connecting::{Connecting, NotOpened};
use crate::support::events::{created, renamed, renames};
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::{Setup, ORIGIN};

const FIVE: usize = 5;

/// A server whose users may have five connections.
async fn with_five() -> Server {
    Server::start_with(|setup| setup.limit("connections_per_user", &json!(FIVE))).await
}

/// A server that believes `x-address`.
async fn with_addresses(change: impl FnOnce(&mut Setup)) -> Server {
    Server::start_with(|setup| {
        setup.set("ADDRESS_HEADER", "X-Address");
        change(setup);
    })
    .await
}

/// The user `ada` wants to watch a session.
fn ada(server: &Server, session: usize) -> Connecting {
    server.client(&format!("s-{session}")).with_token(Some(token("s-*").text()))
}

/// Somebody of their own.
fn someone(server: &Server, number: usize) -> Connecting {
    let token = token("s-1").of(&format!("user-{number}")).text();
    server.client("s-1").with_token(Some(token))
}

/// Attempts to connect to ten sessions, all at the same time. Returns who was let in, and why the others were not.
async fn storm(server: &Server, attempts: usize) -> (Vec<Client>, Vec<(u16, String)>) {
    let all = (0..attempts).map(|number| ada(server, number % 10).try_open());
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for outcome in join_all(all).await {
        match outcome {
            Ok(client) => inside.push(client),
            Err(NotOpened::Ended(ended)) => outside.push(ended),
            Err(declined) => panic!("{declined:?}"),
        }
    }
    (inside, outside)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_attempts_at_once_over_ten_rooms_exactly_five_get_in() {
    let server = with_five().await;
    let (mut inside, outside) = storm(&server, 50).await;
    let full = (4413, "user_full".to_owned());
    assert_eq!((inside.len(), outside.len()), (FIVE, 50 - FIVE));
    assert!(outside.iter().all(|ended| *ended == full), "{outside:?}");
    let sixth = ada(&server, 1).plain().declined().await;
    assert_eq!((sixth.status, &sixth.body["code"]), (429, &json!("user_full")));
    for client in &mut inside {
        client.ping().await;
    }
    // Others are not concerned.
    someone(&server, 1).open().await;
    for _ in 0..3 {
        inside.pop().unwrap().close(1000, "").await;
        inside.push(ada(&server, 7).open().await);
        assert_eq!(ada(&server, 8).closed().await, full, "one place was free, and one was taken");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loses_no_place_and_lets_nobody_in_twice() {
    let mut server = with_five().await;
    for _ in 0..4 {
        let mark = server.log().mark();
        for number in 0..40 {
            tokio::spawn(ada(&server, number % 10).try_open());
        }
        // Killed now, some are in, some on their way, and some wait.
        server.log().wait_since(mark, "connection.accepted", |_| true).await;
        server.restart().await;
        let (inside, outside) = storm(&server, 12).await;
        assert_eq!((inside.len(), outside.len()), (FIVE, 7), "{outside:?}");
        drop(inside);
        server.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_eleventh_connection_of_an_address_is_refused_and_no_other() {
    let server = with_addresses(|setup| setup.limit("connections_per_address", &json!(10))).await;
    let (home, full) = ("192.0.2.7", "address_full");
    let mut inside = Vec::new();
    for number in 0..10 {
        // What the client itself writes before the entry of the proxy is not believed.
        let claimed = format!("10.0.0.{number}, {home}");
        inside.push(someone(&server, number).from(&claimed).open().await);
    }
    let eleventh = someone(&server, 11).from(home).plain().declined().await;
    assert_eq!((eleventh.status, &eleventh.body["code"]), (503, &json!(full)));
    assert_eq!(someone(&server, 12).from(home).closed().await, (4503, full.to_owned()));
    for client in &mut inside {
        client.ping().await;
    }
    someone(&server, 13).from("192.0.2.8").open().await;
    someone(&server, 14).open().await;
    inside.pop().unwrap().close(1000, "").await;
    inside.push(someone(&server, 15).from(home).open().await);
    assert_eq!(someone(&server, 16).from(home).closed().await.1, full);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_of_one_ipv6_network_are_one_and_a_header_is_not_believed_unless_set() {
    let server = with_addresses(|setup| setup.limit("connections_per_address", &json!(1))).await;
    let _inside = someone(&server, 1).from("2001:db8:1:2::7").open().await;
    let refused = someone(&server, 2).from("2001:db8:1:2:ffff::1").closed().await;
    assert_eq!(refused.1, "address_full");
    someone(&server, 3).from("2001:db8:1:3::7").open().await;

    let deaf = Server::start_with(|setup| setup.limit("connections_per_address", &json!(1))).await;
    let _one = someone(&deaf, 1).from("192.0.2.7").open().await;
    someone(&deaf, 2).from("192.0.2.7").open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_may_have_a_limit_of_its_own_for_each_address() {
    let server = with_addresses(|setup| setup.presets("sessions admin")).await;
    let admin = || {
        let page = server.client("").at("/admin/ws/dashboard").plain().with_token(None);
        page.on_page_of(ORIGIN).from("192.0.2.7")
    };
    let mut inside = Vec::new();
    for _ in 0..10 {
        inside.push(admin().open().await);
    }
    let eleventh = admin().declined().await;
    assert_eq!((eleventh.status, &eleventh.body["code"]), (503, &json!("address_full")));
    assert!(eleventh.body["detail"].as_str().unwrap().contains("address"));
    someone(&server, 1).from("192.0.2.7").open().await;
    let mark = server.log().mark();
    drop(inside.pop());
    server.log().wait_since(mark, "connection.closed", |_| true).await;
    admin().open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_attempts_of_an_address_are_refused_before_anything_else_is_looked_at() {
    let server = with_addresses(|setup| setup.limit("attempts_per_minute", &json!(6))).await;
    let home = "192.0.2.7";
    for number in 0..6 {
        let bad = number % 2 == 0;
        let client = someone(&server, number).from(home);
        if bad {
            client.with_token(Some("a.b.c".to_owned())).closed().await;
        } else {
            client.open().await;
        }
    }
    let seventh = someone(&server, 7).from(home).plain().with_token(None).declined().await;
    assert_eq!((seventh.status, &seventh.body["code"]), (429, &json!("attempts_exceeded")));
    assert!((50..=62).contains(&seventh.retry_s.unwrap()), "{:?}", seventh.retry_s);
    let ended = someone(&server, 8).from(home).closed().await;
    assert_eq!(ended, (4529, "attempts_exceeded".to_owned()));
    someone(&server, 9).from("192.0.2.8").open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_user_is_closed_within_a_second_and_refused_from_then_on() {
    for limit in [json!(FIVE), Value::Null] {
        let server = Server::start_with(|it| it.limit("connections_per_user", &limit)).await;
        let mut live = [ada(&server, 1).open().await, ada(&server, 2).open().await];
        let mut other = someone(&server, 1).open().await;
        let seat = of_user(&"demo".parse().unwrap(), "ada");
        // Tokens that are made in a later second count again.
        let (again, reader) = (ada(&server, 1), token("s-1").text());
        let revoke = json!({"user": "ada", "issued_until": now().0});
        let since = Instant::now();
        let told = server.call_seat(&seat, REVOKE_USER, &revoke).await;
        assert_eq!(told, json!({"closed": 2, "rooms": 2, "silent": 0, "complete": true}));
        let revoked = (4401, "token_revoked".to_owned());
        for client in &mut live {
            assert_eq!(client.expect_close().await, revoked);
        }
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
        assert_eq!(again.closed().await, revoked);
        let url = server.url("/api/sessions/s-1/state");
        let read = reqwest::Client::new().get(url).bearer_auth(reader);
        let read = read.send().await.unwrap();
        assert_eq!(read.status(), StatusCode::UNAUTHORIZED);
        let problem: Value = read.json().await.unwrap();
        assert_eq!(problem["code"], "token_revoked");
        other.ping().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_outlives_a_crash_and_concerns_one_session_if_it_says_so() {
    let mut server = with_five().await;
    let seat = of_user(&"demo".parse().unwrap(), "ada");
    let (here, elsewhere) = (ada(&server, 1), ada(&server, 2));
    let revoke = json!({"user": "ada", "session": "s-1", "issued_until": now().0});
    server.call_seat(&seat, REVOKE_USER, &revoke).await;
    server.restart().await;
    assert_eq!(here.closed().await.1, "token_revoked");
    elsewhere.open().await;
}

/// What was called since the log had so many lines, by class and path.
async fn calls(server: &Server, act: impl Future<Output = ()>) -> BTreeMap<String, usize> {
    let mark = server.log().mark();
    act.await;
    // A line that is written later shows that the log is complete.
    server.client("s-end").with_token(None).closed().await;
    server.log().wait_since(mark, "connection.refused", |line| line["session"] == "s-end").await;
    let mut calls = BTreeMap::new();
    for line in server.log().events_since(mark, "object.called") {
        let path = line["path"].as_str().unwrap().rsplit('/').next().unwrap();
        let call = format!("{} {path}", line["class"].as_str().unwrap());
        // Copies of documents and of host names are compared after some time, whoever comes. A new room tells its tenant once.
        if !matches!(path, "document" | "directory" | "begun") {
            *calls.entry(call).or_default() += 1;
        }
    }
    calls
}

fn those(calls: &[(&str, usize)]) -> BTreeMap<String, usize> {
    calls.iter().map(|(call, count)| ((*call).to_owned(), *count)).collect()
}

/// `docs/cost.md` has these numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attempt_calls_as_few_objects_as_it_can() {
    let server = with_addresses(|setup| {
        setup.counted = true;
        setup.limit("connections_per_user", &json!(FIVE));
        setup.limit("connections_per_address", &json!(6));
        setup.limit("attempts_per_minute", &json!(16));
    })
    .await;
    let home = "192.0.2.7";
    let mut inside = Vec::new();
    let first =
        calls(&server, async { inside.push(ada(&server, 0).from(home).open().await) }).await;
    let accepted = those(&[("Seat take", 2), ("Room live", 1)]);
    assert_eq!(first, accepted);
    for number in 1..FIVE {
        inside.push(ada(&server, number).from(home).open().await);
    }
    let sixth = calls(&server, async {
        assert_eq!(ada(&server, 9).from(home).closed().await.0, 4413);
    })
    .await;
    assert_eq!(sixth, those(&[("Seat take", 2), ("Room present", FIVE)]));
    inside.push(someone(&server, 1).from(home).open().await);
    let eleventh = calls(&server, async {
        assert_eq!(someone(&server, 2).from(home).closed().await.0, 4503);
    })
    .await;
    assert_eq!(eleventh, those(&[("Seat take", 2), ("Room present", 6)]));
    let bad = calls(&server, async {
        ada(&server, 1).from(home).with_token(None).closed().await;
    })
    .await;
    assert_eq!(bad, those(&[("Seat attempt", 1)]));
    for _ in 0..7 {
        ada(&server, 1).from(home).with_token(None).closed().await;
    }
    let many = calls(&server, async {
        assert_eq!(ada(&server, 1).from(home).with_token(None).closed().await.0, 4529);
    })
    .await;
    assert_eq!(many, those(&[("Seat attempt", 1)]));
    let good = calls(&server, async {
        assert_eq!(someone(&server, 4).from(home).closed().await.0, 4529);
    })
    .await;
    assert_eq!(good, those(&[("Seat take", 2)]));
    let bare = calls(&server, async { drop(someone(&server, 3).open().await) }).await;
    assert_eq!(bare, those(&[("Seat take", 1), ("Room live", 1)]), "no address is known");
    let seat = of_user(&"demo".parse().unwrap(), "user-3");
    let again = someone(&server, 3);
    let revoke = json!({"user": "user-3", "issued_until": now().0});
    server.call_seat(&seat, REVOKE_USER, &revoke).await;
    let revoked = calls(&server, async {
        assert_eq!(again.closed().await.1, "token_revoked");
    })
    .await;
    assert_eq!(revoked, those(&[("Seat take", 1)]));
}

/// Posts events, and says what was answered: the status, and when to come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_counted_and_comes_back_at_once_costs_no_second_question() {
    let server = Server::start_with(|setup| {
        setup.counted = true;
        setup.limit("connections_per_user", &Value::Null);
    })
    .await;
    // On a machine that is very busy, the moment may be over. Then another room is tried.
    for session in 1.. {
        let (connecting, since) = (ada(&server, session), Instant::now());
        let first = calls(&server, async { drop(connecting.clone().open().await) }).await;
        assert_eq!(first, those(&[("Seat take", 1), ("Room live", 1)]));
        let again = calls(&server, async { drop(connecting.open().await) }).await;
        if since.elapsed() < Duration::from_millis(VERDICT_MS) {
            assert_eq!(again, those(&[("Room live", 1)]));
            break;
        }
    }
}

async fn post(server: &Server, events: &[Value]) -> (u16, Option<String>, Value) {
    let body = serde_json::to_string(events).unwrap();
    let answer = server.publisher().signed(body).send().await.unwrap();
    let retry = answer.headers().get("retry-after").map(|it| it.to_str().unwrap().to_owned());
    (answer.status().as_u16(), retry, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_posts_no_more_events_in_a_second_than_it_may() {
    let server = Server::start_with(|setup| setup.limit("events_per_second", &json!(5))).await;
    // Strangers cannot use it up.
    for _ in 0..20 {
        let stranger = server.publisher().unsigned().body("[]").send().await.unwrap();
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    }
    let start = Instant::now();
    let mut accepted = 0;
    let mut refused = 0;
    while start.elapsed() < Duration::from_millis(2_500) {
        let (status, retry, body) =
            post(&server, &[renamed(&format!("e-{accepted}"), "s-1")]).await;
        if status == 202 {
            accepted += 1;
        } else {
            refused += 1;
            assert_eq!((status, &body["code"]), (429, &json!("events_exceeded")));
            assert!(matches!(retry.as_deref(), Some("1" | "2")), "{retry:?}");
        }
    }
    let seconds = start.elapsed().as_secs() + 1;
    assert!(accepted >= 10 && accepted <= 5 * seconds, "{accepted} in {:?}", start.elapsed());
    assert!(refused > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_one_room_gets_too_many_events_no_room_gets_any() {
    let server =
        Server::start_with(|setup| setup.limit("room_events_per_second", &json!(20))).await;
    // Ten times the limit counts for ten seconds, which is time enough on a slow machine.
    assert_eq!(post(&server, &renames("e", "s-1", 200)).await.0, 202);
    let mut watching = server.client("s-2").open().await;
    let both = [created("a", "s-2"), created("b", "s-1")];
    let (status, retry, body) = post(&server, &both).await;
    assert_eq!((status, &body["code"]), (429, &json!("events_exceeded")), "{body}");
    let retry: u64 = retry.unwrap().parse().unwrap();
    assert!((1..=10).contains(&retry), "{retry}");
    assert_eq!(post(&server, &[created("c", "s-1")]).await.0, 429);
    assert_eq!(post(&server, &[created("d", "s-2")]).await.0, 202);
    let frame = watching.next_frame().await;
    assert_eq!(frame["seq"], 1, "nothing of the refused request came: {frame}");
}
