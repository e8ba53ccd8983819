//! Several keys at once: which of them count for a token, and when the caller is told to look for others.

use roomcast::auth::jwks;
use roomcast::auth::key::Key;
use roomcast::auth::token::{unknown_key, Distrust, TokenPolicy};
use roomcast::limits::KEYS_TRIED;
use roomcast::protocol::codes::Refusal;
use serde_json::json;

use super::issuer::{fixtures, policy, user, TheirKey, INVALID};

fn unnamed(kid: &str) -> Key {
    let mut jwk = TheirKey::of(kid).jwk;
    jwk.as_object_mut().unwrap().remove("kid");
    Key::from_jwk(&jwk).unwrap()
}

fn unknown(kid: &str) -> Distrust {
    Distrust::UnknownKey(kid.to_owned())
}

#[test]
fn a_token_with_a_kid_counts_for_the_key_of_that_name() {
    let (old, new) = (TheirKey::of("rs256"), TheirKey::of("rs256-3072"));
    let both = policy(vec![old.key(), new.key()]);
    for key in [&old, &new] {
        assert_eq!(user(&both, &key.token_with(&json!({"kid": key.kid}))).as_deref(), Ok("ada"));
    }
    let swapped = old.token_with(&json!({"kid": new.kid}));
    assert_eq!(user(&both, &swapped), Err(INVALID), "signed by the other key");
    assert_eq!(unknown_key(&both, &swapped), None);
}

#[test]
fn a_token_without_a_kid_counts_for_every_key_of_its_algorithm() {
    let keys = fixtures().keys;
    let all = policy(keys.iter().map(TheirKey::key).collect());
    for key in keys {
        assert_eq!(user(&all, &key.token_with(&json!({}))).as_deref(), Ok("ada"), "{}", key.kid);
    }
}

#[test]
fn a_key_without_a_name_counts_for_every_token() {
    let key = TheirKey::of("es256");
    let token = key.token_with(&json!({"kid": "whatever"}));
    let mixed = policy(vec![TheirKey::of("rs256").key(), unnamed("es256")]);
    assert_eq!(user(&mixed, &token).as_deref(), Ok("ada"));
    let other = policy(vec![unnamed("rs256"), TheirKey::of("es256").key()]);
    assert_eq!(user(&other, &token), Err(unknown("whatever")));
}

#[test]
fn an_unknown_kid_is_named_so_that_the_keys_can_be_fetched_again() {
    let key = TheirKey::of("rs256");
    let token = key.token_with(&json!({"kid": "rs256"}));
    let without = policy(vec![TheirKey::of("es256").key()]);
    let distrust = user(&without, &token).unwrap_err();
    assert_eq!(distrust, unknown("rs256"));
    assert_eq!(Refusal::from(distrust), Refusal::TokenInvalid);
    assert_eq!(unknown_key(&without, &token).as_deref(), Some("rs256"));
    assert_eq!(user(&policy(vec![]), &token), Err(unknown("rs256")));

    let set = json!({"keys": [TheirKey::of("es256").jwk, key.jwk]}).to_string();
    let again = policy(jwks::keys(&set).unwrap());
    assert_eq!(user(&again, &token).as_deref(), Ok("ada"));
    assert_eq!(unknown_key(&again, &token), None);
    assert_eq!(unknown_key(&again, &key.token_with(&json!({}))), None);
    assert_eq!(unknown_key(&again, "no token"), None);
    let unsigned = key.token_with(&json!({"alg": "none", "kid": "made up"}));
    assert_eq!(user(&again, &unsigned), Err(INVALID), "no key could be the right one");
}

#[test]
fn only_some_keys_are_tried_for_one_token() {
    let key = TheirKey::of("hs256");
    let token = key.token_with(&json!({}));
    let mut keys = vec![unnamed("hs256")];
    let other = TokenPolicy::shared([7; 32]).unwrap().keys.remove(0);
    for tried in 1..=KEYS_TRIED {
        assert_eq!(user(&policy(keys.clone()), &token).as_deref(), Ok("ada"), "{tried}");
        keys.insert(0, other.clone());
        // Keys of another algorithm do not count.
        keys.insert(0, unnamed("rs256"));
    }
    assert_eq!(user(&policy(keys), &token), Err(INVALID));
}
