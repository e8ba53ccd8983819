//! Whatever is read, nothing panics, and nobody gets in who was not let in.

use proptest::collection::vec;
use proptest::prelude::*;
use roomcast::auth::jwks::{self, JwksCache, JwksUrl, Plain};
use roomcast::auth::key::Key;
use roomcast::auth::token::{unknown_key, ClaimName};
use serde_json::{json, Value};

use super::issuer::{claims, fixtures, policy, verdict, TheirKey};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[A-Za-z0-9_-]{0,50}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// The name of a member that means something.
fn a_member() -> impl Strategy<Value = String> {
    let names = [
        "alg",
        "kid",
        "typ",
        "crit",
        "sub",
        "exp",
        "nbf",
        "iat",
        "iss",
        "aud",
        "jti",
        "sessions",
        "topics",
        "permissions",
        "kty",
        "crv",
        "use",
        "key_ops",
        "n",
        "e",
        "x",
        "y",
        "k",
        "d",
    ];
    proptest::sample::select(names.map(str::to_owned).to_vec())
}

proptest! {
    #[test]
    fn any_text_is_no_token_and_no_key(text in any::<String>(), parts in vec("[A-Za-z0-9_-]{0,80}", 0..5)) {
        let policy = policy(fixtures().keys.iter().map(TheirKey::key).collect());
        for text in [text.clone(), parts.join(".")] {
            prop_assert!(verdict(&policy, &text).is_err());
            let _ = unknown_key(&policy, &text);
            prop_assert!(Key::from_pem(&text).is_err());
            prop_assert!(jwks::keys(&text).is_err());
            let _ = ClaimName::parse(&text);
        }
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", parts.concat());
        let _ = Key::from_pem(&pem);
    }

    #[test]
    fn any_bytes_in_a_pem_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        use base64::Engine as _;
        let standard = base64::engine::general_purpose::STANDARD;
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
            let body = standard.encode(&bytes);
            let _ = Key::from_pem(&format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----"));
        }
        let pem = TheirKey::of("rs256").pem.unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = standard.decode(body).unwrap();
        let place = at.index(der.len());
        der[place] ^= bytes.first().copied().unwrap_or(1);
        let body = standard.encode(&der);
        let _ = Key::from_pem(&format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"));
    }

    #[test]
    fn any_header_and_claims_are_read_without_a_panic(
        header in any_json(), payload in any_json(), member in a_member(), value in any_json(),
    ) {
        let key = TheirKey::of("hs256");
        let policy = key.policy();
        prop_assert!(verdict(&policy, &key.token_of(&header.to_string(), &payload.to_string())).is_err());
        let _ = verdict(&policy, &key.token_with(&json!({ member.clone(): value })));
        let mut changed = claims();
        changed[member.clone()] = value.clone();
        if let Ok(grant) = verdict(&policy, &key.token_of(r#"{"alg":"HS256"}"#, &changed.to_string())) {
            prop_assert!(!grant.user.is_empty());
        }
    }

    #[test]
    fn any_member_of_a_jwk_is_read_without_a_panic(member in a_member(), value in any_json(), whole in any_json()) {
        for mut jwk in fixtures().keys.into_iter().map(|key| key.jwk) {
            jwk[member.clone()] = value.clone();
            let set = json!({"keys": [jwk.clone(), whole.clone()]}).to_string();
            prop_assert!(jwks::keys(&set).is_err() || Key::from_jwk(&jwk).is_ok());
        }
        let _ = Key::from_jwk(&whole);
        let _ = serde_json::from_value::<JwksCache>(whole);
    }

    #[test]
    fn an_accepted_url_leads_a_browser_to_the_host_that_was_checked(
        text in "https?://[a-z0-9.@:\\[\\]\\\\%#?/_-]{1,40}", other in any::<String>(),
    ) {
        let _ = JwksUrl::parse(&other, Plain::Refused);
        if let Ok(url) = JwksUrl::parse(&text, Plain::Refused) {
            let read = reqwest::Url::parse(url.as_str()).unwrap();
            prop_assert_eq!(read.scheme(), "https");
            prop_assert!(read.username().is_empty() && read.password().is_none());
            prop_assert!(read.domain().is_some_and(|host| host.contains('.')), "{}", text);
        }
    }
}
