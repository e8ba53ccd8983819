//! What tenants use: their ledgers, `GET /admin/metrics`, usage by day, budgets, and Analytics Engine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use roomcast::hop::METER;
use roomcast::limits::{QUIET_MS, REFUSALS_EVERY_MS};
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use crate::monitoring::families::FAMILIES;
use crate::monitoring::prometheus::lint;
use crate::support::events::renamed;
use crate::support::program::{roomcast, run};
use crate::support::receiver::{Arrived, Receiver, HOOK_SECRET};
use crate::support::server::Server;
use crate::support::worker_config::{document, Setup, ADMIN_TOKEN, ORIGIN};

const URL: &str = "https://hooks.test.example/roomcast";

async fn metered(change: impl FnOnce(&mut Setup)) -> Server {
    Server::start_with(|setup| {
        setup.set("METERING", "on");
        change(setup);
    })
    .await
}

/// Metrics by name and labels, as they are printed.
type Metrics = BTreeMap<String, String>;

/// The metrics of all tenants, or of one.
async fn metrics(server: &Server, query: &str) -> Metrics {
    let answer = server.admin(Method::GET, &format!("/admin/metrics{query}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, amount) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), amount.to_owned())
        })
        .collect()
}

/// Asks until a metric of the tenant `demo` has this value, which it must reach in time.
async fn until(server: &Server, name: &str, wanted: &str) -> Metrics {
    let mut last = BTreeMap::new();
    for _ in 0..150 {
        last = metrics(server, "").await;
        if last.get(name).is_some_and(|amount| amount == wanted) {
            return last;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{name} is not {wanted}: {last:#?}");
}

async fn usage(server: &Server, tenant: &str) -> Value {
    let path = format!("/admin/tenants/{tenant}/usage");
    let answer = server.admin(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn refuse(server: &Server, times: usize) {
    for _ in 0..times {
        server.client("s-1").with_token(None).closed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_rooms_do_is_in_the_metrics_once_and_outlives_a_crash() {
    let mut server = metered(|setup| {
        let mut globex = document(&[ORIGIN]);
        globex["tokens"]["audience"] = json!("roomcast:globex");
        globex["webhooks"][0]["secret"] = json!(HOOK_SECRET);
        setup.tenants.push(("globex".to_owned(), globex));
    })
    .await;
    let first = server.client("s-1").open().await;
    let second = server.client("s-1").open().await;
    for number in 0..20 {
        server.publisher().post(&[renamed(&format!("e-{number}"), "s-1")]).await;
    }
    let counted = until(&server, r#"roomcast_events_total{tenant="demo"}"#, "20").await;
    let amount = |name: &str| counted[name].as_str();
    let number = |name: &str| amount(name).parse::<f64>().unwrap();
    assert_eq!(amount(r#"roomcast_updates_total{tenant="demo"}"#), "20");
    assert_eq!(amount(r#"roomcast_lag_seconds_count{tenant="demo"}"#), "20");
    assert_eq!(amount(r#"roomcast_members{tenant="demo",dialect="v1"}"#), "2");
    assert_eq!(amount(r#"roomcast_rooms_occupied{tenant="demo"}"#), "1");
    assert_eq!(amount(r#"roomcast_rooms{tenant="demo"}"#), "1");
    assert_eq!(amount(r#"roomcast_turns_total{tenant="demo",cause="joined"}"#), "2");
    assert_eq!(amount(r#"roomcast_recoveries_total{tenant="demo",kind="none"}"#), "2");
    assert!(number(r#"roomcast_deliveries_total{tenant="demo"}"#) >= 2.0);
    assert!(number(r#"roomcast_rows_written_total{tenant="demo"}"#) >= 20.0);
    assert!(number(r#"roomcast_cost_dollars_total{tenant="demo"}"#) > 20e-6);
    assert_eq!(amount(r#"roomcast_tenant_up{tenant="globex"}"#), "1");
    assert_eq!(amount(r#"roomcast_events_total{tenant="globex"}"#), "0");
    assert_eq!(amount("roomcast_tenants"), "2");
    // What was said is stored.
    server.kill_9();
    drop((first, second));
    server.restart().await;
    let mut shown = roomcast(&server.url(""), &["usage", "demo", "--days", "3"]);
    let shown = run(shown.env("ADMIN_TOKEN", ADMIN_TOKEN)).await;
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let today = shown.stdout.lines().nth(1).unwrap().split_whitespace().nth(1);
    assert_eq!(today, Some("20"), "{}", shown.stdout);
    let after = metrics(&server, "?tenant=demo").await;
    assert_eq!(after[r#"roomcast_events_total{tenant="demo"}"#], "20");
    assert!(!after.keys().any(|name| name.contains("globex")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_says_how_clients_came_back_and_why_it_closed_them() {
    let server = metered(|_| {}).await;
    let mut client = server.client("s-1").open().await;
    server.publisher().post(&[renamed("e-1", "s-1")]).await;
    client.updates_until(1).await;
    client.close(1000, "").await;
    server.log().wait_for("connection.closed", 1).await;
    let mut client = server.client("s-1").open().await;
    sleep(Duration::from_millis(QUIET_MS)).await;
    // Far more than a frame may have.
    client.send_text(&"x".repeat(100_000)).await;
    let reason = r#"roomcast_closes_total{tenant="demo",reason="frame_too_big"}"#;
    let counted = until(&server, reason, "1").await;
    assert_eq!(counted[r#"roomcast_recoveries_total{tenant="demo",kind="snapshot"}"#], "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_refusals_are_counted_and_cause_a_request_in_each_pause() {
    let server = metered(|setup| setup.counted = true).await;
    refuse(&server, 300).await;
    let missing = r#"roomcast_refusals_total{tenant="demo",reason="token_missing"}"#;
    until(&server, missing, "300").await;
    let told = server.log().events("object.called");
    let told = told.iter().filter(|call| call["path"] == METER).count();
    assert!((1..=3).contains(&told), "{told} requests");
    sleep(Duration::from_millis(REFUSALS_EVERY_MS)).await;
    refuse(&server, 5).await;
    until(&server, missing, "305").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_admin_token_reads_metrics_and_a_deployment_that_meters_nothing_says_so() {
    let server = metered(|_| {}).await;
    for path in ["/admin/metrics", "/admin/tenants/demo/usage"] {
        let answer = reqwest::get(server.url(path)).await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
    }
    for path in ["/admin/metrics?tenant=No", "/admin/tenants/demo/usage?days=401"] {
        let answer = server.admin(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{path}");
    }
    let post = server.admin(Method::POST, "/admin/metrics").send().await.unwrap();
    assert_eq!(post.status(), 405);
    let unknown = server.admin(Method::GET, "/admin/tenants/nobody/usage").send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    let off = Server::start().await;
    let mut budgeted = document(&[ORIGIN]);
    budgeted["budget"] = json!({"dollars_per_day": 1});
    let refused = off.put_tenant("acme", &budgeted).await;
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["faults"][0]["place"], "budget", "{problem}");
    let answer = off.admin(Method::GET, "/admin/metrics").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let problem: Value = answer.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("METERING"), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_that_are_not_metered_tell_nobody() {
    let server = Server::start_with(|setup| setup.counted = true).await;
    let _client = server.client("s-1").open().await;
    server.publisher().post(&[renamed("e-1", "s-1")]).await;
    refuse(&server, 3).await;
    sleep(Duration::from_millis(REFUSALS_EVERY_MS + 500)).await;
    let calls = server.log().events("object.called");
    assert!(calls.iter().all(|call| call["path"] != METER), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_warned_of_its_budget_and_then_slowed_down_instead_of_refused() {
    let receiver = Receiver::start().await;
    let outbound = receiver.address();
    let server = metered(|setup| {
        setup.outbound = Some(outbound);
        setup.document()["hooks"] = json!({"url": URL, "secret": HOOK_SECRET});
        // Some forty events.
        setup.document()["budget"] =
            json!({"dollars_per_day": 0.0001, "warn_at": 0.5, "pace_ms": 1_000});
    })
    .await;
    let mut number = 0;
    let kind = |hook: &Arrived| hook.body["type"].as_str().unwrap_or_default().to_owned();
    let mut told: Vec<Arrived> = Vec::new();
    while told.len() < 2 {
        server.publisher().post(&[renamed(&format!("e-{number}"), "s-1")]).await;
        number += 1;
        assert!(number < 400, "{told:?}");
        sleep(Duration::from_millis(100)).await;
        told = receiver.so_far();
        told.retain(|hook| kind(hook).starts_with("budget"));
    }
    assert_eq!([kind(&told[0]), kind(&told[1])], ["budget.warned", "budget.exceeded"]);
    assert_eq!(told[1].body["data"]["tenant"], "demo");
    let budget = usage(&server, "demo").await["budget"].clone();
    assert_eq!((&budget["level"], &budget["dollarsPerDay"]), (&json!("exceeded"), &json!(0.0001)));
    // Front Workers know it when they have compared their copies of the document.
    let start = Instant::now();
    let mut slow = 0;
    while slow < 3 {
        assert!(start.elapsed() < Duration::from_mins(1), "nothing became slower");
        let posted = Instant::now();
        let answer = server.publisher().post(&[renamed(&format!("e-{number}"), "s-1")]).await;
        assert_eq!(answer.status, 202, "nothing is refused");
        number += 1;
        slow = if posted.elapsed() > Duration::from_millis(800) { slow + 1 } else { 0 };
        sleep(Duration::from_millis(50)).await;
    }
}

/// The families of an answer, with their types, and the labels of their lines.
fn families(text: &str) -> Vec<(String, String, BTreeSet<String>)> {
    let mut families: Vec<(String, String, BTreeSet<String>)> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').unwrap();
            families.push((name.to_owned(), kind.to_owned(), BTreeSet::new()));
        } else if let Some((_, labels)) = line.split_once('{') {
            let names = labels.split(',').map(|label| label.split('=').next().unwrap().to_owned());
            families.last_mut().unwrap().2.extend(names.filter(|name| name != "le"));
        }
    }
    families
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_prints_the_families_that_dashboards_and_alerts_know_and_promtool_reads_them() {
    let server = metered(|setup| {
        setup.document()["budget"] = json!({"dollars_per_day": 1});
    })
    .await;
    let mut client = server.client("s-1").open().await;
    client.send_text(&"x".repeat(100_000)).await;
    refuse(&server, 1).await;
    until(&server, r#"roomcast_refusals_total{tenant="demo",reason="token_missing"}"#, "1").await;
    let answer = server.admin(Method::GET, "/admin/metrics").send().await.unwrap();
    let text = answer.text().await.unwrap();
    let printed = families(&text);
    for (name, kind, labels) in FAMILIES {
        let found = printed.iter().find(|family| family.0 == name);
        let (_, printed_kind, printed) = found.unwrap_or_else(|| panic!("{name} is missing"));
        let labels: BTreeSet<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!((printed_kind.as_str(), printed), (kind, &labels), "{name}");
    }
    assert_eq!(printed.len(), FAMILIES.len());
    lint(&text).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_data_points_where_there_is_a_dataset() {
    let server = metered(|setup| setup.analytics = true).await;
    server.publisher().post(&[renamed("e-1", "s-1")]).await;
    let point = server.log().wait("point.written", |_| true).await;
    assert_eq!((&point["indexes"], &point["blobs"]), (&json!(["demo"]), &json!(["s-1", "-"])));
    // Members, events, updates, bursts.
    assert_eq!(point["doubles"].as_array().unwrap()[..4], [0, 1, 1, 1].map(|one| json!(one)));
    assert_eq!(point["doubles"].as_array().unwrap().len(), 9);
}
