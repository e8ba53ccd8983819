use serde_json::{json, Value};

use super::*;
use crate::auth::secret::Secret;
use crate::protocol::rule::Rule;
use crate::tenant::budget::Budget;

fn document(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({
        "origins": ["https://app.acme.test"],
        "hosts": ["Live.Acme.Test"],
        "tokens": {"issuer": "https://id.acme.test",
            "keys": [{"alg": "HS256", "secret": "0123456789abcdef0123456789abcdef"}]},
        "webhooks": [{"scheme": "standard", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}],
    });
    change(&mut document);
    document
}

fn read_as_acme(document: Value) -> Result<Described, Vec<Fault>> {
    parse("acme".parse().unwrap(), document)
}

fn faults(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let faults = read_as_acme(document(change)).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_document_says_little_and_the_rest_has_defaults() {
    let Described { tenant, hosts } = read_as_acme(document(|_| {})).unwrap();
    assert_eq!(hosts, ["live.acme.test"]);
    assert_eq!(tenant.tokens.issuer.as_deref(), Some("https://id.acme.test"));
    assert_eq!(tenant.tokens.audience.as_deref(), Some("roomcast:acme"));
    assert_eq!(tenant.limits, Limits::default());
    assert_eq!(tenant.access, Access::Open);
    assert_eq!(tenant.presets.get(0).unwrap().name.as_str(), "sessions");
}

#[test]
fn a_limit_can_be_changed_and_taken_away() {
    let change = |document: &mut Value| {
        document["limits"] = json!({"connections_per_user": null, "events_per_second": 100});
    };
    let limits = read_as_acme(document(change)).unwrap().tenant.limits;
    assert_eq!((limits.connections_per_user, limits.events_per_second), (None, Some(100)));
    assert_eq!(limits.attempts_per_minute, Some(100), "as by default");
}

#[test]
fn rooms_spread_over_relays_from_as_many_members_as_the_tenant_says_or_not_at_all() {
    let above = |value: Value| {
        read_as_acme(document(|document| document["limits"] = json!({ "spread_above": value })))
            .map(|described| described.tenant.limits.spread_above)
    };
    assert_eq!(above(json!(1)).unwrap(), Some(1));
    assert_eq!(above(Value::Null).unwrap(), None);
    for wrong in [0, 10_001] {
        let faults = above(json!(wrong)).unwrap_err();
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["limits.spread_above: must be 1 to 10000, or null"]);
    }
}

#[test]
fn a_tenant_says_for_how_long_its_rooms_are_kept_and_whether_anybody_may_be_in_them() {
    let rule = |change: fn(&mut Value)| read_as_acme(document(change)).unwrap().tenant.rule();
    assert_eq!(rule(|_| {}), Rule::default());
    let week = Rule { suspended: true, retention_ms: 7 * DAY_MS, hooks: false };
    assert_eq!(
        rule(|document| {
            document["access"] = json!("suspended");
            document["retention_days"] = json!(7);
        }),
        week
    );
    assert_eq!(rule(|document| document["retention_days"] = Value::Null), Rule::default());
}

#[test]
fn rooms_are_told_whether_the_tenant_has_hooks_and_what_is_wrong_with_them_is_named() {
    let with = |url: &str| {
        let hooks = json!({"url": url, "secret": "whsec_enp6enp6enp6enp6enp6enp6enp6enp6"});
        move |document: &mut Value| document["hooks"] = hooks
    };
    let tenant = read_as_acme(document(with("https://hooks.acme.test/in"))).unwrap().tenant;
    assert_eq!(tenant.rule(), Rule { hooks: true, ..Rule::default() });
    let wrong = faults(with("http://127.0.0.1:8080/"));
    assert_eq!(wrong, ["hooks.url: must begin with https://"]);
    let missing = faults(|document| document["hooks"] = json!({"url": "https://a.test"}));
    assert_eq!(missing, ["hooks: missing field `secret`"]);
}

#[test]
fn a_tenant_says_what_a_day_may_cost_and_what_is_wrong_with_that_is_named() {
    let with = |budget: Value| move |document: &mut Value| document["budget"] = budget;
    let read = |budget: Value| read_as_acme(document(with(budget))).unwrap().tenant.budget;
    let all = json!({"dollars_per_day": 2.5, "warn_at": 0.9, "pace_ms": 2_000});
    let budget = Budget { dollars_per_day: 2.5, warn_at: 0.9, pace_ms: Some(2_000) };
    assert_eq!((read(all), read(Value::Null)), (Some(budget), None));
    let wrong = faults(with(json!({"dollars_per_day": 0, "warn_at": 2, "pace_ms": 1.5})));
    let places: Vec<_> = wrong.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(places, ["budget.dollars_per_day", "budget.warn_at", "budget.pace_ms"]);
    let missing = faults(with(json!({"pace_ms": 2_000})));
    assert_eq!(missing, ["budget: missing field `dollars_per_day`"]);
    let misspelt = faults(with(json!({"dollars_per_day": 1, "pace": 2_000})));
    assert!(misspelt[0].starts_with("budget.pace: unknown field"), "{misspelt:?}");
    let text = faults(with(json!({"dollars_per_day": "2.5"})));
    assert!(text[0].starts_with("budget.dollars_per_day: must be"), "{text:?}");
}

#[test]
fn rooms_are_kept_for_whole_days_from_one_to_a_year() {
    for days in [1, RETENTION_DAYS] {
        let tenant = read_as_acme(document(|document| document["retention_days"] = json!(days)));
        assert_eq!(tenant.unwrap().tenant.retention_ms, days * DAY_MS);
    }
    for days in [json!(0), json!(366), json!(-1), json!(1.5), json!(1e300)] {
        let wrong = faults(|document| document["retention_days"] = days.clone());
        assert_eq!(wrong, ["retention_days: must be a whole number from 1 to 365"], "{days}");
    }
    for days in [json!("7"), json!([7])] {
        let wrong = faults(|document| document["retention_days"] = days.clone());
        assert!(wrong[0].starts_with("retention_days: must be"), "{wrong:?}");
    }
}

#[test]
fn the_issuer_must_be_named_or_given_up_on_purpose() {
    let without = |document: &mut Value| {
        document["tokens"].as_object_mut().unwrap().remove("issuer");
    };
    assert_eq!(faults(without), ["tokens: missing field `issuer`"]);
    let any = |document: &mut Value| {
        document["tokens"]["issuer"] = Value::Null;
        document["tokens"]["audience"] = Value::Null;
    };
    let tokens = read_as_acme(document(any)).unwrap().tenant.tokens;
    assert_eq!((tokens.issuer, tokens.audience), (None, None));
}

#[test]
fn everything_that_is_wrong_is_named_with_its_place() {
    let wrong = |document: &mut Value| {
        document["origins"] = json!(["https://ok.test", "nope"]);
        document["hosts"] = json!(["https://live.acme.test"]);
        document["presets"] = json!(["sessions", "nope"]);
    };
    let places: Vec<String> =
        faults(wrong).iter().map(|fault| fault.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(places, ["origins[1]", "hosts[0]", "presets[1]"]);
}

#[test]
fn no_refusal_shows_a_value() {
    let secret = "hunter2-hunter2-hunter2";
    let changes: [fn(&mut Value, Value); 12] = [
        |document, secret| document["tokens"] = secret,
        |document, secret| document["tokens"]["keys"] = secret,
        |document, secret| document["tokens"]["keys"] = json!([{"secret": [secret]}]),
        |document, secret| document["tokens"]["keys"] = json!([{"secret": secret, "alg": "HS256"}]),
        |document, secret| document["webhooks"] = secret,
        |document, secret| document["webhooks"] = json!([{"scheme": secret}]),
        |document, secret| document["webhooks"][0]["secret"] = secret,
        |document, secret| document["limits"] = json!({"events_per_second": secret}),
        |document, secret| document["hooks"] = secret,
        |document, secret| document["hooks"] = json!({"url": secret, "secret": secret}),
        |document, secret| document["budget"] = secret,
        |document, secret| document["budget"] = json!({"dollars_per_day": secret}),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let text = faults(|document| change(document, secret.into())).join("; ");
        assert!(!text.contains("hunter2"), "{number}: {text}");
    }
}

#[test]
fn a_tenant_shows_no_secret() {
    let shown = format!("{:?}", read_as_acme(document(|_| {})).unwrap().tenant);
    let secret = format!("{:?}", Secret::new("x"));
    assert!(shown.contains(&secret) && !shown.contains("0123456789abcdef"), "{shown}");
}
