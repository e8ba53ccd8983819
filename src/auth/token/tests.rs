use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use jsonwebtoken::{encode, Algorithm, EncodingKey, Header as OtherHeader};
use serde_json::{json, Value};
use sha2::Sha256;

use super::*;
use crate::limits::{TOKEN_BYTES, TOKEN_ID_CHARS, TOKEN_LEEWAY_S};
use crate::protocol::topics::Topics;

const NOW: Timestamp = Timestamp(1_767_780_000_000);
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn policy() -> TokenPolicy {
    TokenPolicy::shared(KEY).unwrap()
}

/// What a caller sees that does not fetch keys.
fn verify(policy: &TokenPolicy, token: &str, now: Timestamp) -> Result<Grant, Refusal> {
    super::verify(policy, token, now).map_err(Refusal::from)
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
        sessions: Some(&sessions),
        topics: Some(&topics),
        permissions: &permissions,
        token_id: Some("t-1"),
        ..NewToken::new("ada", NOW.plus_ms(60_000))
    };
    let grant = verify(&policy(), &mint(&policy(), &new, NOW).unwrap(), NOW).unwrap();
    assert_eq!((grant.token.as_deref(), grant.issued), (Some("t-1"), Some(NOW)));
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
fn a_time_is_a_number_that_every_reader_counts_exactly() {
    let now = NOW.seconds();
    let fraction = json!(1_767_780_059.9);
    for field in ["exp", "nbf", "iat"] {
        let verdict = |time: Value| verdict(&with(field, time)).map(|_| ());
        assert_eq!(verdict(fraction.clone()), Ok(()), "{field}");
        for time in [
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(-1e300),
            json!(format!("{now}")),
            json!([now]),
            json!(true),
            Value::Null,
        ] {
            assert_eq!(verdict(time.clone()), Err(Refusal::TokenInvalid), "{field}: {time}");
        }
    }
    assert_eq!(verdict(&with("exp", json!(-1))), Err(Refusal::TokenExpired));
    assert_eq!(verdict(&with("iat", json!(-1))).unwrap().issued, Some(Timestamp(0)));
    let huge = signed_text(r#"{"alg":"HS256"}"#, r#"{"sub":"ada","exp":1e999}"#);
    assert_eq!(verify(&policy(), &huge, NOW), Err(Refusal::TokenInvalid));
}

#[test]
fn a_token_that_lasts_too_long_is_refused_and_not_minted() {
    let (now, most) = (NOW.seconds(), TOKEN_LONGEST_S + TOKEN_LEEWAY_S);
    assert!(verdict(&with("exp", json!(now + most))).is_ok());
    assert_eq!(verdict(&with("exp", json!(now + most + 1))), Err(Refusal::TokenInvalid));
    let hour = TokenPolicy { longest_s: 3_600, ..policy() };
    let token = |ms| NewToken::new("ada", NOW.plus_ms(ms));
    assert!(verify(&hour, &mint(&hour, &token(3_600_000), NOW).unwrap(), NOW).is_ok());
    assert!(mint(&hour, &token(3_601_000), NOW).unwrap_err().contains("at most"));
    let refused = verify(&hour, &mint(&policy(), &token(3_700_000), NOW).unwrap(), NOW);
    assert_eq!(refused, Err(Refusal::TokenInvalid));
}

#[test]
fn a_token_that_was_issued_in_the_future_is_not_valid_yet() {
    let now = NOW.seconds();
    assert_eq!(verdict(&claims()).unwrap().issued, None);
    let issued = verdict(&with("iat", json!(now + TOKEN_LEEWAY_S))).unwrap().issued;
    assert_eq!(issued, Some(NOW.plus_ms(60_000)));
    let early = verdict(&with("iat", json!(now + TOKEN_LEEWAY_S + 1)));
    assert_eq!(early, Err(Refusal::TokenExpired));
}

#[test]
fn a_token_has_a_name_of_at_most_128_characters() {
    assert_eq!(verdict(&claims()).unwrap().token, None);
    let long = "ü".repeat(TOKEN_ID_CHARS);
    assert_eq!(verdict(&with("jti", json!(long))).unwrap().token, Some(long.clone()));
    for jti in [json!(format!("{long}x")), json!(""), json!(7), Value::Null, json!(["t"])] {
        assert_eq!(verdict(&with("jti", jti)), Err(Refusal::TokenInvalid));
    }
}

#[test]
fn a_claim_that_is_there_twice_is_refused() {
    let twice = |member: &str| {
        let text = claims().to_string().replacen('{', &format!("{{{member},"), 1);
        verify(&policy(), &signed_text(r#"{"alg":"HS256"}"#, &text), NOW).map(|_| ())
    };
    assert_eq!(twice(r#""extra":1"#), Ok(()));
    for member in [r#""sub":"eve""#, r#""exp":1"#, r#""s\u0075b":"eve""#, r#""x":1,"x":1"#] {
        assert_eq!(twice(member), Err(Refusal::TokenInvalid), "{member}");
    }
}

#[test]
fn claims_are_read_where_the_tenant_has_them() {
    let name = |name| ClaimName::parse(name).unwrap();
    let claims = ClaimNames {
        user: name("email"),
        sessions: name("https://acme.example/sessions"),
        topics: name("acme.topics"),
        permissions: name("realm_access.roles"),
    };
    let acme = TokenPolicy { claims, ..policy() };
    let theirs = json!({"email": "a@acme.example", "sub": "ignored", "exp": NOW.seconds() + 60,
        "https://acme.example/sessions": ["s-1"], "sessions": ["s-2"], "acme": {"topics": ["t"]},
        "realm_access": {"roles": ["audit"]}});
    let grant = verify(&acme, &signed(&OtherHeader::default(), &theirs, KEY), NOW).unwrap();
    assert_eq!(grant.user, "a@acme.example");
    assert_eq!(grant.allows(&"s-1".parse().unwrap()), Some(true));
    assert_eq!(grant.allows(&"s-2".parse().unwrap()), Some(false));
    assert!(grant.topics.contains("t") && !grant.topics.is_all());
    assert!(grant.permissions.include(&["audit".to_owned()]));
    assert_eq!(verdict(&theirs).unwrap().user, "ignored");

    let sessions = ["s-1".to_owned()];
    let expires = NOW.plus_ms(60_000);
    let new = NewToken {
        sessions: Some(&sessions),
        topics: Some(&sessions),
        ..NewToken::new("ada", expires)
    };
    let minted = verify(&acme, &mint(&acme, &new, NOW).unwrap(), NOW).unwrap();
    assert_eq!((minted.user.as_str(), minted.topics.is_all()), ("ada", false));
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
