//! Tokens and the keys that they are signed with: only what a key signed is accepted, only what is within the rules makes a
//! grant, and no key that is accepted verifies anything that nobody signed.

use roomcast::auth::jwks::{self, JwksCache, JwksUrl, Plain};
use roomcast::auth::key::Key;
use roomcast::auth::token::{verify, TokenPolicy};
use roomcast::limits::{JWKS_KEYS, TOKEN_LEEWAY_S, TOKEN_LONGEST_S, TOPICS_BYTES, USER_CHARS};
use roomcast::protocol::grant::Grant;
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};

use crate::jwt::hs256;
use crate::parts::{join, split, texts};
use crate::seeds;
use crate::stage::NOW;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const FIXTURES: &str = "tests/fixtures/tokens/tokens.json";

thread_local! {
    static KNOWN: Known = Known::load();
}

/// Keys of all kinds, and the tokens that were signed with them. There are no others.
struct Known {
    policy: TokenPolicy,
    tokens: Vec<String>,
}

impl Known {
    fn load() -> Self {
        let fixtures = seeds::json(FIXTURES);
        let listed = |name: &str| fixtures[name].as_array().unwrap().clone();
        let keys = listed("keys").iter().map(|key| Key::from_jwk(&key["jwk"]).unwrap()).collect();
        let tokens = listed("tokens");
        let tokens = tokens.iter().map(|token| token["token"].as_str().unwrap().to_owned());
        let mut policy = TokenPolicy::new(keys);
        policy.audience = Some("roomcast".to_owned());
        Self { policy, tokens: tokens.collect() }
    }
}

/// The target `token`: a header and claims, which are signed, and a token as it comes.
pub(super) fn token(input: &[u8]) {
    let [header, claims, given] = split(input);
    let signed = hs256(KEY, header, claims);
    let ours = TokenPolicy::shared(KEY).unwrap();
    if let Ok(grant) = verify(&ours, &signed, NOW) {
        is_within_the_rules(header, claims, &grant);
    }
    let others = TokenPolicy::shared([7; 32]).unwrap();
    assert!(verify(&others, &signed, NOW).is_err(), "signed with another key");
    let Ok(given) = str::from_utf8(given) else { return };
    KNOWN.with(|known| {
        let accepted = verify(&known.policy, given, NOW).is_ok();
        assert!(!accepted || known.tokens.iter().any(|token| token == given), "forged: {given}");
        assert!(verify(&known.policy, &signed, NOW).is_err(), "signed with another key");
    });
}

fn is_within_the_rules(header: &[u8], claims: &[u8], grant: &Grant) {
    // What is no text within a member that nobody reads is passed over, and is none of our business.
    if let Ok(header) = serde_json::from_slice::<Value>(header) {
        assert_eq!(header["alg"], "HS256");
        assert!(header.get("crit").is_none(), "not understood: {header}");
    }
    let claims: Value = serde_json::from_slice(claims).expect("claims are JSON");
    assert!(claims.get("aud").is_none(), "for somebody else: {claims}");
    assert_eq!(claims["sub"], grant.user.as_str());
    assert!((1..=USER_CHARS).contains(&grant.user.chars().count()));
    assert!(grant.permissions.bytes() <= TOPICS_BYTES);
    let longest = u64::try_from(TOKEN_LONGEST_S + 2 * TOKEN_LEEWAY_S + 1).unwrap() * 1_000;
    assert!(grant.expires > NOW && grant.expires < NOW.plus_ms(longest), "{grant:?}");
    let written = serde_json::to_string(grant).unwrap();
    assert_eq!(serde_json::from_str::<Grant>(&written).unwrap(), *grant);
}

/// The target `keys`: a text, which is tried as PEM, as a JWK, as a JWKS, as a stored cache of one, and as its URL.
pub(super) fn keys(input: &[u8]) {
    let Some([text]) = texts(input) else { return };
    match Key::from_pem(text) {
        Ok(key) => verifies_nothing(key),
        Err(fault) => assert!(fault.to_string().len() < 250),
    }
    if let Ok(jwk) = serde_json::from_str::<Value>(text) {
        match Key::from_jwk(&jwk) {
            Ok(key) => verifies_nothing(key),
            Err(fault) => assert!(fault.to_string().len() < 250),
        }
    }
    if let Ok(keys) = jwks::keys(text) {
        assert!((1..=JWKS_KEYS).contains(&keys.len()));
        assert!(keys.iter().all(|key| !key.is_secret()), "everybody can read a set");
    }
    stays(text);
    url(text);
}

/// Nobody has signed anything with this key, so nothing is signed with it.
fn verifies_nothing(key: Key) {
    let header = json!({"alg": key.algorithm().name(), "kid": key.kid()});
    let claims = json!({"sub": "ada", "exp": NOW.seconds() + 60}).to_string();
    let policy = TokenPolicy::new(vec![key]);
    let unsigned = hs256(KEY, header.to_string().as_bytes(), claims.as_bytes());
    let (signed, _) = unsigned.rsplit_once('.').unwrap();
    // Zeros, and what a public key would be mistaken for if it were a secret.
    for signature in ["A".repeat(86), "A".repeat(43), String::new(), "A".repeat(342)] {
        let token = format!("{signed}.{signature}");
        assert!(verify(&policy, &token, NOW).is_err(), "a weak key: {header}");
    }
}

/// What is stored of a set is read back the same, and a wrong answer never replaces a good one.
fn stays(text: &str) {
    let mut cache = serde_json::from_str::<JwksCache>(text).unwrap_or_default();
    let _ = cache.begin(NOW, Some("k"));
    let good = cache.answered(NOW, Some(text)).is_ok();
    assert!(!good || !cache.keys(NOW).is_empty());
    let count = cache.keys(NOW).len();
    let stored = serde_json::to_string(&cache).unwrap();
    let mut again: JwksCache = serde_json::from_str(&stored).unwrap();
    assert_eq!(again.keys(NOW).len(), count);
    assert!(again.answered(NOW, Some("{}")).is_err());
    assert_eq!(again.keys(NOW).len(), count, "a wrong set replaces one that works");
    let _ = again.keys(Timestamp(u64::MAX)).len();
}

fn url(text: &str) {
    let Ok(url) = JwksUrl::parse(text, Plain::Refused) else { return };
    assert_eq!(url.as_str(), text);
    let rest = text.strip_prefix("https://").expect("only https");
    let authority = rest.split(['/', '?']).next().unwrap();
    assert!(authority.contains('.') && !authority.contains(['@', '[', '\\', '%', '#']), "{text}");
}

/// Seeds of `token`: the tokens of other people's libraries, as they come and taken apart.
pub(super) fn tokens() -> Vec<Vec<u8>> {
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let full = json!({"sub": "ada", "exp": NOW.seconds() + 3600, "nbf": NOW.seconds(), "iat": NOW.seconds(),
        "jti": "t-1", "sessions": ["s-*"], "topics": ["a", "p:*"], "permissions": ["read"]});
    let mut all = vec![
        join(&[header, &full.to_string(), ""]),
        join(&[header, r#"{"sub":"ada","exp":1767783600.5,"aud":["roomcast"]}"#, ""]),
        join(&[
            r#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#,
            r#"{"sub":"ada","exp":1767783600}"#,
            "",
        ]),
    ];
    all.extend(
        KNOWN.with(|known| known.tokens.clone()).iter().map(|token| join(&[header, "{}", token])),
    );
    all
}

/// Seeds of `keys`: each kind of key, in each form.
pub(super) fn key_texts() -> Vec<Vec<u8>> {
    let fixtures = seeds::json(FIXTURES);
    let keys = fixtures["keys"].as_array().unwrap();
    let jwks = keys.iter().map(|key| key["jwk"].clone()).collect::<Vec<_>>();
    let set = json!({ "keys": jwks }).to_string();
    let stored = json!({"tried": NOW.0, "fetched": NOW.0, "document": set}).to_string();
    let mut all = vec![set, stored, "https://id.example.com/.well-known/jwks.json".to_owned()];
    all.extend(jwks.iter().map(Value::to_string));
    let pem = |key: &Value| ["pem", "pkcs1"].map(|form| key[form].as_str().map(str::to_owned));
    all.extend(keys.iter().flat_map(pem).flatten());
    all.extend(seeds::texts(&fixtures["unusable"]));
    all.into_iter().map(String::into_bytes).collect()
}
