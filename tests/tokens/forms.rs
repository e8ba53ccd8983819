//! The form of a token: what is around its signature, where readers differ.

use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use base64::Engine as _;
use roomcast::protocol::codes::Refusal;
use serde_json::{json, Value};

use super::issuer::{claims, user, TheirKey, INVALID, NOW};

fn key() -> TheirKey {
    TheirKey::of("hs256")
}

fn with_claims(claims: &str) -> Result<String, Refusal> {
    let token = key().token_of(r#"{"alg":"HS256"}"#, claims);
    user(&key().policy(), &token).map_err(Refusal::from)
}

#[test]
fn a_type_is_that_of_a_token_or_is_missing() {
    let verdict = |typ: Value| user(&key().policy(), &key().token_with(&json!({ "typ": typ })));
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/jwt", "Application/at+JWT"] {
        assert_eq!(verdict(json!(typ)).as_deref(), Ok("ada"), "{typ}");
    }
    for typ in [
        "",
        "JWS",
        "JOSE",
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "id+jwt",
        "jwt ",
        "text/jwt",
        "application/",
        "application/application/jwt",
        "application/jwt; charset=utf-8",
        "jwt\u{0}",
    ] {
        assert_eq!(verdict(json!(typ)), Err(INVALID), "{typ}");
    }
    for typ in [json!(null), json!(7), json!(["JWT"]), json!({})] {
        assert_eq!(verdict(typ.clone()), Err(INVALID), "{typ}");
    }
}

#[test]
fn a_header_with_crit_is_refused() {
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!(null), json!("x"), json!(false)] {
        let token = key().token_with(&json!({"crit": crit, "b64": false}));
        assert_eq!(user(&key().policy(), &token), Err(INVALID), "{crit}");
    }
}

#[test]
fn a_member_of_the_header_that_is_there_twice_is_refused() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","al\u0067":"none"}"#,
        r#"{"alg":"HS256","kid":"hs256","kid":"other"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
    ] {
        let token = key().token_of(header, &claims().to_string());
        assert_eq!(user(&key().policy(), &token), Err(INVALID), "{header}");
    }
    for header in ["", "null", "[]", "7", r#""HS256""#, r#"{"alg":"HS256"} x"#, r#"{"alg":"HS256""#]
    {
        let token = key().token_of(header, &claims().to_string());
        assert_eq!(user(&key().policy(), &token), Err(INVALID), "{header}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let honest = key().token_with(&json!({}));
    let (message, signature) = honest.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    // The last character of 32 bytes has two bits that mean nothing.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(&signature[42..]).unwrap();
    let next = &alphabet[last + 1..last + 2];
    for token in [
        format!("{honest}."),
        format!("{honest}.."),
        format!(".{honest}"),
        format!("{honest}="),
        format!("{honest} "),
        format!(" {honest}"),
        format!("{honest}\n"),
        format!("{message}.{}", URL_SAFE.encode(&bytes)),
        format!("{message}.{}+/", STANDARD.encode(&bytes)),
        format!("{message}.{}{next}", &signature[..42]),
        format!("{message}. {signature}"),
        format!("{message}\n.{signature}"),
        format!("{head}..{payload}.{signature}"),
        format!("{head}.{payload}.{payload}.{signature}"),
        format!("{head}%2E{payload}.{signature}"),
        format!("{message}.{}", &signature[..42]),
        format!("{message}.{}", &signature[..40]),
        message.to_owned(),
        format!("{message}."),
        format!("{head}.{signature}"),
        format!("{head}..{signature}"),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        String::new(),
        honest.to_uppercase(),
        format!("Bearer {honest}"),
        format!("{honest}\u{0}"),
    ] {
        assert_eq!(user(&key().policy(), &token), Err(INVALID), "{token:?}");
    }
}

#[test]
fn claims_are_an_object_with_each_member_once() {
    let honest = claims().to_string();
    assert_eq!(with_claims(&honest).as_deref(), Ok("ada"));
    for text in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("[{honest}]"),
        format!("{honest} {honest}"),
        json!(honest).to_string(),
        honest.replacen('{', r#"{"sub":"eve","#, 1),
        honest.replacen('{', r#"{"aud":"roomcast","#, 1),
        format!("{{\"a\":{}1{}}}", "[".repeat(2_000), "]".repeat(2_000)),
    ] {
        assert_eq!(with_claims(&text), Err(Refusal::TokenInvalid), "{text:.80}");
    }
}

#[test]
fn an_audience_is_a_name_or_a_list_of_names() {
    let verdict = |aud: Value| {
        let mut claims = claims();
        claims["aud"] = aud;
        with_claims(&claims.to_string())
    };
    for aud in [json!("roomcast"), json!(["roomcast"]), json!(["x", "roomcast", "y"])] {
        assert_eq!(verdict(aud.clone()).as_deref(), Ok("ada"), "{aud}");
    }
    for aud in [
        json!([]),
        json!(""),
        json!("Roomcast"),
        json!("roomcast "),
        json!(["x"]),
        json!([["roomcast"]]),
        json!(["roomcast", 7]),
        json!({"roomcast": true}),
        json!(null),
        json!("roomcast,x"),
    ] {
        assert_eq!(verdict(aud.clone()), Err(Refusal::TokenInvalid), "{aud}");
    }
}

#[test]
fn a_missing_issuer_audience_or_end_is_refused() {
    for name in ["iss", "aud", "exp", "sub"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(with_claims(&claims.to_string()), Err(Refusal::TokenInvalid), "{name}");
    }
}

#[test]
fn times_of_any_size_neither_overflow_nor_let_anyone_in() {
    let now = NOW.seconds();
    for number in [
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "1e18",
        "-1e18",
        "1e308",
        "99999999999999999999999999",
        "9007199254740993",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "0x7f",
        "01",
        "+1",
        "\"1\"",
        "null",
        "true",
        "[]",
        "{}",
    ] {
        for name in ["exp", "nbf", "iat"] {
            let text = claims().to_string().replacen('{', &format!("{{\"{name}\":{number},"), 1);
            // Once as it is, which has two `exp`, and once alone.
            let alone = text.replace(&format!(",\"exp\":{}", now + 60), "");
            for text in [&text, &alone] {
                if name == "exp" || *text != alone {
                    assert_eq!(with_claims(text), Err(Refusal::TokenInvalid), "{text}");
                }
            }
        }
    }
    let ends = |exp: &str| {
        let text = claims().to_string().replace(&format!("{}", now + 60), exp);
        with_claims(&text)
    };
    assert_eq!(ends("-1"), Err(Refusal::TokenExpired));
    assert_eq!(ends("0"), Err(Refusal::TokenExpired));
    assert_eq!(ends("-0.0"), Err(Refusal::TokenExpired));
    assert_eq!(ends(&format!("{now}.5")).as_deref(), Ok("ada"));
    assert_eq!(ends(&format!("{now}e0")).as_deref(), Ok("ada"));
}
