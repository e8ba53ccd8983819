//! Posts of all sources: only what was signed with a secret of its scheme is believed, and what is decoded is within the same
//! limits whatever it comes from.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use roomcast::auth::webhook::attributes;
use roomcast::auth::webhook::{sign, verify, WebhookSecrets};
use roomcast::ingest::cloudevents;
use roomcast::ingest::source::Source;
use roomcast::preset::faults;
use roomcast::preset::presets::Presets;
use roomcast::protocol::post::{PostHeaders, Scheme};
use roomcast::protocol::trace::TraceParent;
use serde_json::{json, Value};
use sha2::Sha256;

use super::posts::{checked, dispatched};
use crate::parts::{given, join, split};
use crate::seeds;
use crate::stage::NOW;

const STANDARD_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const GITHUB_SECRET: &str = "0123456789abcdef";
const STRIPE_SECRET: &str = "whsec_0123456789abcdef";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

thread_local! {
    static PRESETS: Presets = Presets::parse("sessions admin projects stats github").unwrap();
}

fn secrets() -> WebhookSecrets {
    let text = format!("{STANDARD_SECRET} github:{GITHUB_SECRET} stripe:{STRIPE_SECRET}");
    WebhookSecrets::parse(&text).unwrap()
}

/// The headers as text, without the body, which is the last of the parts.
fn headers(input: &[u8]) -> Option<[&str; 10]> {
    let parts: [&[u8]; 11] = split(input);
    let mut texts = [""; 10];
    for (text, part) in texts.iter_mut().zip(parts) {
        *text = str::from_utf8(part).ok()?;
    }
    Some(texts)
}

/// The headers as a post has them: nine in their order, then the lines of the others.
fn of_a_post<T: AsRef<str>>(texts: &[T; 10]) -> PostHeaders<'_> {
    let [named @ .., lines] = texts.each_ref().map(|text| given(text.as_ref()));
    PostHeaders::of(named).with(lines.unwrap_or_default())
}

fn body(input: &[u8]) -> &[u8] {
    let parts: [&[u8]; 11] = split(input);
    parts[10]
}

/// The target `sources`: headers and a body, decoded by each scheme as if it were signed.
pub(super) fn sources(input: &[u8]) {
    let Some(texts) = headers(input) else { return };
    let headers = of_a_post(&texts);
    let body = body(input);
    for scheme in [Scheme::Standard, Scheme::GitHub, Scheme::Stripe] {
        let source = Source::of(&headers, scheme);
        let trace = headers.trace.and_then(TraceParent::parse);
        let Some(events) = checked(source.decode(body, NOW, trace.as_ref())) else { continue };
        let again = source.decode(body, NOW, trace.as_ref());
        assert_eq!(again.as_ref(), Ok(&events), "what is sent again is another event");
        PRESETS.with(|presets| drop(dispatched(presets, events)));
    }
    one_is_a_batch_of_one(body);
}

fn one_is_a_batch_of_one(body: &[u8]) {
    let Ok(one) = cloudevents::structured(body, NOW) else { return };
    let batch = [b"[", body, b"]"].concat();
    if let Ok(events) = cloudevents::batch(&batch, NOW) {
        assert_eq!(events, one);
    }
}

/// The target `signatures`: headers and a body. `SIGNED`, `HUB`, `STRIPE` and `TIED` stand for what is right for them.
pub(super) fn signatures(input: &[u8]) {
    let Some(texts) = headers(input) else { return };
    let body = body(input);
    let [_, _, id, timestamp, ..] = texts;
    let lines = texts[9];
    let tied = tied(lines);
    let id = id.replace("TIED", &tied);
    let right = Right::of(&id, timestamp, body);
    let texts = texts.map(|text| right.filled(text).replace("TIED", &tied));
    let headers = of_a_post(&texts);
    let Ok(signed) = verify(&secrets(), &headers, body, NOW) else { return };
    assert!(signed.at.0.abs_diff(NOW.0) <= 300_000, "signed at another time");
    // The place of its header in the order of `of_a_post`.
    let (place, right) = match signed.scheme {
        Scheme::Standard => (4, &right.standard),
        Scheme::GitHub => (6, &right.github),
        Scheme::Stripe => (7, &right.stripe),
    };
    let header = given(&texts[place]);
    assert!(header.is_some_and(|header| header.contains(right.as_str())), "forged: {header:?}");
}

/// What signatures are right for a body.
struct Right {
    standard: String,
    github: String,
    stripe: String,
}

impl Right {
    fn of(id: &str, timestamp: &str, body: &[u8]) -> Self {
        let key = STANDARD.decode(STANDARD_SECRET.trim_start_matches("whsec_")).unwrap();
        let head = format!("{id}.{timestamp}.");
        let standard = STANDARD.encode(mac(&key, head.as_bytes(), body));
        let github = hex(&mac(GITHUB_SECRET.as_bytes(), b"", body));
        let head = format!("{}.", NOW.seconds());
        let stripe = hex(&mac(STRIPE_SECRET.as_bytes(), head.as_bytes(), body));
        Self { standard, github, stripe }
    }

    fn filled(&self, text: &str) -> String {
        let text = text.replace("SIGNED", &self.standard).replace("HUB", &self.github);
        text.replace("STRIPE", &self.stripe)
    }
}

/// The id for these attributes.
fn tied(lines: &str) -> String {
    let headers = PostHeaders { specversion: Some("1.0"), ..PostHeaders::default() }.with(lines);
    attributes::id(headers.attributes.iter().copied())
}

fn mac(key: &[u8], head: &[u8], body: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(head).chain_update(body).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The target `secrets`: a setting, and an entry of a document.
pub(super) fn secret_texts(input: &[u8]) {
    let [setting, entry] = split(input);
    if let Ok(setting) = str::from_utf8(setting) {
        match WebhookSecrets::parse(setting) {
            Ok(secrets) => assert!(sign(&secrets, "m", NOW, b"").starts_with("v1,")),
            Err(reason) => assert!(!reason.contains("hunter2")),
        }
    }
    let Ok(entry) = serde_json::from_slice::<Value>(entry) else { return };
    // As the document of a tenant is read.
    if let Err(fault) = faults::read::<WebhookSecrets>(entry) {
        assert!(!fault.reason.contains("hunter2"), "{fault}");
    }
}

/// Seeds of `sources` and `signatures`: what SDKs, GitHub and Stripe send.
pub(super) fn posts() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for sdk in ["javascript", "python"] {
        let fixtures = seeds::json(&format!("tests/fixtures/cloudevents/{sdk}.json"));
        for request in fixtures["requests"].as_array().unwrap() {
            let body = STANDARD.decode(request["body"].as_str().unwrap_or_default()).unwrap();
            all.push(standard(&request["headers"], &body));
        }
    }
    for delivery in seeds::json("tests/fixtures/github/deliveries.json").as_array().unwrap() {
        let text = |name: &str| delivery[name].as_str().unwrap().to_owned();
        let lines =
            format!("x-github-event:{}\nx-github-delivery:{}", text("event"), text("delivery"));
        let body = delivery["body"].to_string();
        all.push(join(&[
            "application/json",
            "",
            "",
            "",
            "",
            "",
            "sha256=HUB",
            "",
            "",
            &lines,
            &body,
        ]));
    }
    let stripe = json!({"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1_767_780_000,
        "data": {"object": {"id": "in_1", "object": "invoice", "total": 100}, "previous_attributes": {"total": 1}},
        "livemode": false})
    .to_string();
    let signature = format!("t={},v1=STRIPE,v0=00", NOW.seconds());
    all.push(join(&["application/json", "", "", "", "", "", "", &signature, TRACE, "", &stripe]));
    let event = seeds::events("projects")[0].to_string();
    all.push(standard(&json!({"content-type": "application/json"}), event.as_bytes()));
    all
}

/// A post that is signed as in Standard Webhooks.
fn standard(headers: &Value, body: &[u8]) -> Vec<u8> {
    let text = |name: &str| headers[name].as_str().unwrap_or_default();
    let named = headers.as_object().unwrap().iter();
    let lines = named.filter(|(name, _)| name.starts_with("ce-"));
    let lines = lines.map(|(name, value)| format!("{name}:{}", value.as_str().unwrap_or_default()));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let id = if lines.is_empty() { "msg_1" } else { "TIED" };
    let timestamp = NOW.seconds().to_string();
    let parts = [
        text("content-type"),
        "",
        id,
        &timestamp,
        "v1a,AAAA v1,SIGNED",
        text("ce-specversion"),
        "",
        "",
        TRACE,
        &lines,
    ];
    let mut all = join(&parts);
    all.push(crate::parts::SEPARATOR);
    all.extend_from_slice(body);
    all
}

/// Seeds of `secrets`: one of each scheme, and some that are none.
pub(super) fn settings() -> Vec<Vec<u8>> {
    let setting = format!(
        "{STANDARD_SECRET} whpk_/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU= github:hunter2hunter2hunter2 stripe:whsec_hunter2hunter2hunter2"
    );
    let entries = json!([{"scheme": "standard", "secret": STANDARD_SECRET},
        {"scheme": "standard", "public_key": "whpk_/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU="},
        {"scheme": "github", "secret": "hunter2hunter2hunter2"},
        {"scheme": "stripe", "secret": "whsec_hunter2hunter2hunter2"}]);
    vec![join(&[setting, entries.to_string()]), join(&["stripe:hunter2", "[\"hunter2\"]"])]
}
