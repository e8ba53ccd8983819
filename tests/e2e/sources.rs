//! Events of other people's programs: `CloudEvents` as SDKs send them, webhooks of GitHub and Stripe, and signatures with a
//! private key.
//!
//! The requests are those of `tests/fixtures/`; only the signatures are made here, because they need the time.

use std::fmt::Write as _;

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac};
use reqwest::{Client as Http, RequestBuilder};
use roomcast::auth::webhook::attributes;
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};
use sha2::Sha256;

use crate::support::clock::now;
use crate::support::publisher::{answer, signature, Answer};
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::WEBHOOK_SECRET;

const GITHUB_SECRET: &str = "0123456789abcdef0123456789abcdef";
const STRIPE_SECRET: &str = "whsec_fedcba9876543210fedcba9876543210";
const PYTHON: &str = include_str!("../fixtures/cloudevents/python.json");
const JAVASCRIPT: &str = include_str!("../fixtures/cloudevents/javascript.json");
const GITHUB: &str = include_str!("../fixtures/github/deliveries.json");

/// What a shop shows of the events in the fixtures, and of Stripe's.
const SHOP: &str = r#"{
  "name": "shop", "session": "all",
  "paths": [{ "path": "/shop/live", "serves": "live" }],
  "events": [
    { "on": "order.*", "emit": "order", "key": "order:{tenant}", "keep": 20,
      "data": { "tenant": "@metadata.tenantid", "source": "@metadata.source", "total": "total" } },
    { "on": "stripe.invoice.*", "emit": "invoice", "key": "invoice:{id}", "order": "occurred_at",
      "data": { "id": "@invoice", "status": "status", "account": "@metadata.account" } }
  ]
}"#;

fn keys() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

async fn server() -> Server {
    let key = STANDARD.encode(keys().verifying_key());
    let presets = format!(r#"["sessions", "github", {SHOP}]"#);
    Server::start_with(|setup| {
        setup.document()["webhooks"] = json!([
            {"scheme": "standard", "secret": WEBHOOK_SECRET},
            {"scheme": "standard", "public_key": format!("whpk_{key}")},
            {"scheme": "github", "secret": GITHUB_SECRET},
            {"scheme": "stripe", "secret": STRIPE_SECRET},
        ]);
        setup.presets(&presets);
    })
    .await
}

/// A post with these headers.
fn post(server: &Server, headers: &[(String, String)], body: impl Into<Vec<u8>>) -> RequestBuilder {
    post_to(server, "/api/events", headers, body)
}

fn post_to(
    server: &Server,
    path: &str,
    headers: &[(String, String)],
    body: impl Into<Vec<u8>>,
) -> RequestBuilder {
    let request = Http::new().post(server.url(path)).body(body.into());
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

async fn accepted(request: RequestBuilder) -> Answer {
    let answer = answer(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer
}

async fn refused(request: RequestBuilder) -> (u16, String) {
    let Answer { status, body, .. } = answer(request.send().await.unwrap()).await;
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

/// The headers of a signature with the private key.
fn by_key(id: &str, body: &[u8]) -> Vec<(String, String)> {
    let seconds = now().seconds();
    let message = [format!("{id}.{seconds}.").as_bytes(), body].concat();
    let signature = STANDARD.encode(keys().sign(&message).to_bytes());
    let headers = [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", format!("v1a,{signature}")),
    ];
    headers.map(|(name, value)| (name.to_owned(), value)).into()
}

fn mac(secret: &str, parts: &[&[u8]]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let mac = parts.iter().fold(mac, Mac::chain_update);
    let write = |mut text: String, byte: &u8| {
        write!(text, "{byte:02x}").unwrap();
        text
    };
    mac.finalize().into_bytes().iter().fold(String::new(), write)
}

/// A request of an SDK, without a signature.
struct Unsigned {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn requests(file: &str) -> Vec<Unsigned> {
    let file: Value = serde_json::from_str(file).unwrap();
    let pair =
        |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    let request = |one: &Value| Unsigned {
        headers: one["headers"].as_object().unwrap().iter().map(pair).collect(),
        body: STANDARD.decode(one["body"].as_str().unwrap()).unwrap(),
    };
    file["requests"].as_array().unwrap().iter().map(request).collect()
}

impl Unsigned {
    /// The id with which it must be signed.
    fn id(&self) -> String {
        let attributes = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("ce-")?, value.as_str())));
        let attributes: Vec<_> = attributes.collect();
        if attributes.is_empty() {
            "msg_1".to_owned()
        } else {
            attributes::id(attributes)
        }
    }

    fn signed(&self, server: &Server) -> RequestBuilder {
        let headers = [self.headers.clone(), by_key(&self.id(), &self.body)].concat();
        post(server, &headers, self.body.clone())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sdks_of_cloud_events_send_is_seen_and_seen_once() {
    let server = server().await;
    let mut client = server.client("all").at("/shop/live").open().await;
    let requests: Vec<_> = [PYTHON, JAVASCRIPT].into_iter().flat_map(requests).collect();
    let mut expected = Vec::new();
    for request in &requests {
        let answer = accepted(request.signed(&server)).await;
        expected.extend(answer.results("eventId"));
        assert!(answer.results("status").iter().all(|status| status == "accepted"));
    }
    assert_eq!(expected.len(), 12);
    assert_eq!(expected[0], "/Grüße/100%25%20orders e-1");
    for request in &requests {
        let answer = accepted(request.signed(&server)).await;
        assert!(answer.results("status").iter().all(|status| status == "duplicate"));
    }
    let updates = client.updates_until(12).await;
    assert_eq!(updates.len(), 12);
    for update in &updates {
        let data = &update["data"];
        assert_eq!((&data["tenant"], &data["total"]), (&json!("acme"), &json!(42)));
        assert_eq!(update["correlationId"], "c-1");
    }
    assert_eq!(updates[1]["data"]["source"], "/Grüße/100% orders", "from a header");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_attributes_were_changed_on_the_way_is_refused() {
    let server = server().await;
    let requests = requests(JAVASCRIPT);
    let binary = &requests[1];
    let signed = [binary.headers.clone(), by_key(&binary.id(), &binary.body)].concat();
    let changed = |name: &str, value: &str| {
        let mut headers = signed.clone();
        headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            headers.push((name.to_owned(), value.to_owned()));
        }
        post(&server, &headers, binary.body.clone())
    };
    let refusal = (401, "signature_invalid".to_owned());
    for (name, value) in [
        ("ce-type", "order.cancelled"),
        ("ce-source", "/other"),
        ("ce-subject", ""),
        ("ce-extra", "1"),
        ("ce-specversion", ""),
        ("content-type", "application/cloudevents+json"),
    ] {
        assert_eq!(refused(changed(name, value)).await, refusal, "{name}: {value}");
    }
    let untied = [binary.headers.clone(), by_key("msg_1", &binary.body)].concat();
    assert_eq!(refused(post(&server, &untied, binary.body.clone())).await, refusal);
    assert!(server.rooms().is_empty());
    accepted(changed("", "")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_may_be_empty_and_a_malformed_event_is_named() {
    let server = server().await;
    let sent = |content_type: &str, body: &str| {
        let mut headers = by_key("msg_1", body.as_bytes());
        headers.push(("content-type".to_owned(), content_type.to_owned()));
        post(&server, &headers, body)
    };
    let batch = "application/cloudevents-batch+json; charset=utf-8";
    assert_eq!(accepted(sent(batch, "[]")).await.body, json!({"results": []}));
    let event = json!({"specversion": "1.0", "id": "1", "source": "/orders", "type": "order.x"});
    let mut old = event.clone();
    old["specversion"] = json!("0.3");
    let refused = sent(batch, &json!([event, old]).to_string()).send().await.unwrap();
    let refused = answer(refused).await;
    let error = json!({"index": 1, "field": "specversion", "reason": "must be 1.0"});
    assert_eq!((refused.status, &refused.body["errors"]), (422, &json!([error])));
    let envelope = sent("application/json", &event.to_string()).send().await.unwrap();
    assert_eq!(answer(envelope).await.body["errors"][0]["field"], "event_id");
    assert!(server.rooms().is_empty());
}

/// A delivery of GitHub, signed with a secret.
fn delivered(
    server: &Server,
    delivery: &Value,
    secret: &str,
    content_type: &str,
) -> RequestBuilder {
    let body = delivery["body"].to_string();
    let signature = format!("sha256={}", mac(secret, &[body.as_bytes()]));
    let headers = [
        ("content-type", content_type),
        ("x-github-event", delivery["event"].as_str().unwrap()),
        ("x-github-delivery", delivery["delivery"].as_str().unwrap()),
        ("x-hub-signature-256", &signature),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    post(server, &headers, body)
}

async fn read(server: &Server, what: &str) -> Value {
    let session = "octo-org:roomcast";
    let request = Http::new().get(server.url(&format!("/github/{session}/{what}")));
    request.bearer_auth(token(session).text()).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_of_github_is_shown_live() {
    let server = server().await;
    let live = "/github/octo-org:roomcast/live";
    // A count that stays the same is not sent, so there are fewer updates than numbers.
    let client = server.client("octo-org:roomcast").at(live).asking("topics=*");
    let mut client = client.open().await;
    let deliveries: Vec<Value> = serde_json::from_str(GITHUB).unwrap();
    let json = "application/json";
    let mut last = 0;
    for delivery in &deliveries {
        let answer = accepted(delivered(&server, delivery, GITHUB_SECRET, json)).await;
        last = answer.results("seq").first().and_then(Value::as_u64).unwrap_or(last);
    }
    let updates = client.updates_until(last).await;
    let merged = |update: &&Value| update["data"]["merged"] == true;
    assert_eq!(updates.iter().find(merged).unwrap()["data"]["number"], 7);
    assert_eq!(read(&server, "pulls").await, json!({"open": 1, "closed": 1}));
    assert_eq!(read(&server, "issues").await, json!({"open": 0, "closed": 1}));
    let runs = read(&server, "runs").await;
    assert_eq!(
        [&runs["succeeded"], &runs["failed"], &runs["running"], &runs["total"]],
        [&json!(1), &json!(1), &json!(0), &json!(2)]
    );
    // Somebody who captured a delivery sends it again, under an id that was never there, or as another event.
    for (position, name, status) in [(2, "pull_request", 202), (11, "issues", 422)] {
        let mut again = deliveries[position].clone();
        again["delivery"] = json!("00000000-0000-0000-0000-000000000000");
        again["event"] = json!(name);
        let again = delivered(&server, &again, GITHUB_SECRET, json).send().await.unwrap();
        let again = answer(again).await;
        assert_eq!(again.status, status, "{}", again.body);
        if status == 202 {
            assert_eq!(again.results("status"), ["duplicate"]);
        }
    }
    let of_other = delivered(&server, &deliveries[2], "another secret of GitHub", json);
    assert_eq!(refused(of_other).await, (401, "signature_invalid".to_owned()));
    let form = "application/x-www-form-urlencoded";
    let as_form = delivered(&server, &deliveries[2], GITHUB_SECRET, form);
    assert_eq!(refused(as_form).await, (415, "unsupported_media_type".to_owned()));
}

/// An event of Stripe, signed at a time.
fn of_stripe(server: &Server, body: &str, at: Timestamp, secret: &str) -> RequestBuilder {
    let time = at.seconds().to_string();
    let digest = mac(secret, &[time.as_bytes(), b".", body.as_bytes()]);
    let wrong = "0".repeat(64);
    let signature = format!("t={time},v1={wrong},v1={digest},v0={wrong}");
    let headers =
        [("content-type", "application/json; charset=utf-8"), ("stripe-signature", &signature)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    post(server, &headers, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_stripe_is_shown_once_and_only_if_it_is_fresh() {
    let server = server().await;
    let mut client = server.client("all").at("/shop/live").open().await;
    let body = json!({"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1_795_597_140,
        "account": "acct_1", "livemode": false,
        "data": {"object": {"id": "in_1", "object": "invoice", "status": "paid"}}});
    let body = body.to_string();
    let answer = accepted(of_stripe(&server, &body, now(), STRIPE_SECRET)).await;
    assert_eq!(
        (answer.results("eventId"), answer.results("status")),
        (vec![json!("evt_1")], vec![json!("accepted")])
    );
    let again = of_stripe(&server, &body, Timestamp(now().0 - 60_000), STRIPE_SECRET);
    assert_eq!(accepted(again).await.results("status"), ["duplicate"], "signed anew");
    let update = client.next_frame().await;
    assert_eq!(update["timestamp"], "2026-11-25T08:59:00.000Z");
    assert_eq!(update["data"], json!({"id": "in_1", "status": "paid", "account": "acct_1"}));
    let old = of_stripe(&server, &body, Timestamp(now().0 - 310_000), STRIPE_SECRET);
    assert_eq!(refused(old).await, (401, "signature_stale".to_owned()));
    let invalid = (401, "signature_invalid".to_owned());
    let by_other = of_stripe(&server, &body, now(), WEBHOOK_SECRET);
    assert_eq!(refused(by_other).await, invalid, "a standard secret is none of Stripe's");
    let standard = signature(WEBHOOK_SECRET, now(), body.as_bytes());
    let mixed = of_stripe(&server, &body, now(), STRIPE_SECRET);
    let mixed = standard.into_iter().fold(mixed, |mixed, (name, value)| mixed.header(name, value));
    assert_eq!(refused(mixed).await, invalid, "two right signatures");
}

/// GitHub and Stripe tell a tenant what happens there. Whose connections end is not theirs to say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_backends_revoke_and_no_third_party_whose_events_are_taken() {
    let server = server().await;
    let mut ada = server.client("s-1").open().await;
    let order = r#"{"user":"ada"}"#;
    let seconds = now().seconds().to_string();
    let (github, stripe) = (
        mac(GITHUB_SECRET, &[order.as_bytes()]),
        mac(STRIPE_SECRET, &[seconds.as_bytes(), b".", order.as_bytes()]),
    );
    let by_github = vec![
        ("x-github-event".to_owned(), "ping".to_owned()),
        ("x-github-delivery".to_owned(), "d-1".to_owned()),
        ("x-hub-signature-256".to_owned(), format!("sha256={github}")),
    ];
    let by_stripe = vec![("stripe-signature".to_owned(), format!("t={seconds},v1={stripe}"))];
    let sent = |headers: &[(String, String)]| {
        let request = post_to(&server, "/api/revocations", headers, order);
        request.header("content-type", "application/json")
    };
    for headers in [&by_github, &by_stripe] {
        assert_eq!(refused(sent(headers)).await, (401, "signature_invalid".to_owned()));
        // As an event it is trusted, though it is none.
        let event = post(&server, headers, order).header("content-type", "application/json");
        assert_ne!(event.send().await.unwrap().status(), 401, "{headers:?}");
    }
    ada.ping().await;
    let by_backend = by_key("msg_1", order.as_bytes());
    let mixed = [by_backend.clone(), by_github].concat();
    assert_eq!(refused(sent(&mixed)).await, (401, "signature_invalid".to_owned()));
    ada.ping().await;
    assert_eq!(sent(&by_backend).send().await.unwrap().status(), 200);
    assert_eq!(ada.expect_close().await, (4401, "token_revoked".to_owned()));
}
