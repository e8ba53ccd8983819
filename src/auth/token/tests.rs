use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use jsonwebtoken::{encode, Algorithm, EncodingKey, Header as OtherHeader};
use serde_json::{json, Value};
use sha2::Sha256;

use super::*;

const NOW: Timestamp = Timestamp(1_767_780_000_000);
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn policy() -> TokenPolicy {
    TokenPolicy { key: Secret::new(KEY), issuer: None, audience: None }
}

fn claims() -> Value {
    json!({"sub": "ada", "exp": NOW.seconds() + 60, "sessions": ["s-1", "team-*"]})
}

/// Signs with another library than the one that verifies.
fn signed(header: &OtherHeader, claims: &Value, key: &str) -> String {
    encode(header, claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

fn verdict(claims: &Value) -> Result<Grant, Refusal> {
    verify(&policy(), &signed(&OtherHeader::default(), claims, KEY), NOW)
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[field] = value;
    claims
}

fn without(field: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(field);
    claims
}

#[test]
fn a_token_made_by_another_library_is_accepted() {
    let grant = verdict(&claims()).unwrap();
    assert_eq!(grant.user, "ada");
    for (session, allowed) in [("s-1", true), ("team-7", true), ("s-2", false)] {
        assert_eq!(grant.allows(&session.parse().unwrap()), Some(allowed), "{session}");
    }
}

#[test]
fn a_minted_token_is_accepted_for_its_user() {
    let sessions = ["s-1".to_owned()];
    let (topics, permissions) = (["a*".to_owned()], ["read".to_owned()]);
    let new = NewToken {
        user: "ada",
        sessions: Some(&sessions),
        topics: Some(&topics),
        permissions: &permissions,
        expires: NOW.plus_ms(60_000),
    };
    let grant = verify(&policy(), &mint(&policy(), &new).unwrap(), NOW).unwrap();
    assert_eq!((grant.user.as_str(), grant.sessions.map(|all| all.len())), ("ada", Some(1)));
    assert!(grant.topics.contains("ab") && !grant.topics.contains("b"));
    assert!(grant.permissions.include(&permissions));
}

#[test]
fn a_token_without_topics_allows_all_and_one_with_malformed_topics_is_invalid() {
    let grant = verdict(&claims()).unwrap();
    assert!(grant.topics.is_all() && grant.permissions.is_empty());
    assert_eq!(verdict(&with("topics", json!([]))).unwrap().topics, Topics::none());
    let long: Vec<_> = (0..600).map(|number| format!("t-{number}")).collect();
    for topics in [json!("a"), json!(["a,b"]), json!([7]), json!(null), json!(long)] {
        assert_eq!(verdict(&with("topics", topics)), Err(Refusal::TokenInvalid));
    }
    for permissions in [json!("a"), json!([7]), json!(null), json!(["x".repeat(5_000)])] {
        assert_eq!(verdict(&with("permissions", permissions)), Err(Refusal::TokenInvalid));
    }
}

#[test]
fn a_token_signed_with_another_key_is_invalid() {
    let token = signed(&OtherHeader::default(), &claims(), "another key, of the same length…");
    assert_eq!(verify(&policy(), &token, NOW), Err(Refusal::TokenInvalid));
}

#[test]
fn the_header_does_not_choose_the_algorithm() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = signed(&OtherHeader::new(algorithm), &claims(), KEY);
        assert_eq!(verify(&policy(), &token, NOW), Err(Refusal::TokenInvalid));
    }
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.";
    assert_eq!(verify(&policy(), unsigned, NOW), Err(Refusal::TokenInvalid));
}

/// A token that no library would make: its header and its claims are any texts.
fn signed_text(header: &str, claims: &str) -> String {
    let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(parts.as_bytes());
    format!("{parts}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_header_with_crit_is_refused_whatever_it_holds() {
    let with_header = |header: &str| {
        verify(&policy(), &signed_text(header, &claims().to_string()), NOW).map(|_| ())
    };
    assert_eq!(with_header(r#"{"alg":"HS256","other":null}"#), Ok(()));
    for crit in [r#"["x"]"#, "[]", "null", "false", r#""""#, "{}"] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit}}}"#);
        assert_eq!(with_header(&header), Err(Refusal::TokenInvalid), "{header}");
    }
}

#[test]
fn every_required_claim_is_required() {
    for field in ["sub", "exp"] {
        assert_eq!(verdict(&without(field)), Err(Refusal::TokenInvalid), "{field}");
    }
    // Whether it has to name sessions depends on the place: `admission` decides.
    assert_eq!(verdict(&without("sessions")).unwrap().sessions, None);
    assert_eq!(verdict(&with("sessions", Value::Null)), Err(Refusal::TokenInvalid));
    assert_eq!(verdict(&with("sub", json!(""))), Err(Refusal::TokenInvalid));
    assert_eq!(verdict(&with("sessions", json!("s-1"))), Err(Refusal::TokenInvalid));
}

#[test]
fn a_token_is_valid_from_nbf_to_exp_with_a_minute_of_leeway() {
    let now = NOW.seconds();
    assert!(verdict(&with("exp", json!(now - 59))).is_ok());
    assert_eq!(verdict(&with("exp", json!(now - 60))), Err(Refusal::TokenExpired));
    assert!(verdict(&with("nbf", json!(now + 60))).is_ok());
    assert_eq!(verdict(&with("nbf", json!(now + 61))), Err(Refusal::TokenExpired));
}

#[test]
fn an_absurd_time_does_not_panic() {
    for time in [json!(i64::MAX), json!(i64::MIN), json!(8_210_266_876_799_i64), json!("soon")] {
        let _ = verdict(&with("exp", time.clone()));
        let _ = verdict(&with("nbf", time));
    }
}

#[test]
fn issuer_and_audience_are_checked_where_configured() {
    let strict = TokenPolicy {
        issuer: Some("https://id.example.com".into()),
        audience: Some("roomcast".into()),
        ..policy()
    };
    let verdict = |iss: Value, aud: Value| {
        let mut claims = with("iss", iss);
        claims["aud"] = aud;
        verify(&strict, &signed(&OtherHeader::default(), &claims, KEY), NOW).map(|_| ())
    };
    let issuer = json!("https://id.example.com");
    assert_eq!(verdict(issuer.clone(), json!("roomcast")), Ok(()));
    assert_eq!(verdict(issuer.clone(), json!(["x", "roomcast"])), Ok(()));
    assert_eq!(verdict(issuer, json!("x")), Err(Refusal::TokenInvalid));
    assert_eq!(verdict(json!("someone"), json!("roomcast")), Err(Refusal::TokenInvalid));
    let bare = signed(&OtherHeader::default(), &claims(), KEY);
    assert_eq!(verify(&strict, &bare, NOW), Err(Refusal::TokenInvalid));
}

#[test]
fn a_token_for_an_audience_is_refused_where_none_is_configured() {
    for aud in [json!("roomcast"), json!(["roomcast"]), json!([]), json!("")] {
        assert_eq!(verdict(&with("aud", aud.clone())), Err(Refusal::TokenInvalid), "{aud}");
    }
    // This does not hold for the issuer: it is checked only if one is configured.
    assert!(verdict(&with("iss", json!("someone"))).is_ok());
}

#[test]
fn a_malformed_audience_or_issuer_is_always_refused() {
    let strict = TokenPolicy { audience: Some("roomcast".into()), ..policy() };
    for wrong in [Value::Null, json!(7), json!(true), json!({}), json!(["roomcast", 7])] {
        for policy in [&policy(), &strict] {
            let token = signed(&OtherHeader::default(), &with("aud", wrong.clone()), KEY);
            assert_eq!(verify(policy, &token, NOW), Err(Refusal::TokenInvalid), "{wrong}");
        }
        assert_eq!(verdict(&with("iss", wrong.clone())), Err(Refusal::TokenInvalid), "{wrong}");
    }
}

#[test]
fn a_token_above_the_size_limit_is_not_parsed() {
    let token = verdict(&with("padding", json!("x".repeat(TOKEN_BYTES))));
    assert_eq!(token, Err(Refusal::TokenInvalid));
}

#[test]
fn the_first_place_that_carries_a_token_counts() {
    let mut places = Carriers {
        authorization: Some("Bearer a"),
        protocols: Some("roomcast.v1, roomcast.bearer.b"),
        cookie: Some("x=1; roomcast_token=c"),
        query: Some("d"),
    };
    let found = |places: &Carriers<'static>| places.find().map(|c| (c.token, c.ambient));
    assert_eq!(found(&places), Some(("a", false)));
    places.authorization = Some("Basic a");
    assert_eq!(found(&places), Some(("b", false)));
    places.protocols = Some("roomcast.v1");
    assert_eq!(found(&places), Some(("c", true)));
    places.cookie = None;
    assert_eq!(found(&places), Some(("d", false)));
    places.query = None;
    assert_eq!(found(&places), None);
}
