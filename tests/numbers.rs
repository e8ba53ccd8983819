//! Numbers of a payload reach the dashboard as they were posted: what JavaScript reads there is what it would have read in the post.
//!
//! They are not kept letter by letter: `1.50` arrives as `1.5`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use roomcast::ingest::dispatch::{Batch, Pointers};
use roomcast::ingest::envelope::decode;
use roomcast::preset::presets::Presets;

/// The number as a room sends it.
fn sent(number: &str) -> String {
    let event = format!(
        r#"{{"event_id": "e", "event_type": "dq_scores.computed", "aggregate_type": "Cycle",
            "aggregate_id": "c-1", "occurred_at": "2026-01-07T10:00:00Z",
            "payload": {{"session_id": "s-1", "scores": [], "overall": {number}}}}}"#
    );
    let presets = Presets::parse("sessions").unwrap();
    let events = decode(event.as_bytes()).unwrap();
    let dispatch = Batch::new(&presets, events).unwrap().dispatch(&Pointers::new()).unwrap();
    let content = &dispatch.deliveries.first().unwrap().updates.first().unwrap().content;
    let (_, rest) = content.split_once(r#""overallScore":"#).unwrap();
    rest.split(['}', ',']).next().unwrap().to_owned()
}

/// What JavaScript makes of a number: the double that is nearest to it.
fn double(text: &str) -> u64 {
    text.parse::<f64>().unwrap().to_bits()
}

fn decimal() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,24})\\.[0-9]{1,24}",
        "-?[1-9]\\.[0-9]{1,24}e-?[1-9][0-9]{0,1}",
        "-?(0|[1-9][0-9]{0,30})",
        any::<f64>()
            .prop_filter("JSON has no others", |it| it.is_finite())
            .prop_map(|it| format!("{it:e}")),
    ]
}

#[test]
fn numbers_that_are_easily_rounded_wrongly_arrive_unchanged() {
    for number in [
        "91.66666666666667",
        "0.30000000000000004",
        "9007199254740993.5",
        "9007199254740993",
        "18446744073709551617",
        "0.1",
        "-0.0",
        "5e-324",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "1.00000000000000011102230246251565404236316680908203125",
        "0.000244140625",
        "64.0000000000000071",
    ] {
        assert_eq!(double(&sent(number)), double(number), "{number}: {}", sent(number));
    }
    assert_eq!(sent("9007199254740993"), "9007199254740993", "a whole number keeps all its digits");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_number_arrives_unchanged(number in decimal()) {
        prop_assert_eq!(double(&sent(&number)), double(&number), "{}: {}", number, sent(&number));
    }
}
