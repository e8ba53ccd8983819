use serde_json::json;

use super::*;
use crate::limits::{JWKS_COOLDOWN_MS, JWKS_FRESH_MS, JWKS_STALE_MS};
use crate::protocol::time::Timestamp;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn key(kid: &str) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": kid})
}

fn set(kids: &[&str]) -> String {
    json!({"keys": kids.iter().map(|kid| key(kid)).collect::<Vec<_>>()}).to_string()
}

fn kids(keys: &[Key]) -> Vec<&str> {
    keys.iter().filter_map(Key::kid).collect()
}

/// A cache that fetched the set with the key `a` at [`NOW`].
fn fetched() -> JwksCache {
    let mut cache = JwksCache::default();
    assert!(cache.begin(NOW, None));
    cache.answered(NOW, Some(&set(&["a"]))).unwrap();
    cache
}

fn after(ms: u64) -> Timestamp {
    NOW.plus_ms(ms)
}

#[test]
fn keys_that_cannot_be_used_are_skipped() {
    let text = json!({"keys": [
        key("a"),
        {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "oct", "kid": "secret", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"},
        {"kty": "new", "kid": "later"},
        null, 7, [],
        key("b"),
    ], "other": 1});
    assert_eq!(kids(&keys(&text.to_string()).unwrap()), ["a", "b"]);
}

#[test]
fn a_text_that_is_no_set_or_has_no_usable_key_is_refused() {
    let long = format!("{}{}", " ".repeat(JWKS_BYTES), set(&["a"]));
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[]}"#,
        "<html>",
        &long,
        r#"{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}]}"#,
    ] {
        assert!(keys(text).is_err(), "{text:.60}");
    }
    let nested = format!("{}{}", "[".repeat(60_000), "]".repeat(60_000));
    assert!(keys(&nested).is_err());
}

#[test]
fn at_most_32_keys_are_kept() {
    let names: Vec<String> = (0..JWKS_KEYS + 5).map(|n| format!("k-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(kids(&keys(&set(&names)).unwrap()), names[..JWKS_KEYS]);
}

#[test]
fn a_set_is_fetched_first_and_then_every_ten_minutes() {
    let mut cache = fetched();
    assert_eq!(kids(cache.keys(NOW)), ["a"]);
    assert!(!cache.begin(after(JWKS_FRESH_MS - 1), Some("a")));
    assert!(cache.begin(after(JWKS_FRESH_MS), Some("a")));
    assert!(!cache.begin(after(JWKS_FRESH_MS), Some("a")), "one fetch is under way");
    assert_eq!(kids(cache.keys(after(JWKS_FRESH_MS))), ["a"], "which serves meanwhile");
}

#[test]
fn unknown_keys_cause_one_fetch_in_a_cool_down() {
    let mut cache = fetched();
    assert!(!cache.begin(after(1), Some("b")), "it was just fetched");
    assert!(!cache.begin(after(JWKS_COOLDOWN_MS), Some("a")));
    let begun = (0..=JWKS_COOLDOWN_MS)
        .filter(|ms| cache.begin(after(JWKS_COOLDOWN_MS + ms), Some(&format!("made up {ms}"))));
    assert_eq!(begun.collect::<Vec<_>>(), [0, JWKS_COOLDOWN_MS]);
    cache.answered(after(2 * JWKS_COOLDOWN_MS), Some(&set(&["a", "b"]))).unwrap();
    assert_eq!(kids(cache.keys(after(2 * JWKS_COOLDOWN_MS))), ["a", "b"]);
    assert!(!cache.begin(after(3 * JWKS_COOLDOWN_MS), Some("b")));
}

#[test]
fn the_last_good_set_serves_for_a_day_while_its_source_is_down() {
    let mut cache = fetched();
    for (at, answer) in [(1, None), (2, Some("<html>")), (3, Some(r#"{"keys":[]}"#))] {
        let now = after(at * JWKS_FRESH_MS);
        assert!(cache.begin(now, None));
        assert!(cache.answered(now, answer).is_err());
        assert_eq!(kids(cache.keys(now)), ["a"]);
        assert!(!cache.begin(now.plus_ms(JWKS_COOLDOWN_MS - 1), None));
        assert!(cache.begin(now.plus_ms(JWKS_COOLDOWN_MS), None), "it is tried again");
    }
    assert_eq!(kids(cache.keys(after(JWKS_STALE_MS - 1))), ["a"]);
    assert!(cache.keys(after(JWKS_STALE_MS)).is_empty());
}

#[test]
fn a_set_that_never_came_is_tried_once_in_a_cool_down() {
    let mut cache = JwksCache::default();
    assert!(cache.keys(NOW).is_empty());
    let begun = (0..=JWKS_COOLDOWN_MS).filter(|ms| cache.begin(after(*ms), Some("a")));
    assert_eq!(begun.collect::<Vec<_>>(), [0, JWKS_COOLDOWN_MS]);
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_the_fetches() {
    let mut cache = fetched();
    assert!(cache.begin(Timestamp(NOW.0 - JWKS_FRESH_MS), None));
}

#[test]
fn a_cache_is_stored_and_comes_back() {
    let stored = serde_json::to_string(&fetched()).unwrap();
    let mut back: JwksCache = serde_json::from_str(&stored).unwrap();
    assert_eq!(kids(back.keys(NOW)), ["a"]);
    assert!(!back.begin(after(1), Some("b")) && back.begin(after(JWKS_FRESH_MS), None));
    let empty = serde_json::to_string(&JwksCache::default()).unwrap();
    let mut empty: JwksCache = serde_json::from_str(&empty).unwrap();
    assert!(empty.keys(NOW).is_empty() && empty.begin(NOW, None));
    let wrong = json!({"tried": null, "fetched": 1, "document": "no set"});
    let mut wrong: JwksCache = serde_json::from_value(wrong).unwrap();
    assert!(wrong.keys(NOW).is_empty() && wrong.begin(NOW, None));
}
