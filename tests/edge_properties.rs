//! Ring 2: parsing never panics, whatever comes in from outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::auth::token::{self, TokenPolicy};
use roomcast::auth::webhook::{self, WebhookSecrets};
use roomcast::dialect::Received;
use roomcast::hop::delivery;
use roomcast::hop::join::Join;
use roomcast::ingest::dispatch::{Batch, Pointers};
use roomcast::ingest::envelope::decode;
use roomcast::ingest::github::Delivery;
use roomcast::ingest::source::Source;
use roomcast::limits::{RoomLimits, LOG_TEXT_BYTES};
use roomcast::preset::presets::Presets;
use roomcast::protocol::client_frame::ClientFrame;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::form::Form;
use roomcast::protocol::ids::{is_name, Epoch, Position, RoomName, SessionId};
use roomcast::protocol::post::{GitHubHeaders, PostHeaders};
use roomcast::protocol::surrogates;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::wire::WireForm;
use roomcast::record::Line;
use roomcast::room::row::{BurstRow, CheckpointRow};
use roomcast::room::seen::{Leaving, Seen};
use serde_json::{json, Map, Value};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("message"),
        Just("progress"),
        Just("cycle_id"),
        Just("cycleId"),
        Just("component_type"),
        Just("session_id"),
        Just("scores"),
        Just("content"),
        Just("id"),
        Just("role"),
        Just("title"),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// A burst as it is stored: the joined texts of its updates, and the key and length of each.
#[derive(Debug, Clone)]
struct StoredBurst {
    first: u64,
    texts: Vec<String>,
}

/// Any stored burst. Its texts are not empty, because an encoded update never is.
fn a_stored_burst() -> impl Strategy<Value = StoredBurst> {
    (1_u64..1_000, vec("[a-z,é日{}]{1,8}", 1..6))
        .prop_map(|(first, texts)| StoredBurst { first, texts })
}

impl StoredBurst {
    fn last(&self) -> u64 {
        self.first + self.texts.len() as u64 - 1
    }

    fn lengths(&self) -> Vec<usize> {
        self.texts.iter().map(String::len).collect()
    }

    /// The row in which everything is consistent.
    fn row(&self) -> BurstRow {
        self.row_of(&self.texts.join(","), self.last(), &self.lengths())
    }

    fn row_of(&self, body: &str, last: u64, lengths: &[usize]) -> BurstRow {
        let meta: Vec<Value> =
            lengths.iter().map(|length| json!({"key": "k", "bytes": length})).collect();
        BurstRow {
            number: 1,
            first: self.first,
            last,
            body: body.into(),
            meta: json!(meta).to_string(),
        }
    }

    /// Rows in which one thing is wrong by one.
    fn near_misses(&self, which: usize) -> Vec<BurstRow> {
        let (body, last, lengths) = (self.texts.join(","), self.last(), self.lengths());
        let with_length = |change: fn(usize) -> usize| {
            let mut wrong = lengths.clone();
            let at = which % wrong.len();
            wrong[at] = change(wrong[at]);
            self.row_of(&body, last, &wrong)
        };
        let cut: String = body.chars().take(body.chars().count() - 1).collect();
        vec![
            with_length(|length| length + 1),
            with_length(|length| length - 1),
            self.row_of(&body, last + 1, &lengths),
            self.row_of(&body, last - 1, &lengths),
            self.row_of(&body, last, &lengths[1..]),
            self.row_of(&cut, last, &lengths),
            self.row_of(&format!("{body},"), last, &lengths),
        ]
    }
}

/// A unit of UTF-16, whether to write it as a plain character if possible, and whether to write an escape in upper
/// case.
type Unit = (u16, bool, bool);

/// Surrogates, units next to the range of surrogates, and texts that only look like the escape of a surrogate.
fn any_units() -> impl Strategy<Value = Vec<Unit>> {
    let others = vec![0x20, 0x22, 0x41, 0x5c, 0x75, 0xd7ff, 0xe000, 0xfffd];
    let unit = prop_oneof![0xd800_u16..0xdc00, 0xdc00_u16..0xe000, prop::sample::select(others)];
    let looks_like_it = r"\ud83c".encode_utf16().map(|unit| (unit, true, false)).collect();
    let some = prop_oneof![
        4 => (unit, any::<bool>(), any::<bool>()).prop_map(|unit| vec![unit]),
        1 => Just::<Vec<Unit>>(looks_like_it),
    ];
    vec(some, 0..24).prop_map(|units| units.concat())
}

/// A unit in JSON: as a plain character if possible, else as an escape in upper or lower case.
fn written((unit, plain, upper): Unit) -> String {
    match char::from_u32(u32::from(unit)) {
        Some(whole) if plain => {
            let quoted = json!(whole.to_string()).to_string();
            let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            inner.unwrap().to_owned()
        }
        _ if upper => format!("\\u{unit:04X}"),
        _ => format!("\\u{unit:04x}"),
    }
}

const KINDS: [&str; 11] = [
    "session.created",
    "session.renamed",
    "cycle.created",
    "cycle.branched",
    "component.started",
    "component.completed",
    "component.output_updated",
    "message.sent",
    "pugh_scores.computed",
    "dq_scores.computed",
    "cycle.completed",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_payload_is_mapped_or_refused(kind in prop::sample::select(&KINDS), payload in any_json()) {
        let event = json!({"event_id": "e", "event_type": kind, "aggregate_type": "Session",
            "aggregate_id": "s-1", "occurred_at": "2026-01-07T10:00:00Z", "payload": payload});
        let preset = Presets::parse("sessions").unwrap();
        if let Ok(events) = decode(event.to_string().as_bytes()) {
            let dispatch = Batch::new(&preset, events).map(|batch| batch.dispatch(&Pointers::new()));
            for delivery in dispatch.into_iter().flatten().flat_map(|dispatch| dispatch.deliveries) {
                for update in delivery.updates {
                    let frame = format!("{{{}}}", update.content);
                    prop_assert!(serde_json::from_str::<Value>(&frame).is_ok(), "{frame}");
                }
            }
        }
    }

    #[test]
    fn any_body_is_decoded_or_refused(body in vec(any::<u8>(), 0..200), value in any_json()) {
        let _ = decode(&body);
        let _ = decode(value.to_string().as_bytes());
    }

    #[test]
    fn any_body_of_any_source_is_decoded_or_refused(
        body in vec(any::<u8>(), 0..100),
        value in any_json(),
        part in 0..8_usize,
        header in any::<String>(),
    ) {
        let mut whole = json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "created": 1,
            "data": {"object": {"id": "1", "object": "o"}}, "action": "a", "pull_request": {}, "number": 1,
            "repository": {"full_name": "a/b"}});
        let field = ["id", "source", "type", "data", "created", "action", "pull_request", "repository"][part];
        whole[field] = value;
        let attributes = [("id", header.as_str()), ("source", "s"), ("specversion", "1.0"), ("type", "t")];
        let github = |event| Source::GitHub(Delivery { event, id: Some(&header) });
        let sources = [Source::Envelope, Source::Structured, Source::Batch, Source::Binary(&attributes),
            github(Some("pull_request")), github(Some(&header)), github(None), Source::Stripe];
        for source in sources {
            for body in [&body[..], whole.to_string().as_bytes(), json!([whole]).to_string().as_bytes()] {
                if let Ok(events) = source.decode(body, Timestamp(0), None) {
                    prop_assert!(events.iter().all(|event| is_name(&event.id) && is_name(&event.kind)));
                    let times = events.iter().map(|event| Timestamp::from_rfc3339(&event.occurred_at));
                    prop_assert!(times.into_iter().all(|time| time.is_some()));
                }
            }
        }
    }

    #[test]
    fn any_text_in_utf_16_is_read_as_a_lossy_decoder_reads_it(units in any_units()) {
        let text: String = units.iter().map(|unit| written(*unit)).collect();
        let wanted: String = char::decode_utf16(units.iter().map(|(unit, ..)| *unit))
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let body = format!(r#"{{"{text}":["{text}",{{"x":"{text}"}}]}}"#);
        let mended = surrogates::mended(body.as_bytes());
        prop_assert_eq!(mended.len(), body.len());
        let read: Value = serde_json::from_slice(&mended).unwrap();
        prop_assert_eq!(read, json!({wanted.clone(): [wanted.clone(), {"x": wanted}]}), "{}", body);
    }

    #[test]
    fn any_text_makes_a_log_line_that_is_short_and_hides_nothing(text in any::<String>(), times in 1_usize..40) {
        let session = text.repeat(times);
        let line = Line::Refused { tenant: "demo", session: &session, origin: None, status: 400, reason: "r" };
        let line = line.encode();
        prop_assert!(line.len() < LOG_TEXT_BYTES + 120, "{}", line);
        prop_assert!(!line.contains(|c: char| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c)), "{}", line);
        let read: Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&read["reason"], "r");
    }

    #[test]
    fn a_text_without_lone_surrogates_is_not_changed(value in any_json(), text in any::<String>()) {
        for text in [value.to_string(), json!(text).to_string()] {
            prop_assert!(matches!(surrogates::mended(text.as_bytes()), Cow::Borrowed(_)), "{}", text);
        }
    }

    #[test]
    fn any_text_is_an_id_a_frame_or_an_error(text in any::<String>()) {
        let _ = (text.parse::<SessionId>(), text.parse::<Position>(), text.parse::<RoomName>());
        let _ = (ClientFrame::parse(&text), Join::decode(&text), delivery::decode(text.as_bytes()));
    }

    #[test]
    fn any_json_is_a_frame_or_an_error(value in any_json()) {
        let _ = ClientFrame::parse(&value.to_string());
    }

    #[test]
    fn any_document_is_read_or_refused(value in any_json(), text in any::<String>(), part in 0..6_usize) {
        let _ = Presets::parse(&text);
        let _ = Presets::parse(&value.to_string());
        let field = ["events", "tallies", "paths", "wire", "session", "room"][part];
        let mut document = json!({"name": "n", "session": "all",
            "events": [{"on": "a", "emit": "a", "key": "k", "data": {}}]});
        document[field] = value;
        let _ = Presets::parse(&document.to_string());
    }

    #[test]
    fn whatever_a_form_is_its_frame_is_json(form in any_json(), data in any_json(), spread in any::<bool>()) {
        let form = match form {
            Value::Object(mut fields) if spread => {
                fields.insert("...".to_owned(), "@data".into());
                fields.insert("t".to_owned(), "@none".into());
                Value::Object(fields)
            }
            form => json!(["@data", form, "@none"]),
        };
        let data = match data {
            Value::Object(fields) => Value::Object(fields).to_string(),
            _ => "{}".to_owned(),
        };
        let form: Form = serde_json::from_value(form).unwrap();
        let values = |name: &str| (name == "data").then_some(Cow::Borrowed(data.as_str()));
        let text = form.fill(&values);
        prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }

    #[test]
    fn any_text_is_a_frame_of_a_document_or_an_error(text in any::<String>(), value in any_json()) {
        let wire = json!({"update": "@data", "accepts": [
            {"when": {"id": null}, "do": "subscribe", "topic": "t:{content}", "ref": "title"},
            {"when": {"role": true}, "do": "unsubscribe", "topic": "{message.id}"}]});
        let wire: WireForm = serde_json::from_value(wire).unwrap();
        let dialect = Dialect::Json(wire.into());
        let _ = dialect.decode(Received::Text(&text));
        let _ = dialect.decode(Received::Text(&value.to_string()));
    }

    #[test]
    fn any_token_and_signature_is_verified_or_refused(text in "[A-Za-z0-9._,= -]{0,200}", body in vec(any::<u8>(), 0..50)) {
        let policy = TokenPolicy::shared([1; 32]).unwrap();
        prop_assert!(token::verify(&policy, &text, Timestamp(0)).is_err());
        let secrets = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3 whpk_/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU= \
            github:0123456789abcdef stripe:whsec_0123456789abcdef";
        let secrets = WebhookSecrets::parse(secrets).unwrap();
        let standard = PostHeaders { id: Some(&text), timestamp: Some("0"), signature: Some(&text), ..PostHeaders::default() };
        let listed = format!("v1a,{text}");
        let by_key = PostHeaders { signature: Some(&listed), ..standard.clone() };
        let github = GitHubHeaders { signature: Some(&text), ..GitHubHeaders::default() };
        let github = PostHeaders { github, ..PostHeaders::default() };
        let stripe = PostHeaders { stripe: Some(&text), ..PostHeaders::default() };
        for headers in [standard, by_key, github, stripe] {
            prop_assert!(webhook::verify(&secrets, &headers, &body, Timestamp(0)).is_err());
        }
    }

    #[test]
    fn a_stored_burst_is_split_into_the_updates_that_were_stored(burst in a_stored_burst()) {
        let (row, last) = (burst.row(), burst.last());
        let read: Vec<(u64, &str)> =
            row.updates().unwrap().into_iter().map(|(seq, _, text)| (seq, text)).collect();
        let put_in: Vec<(u64, &str)> =
            (burst.first..).zip(burst.texts.iter().map(String::as_str)).collect();
        prop_assert_eq!(&read, &put_in);
        // A client that has seen the whole burst needs no part of it, so `last` is left out.
        for after in burst.first - 1..last {
            let missed: Vec<&str> =
                put_in.iter().filter(|(seq, _)| *seq > after).map(|(_, text)| *text).collect();
            let missed = missed.join(",");
            prop_assert_eq!(row.body_after(after), Ok(missed.as_str()), "after {}", after);
        }
    }

    #[test]
    fn a_stored_burst_in_which_one_thing_is_wrong_is_refused(
        burst in a_stored_burst(),
        which in any::<usize>(),
        after in 0_u64..1_010,
    ) {
        for row in burst.near_misses(which) {
            prop_assert!(row.updates().is_err(), "{:?}", row);
            let _ = row.body_after(after).map(str::len);
        }
    }

    #[test]
    fn any_stored_row_is_read_or_refused(body in ".{0,30}", meta in any_json(), after in any::<u64>()) {
        let (first, last) = (after / 2, after);
        let burst = BurstRow { number: 1, first, last, body: body.as_str().into(), meta: meta.to_string() };
        let _ = (burst.updates().map(|updates| updates.len()), burst.body_after(after).map(str::len));
        let leaving = Leaving { unsure_until: Timestamp(0), groups: meta.to_string() };
        let mut seen = Seen::new(&Epoch::none(), &RoomLimits::default());
        let _ = seen.restore(&leaving).is_ok();
        let _ = CheckpointRow { number: 1, seq: 1, body, meta: meta.to_string(), leaving, tallies: String::new() }.state().is_ok();
    }
}
