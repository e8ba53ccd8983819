//! Tokens that `PyJWT`, `jose` and `jsonwebtoken` made, and Rust's `jsonwebtoken` makes.

use std::collections::BTreeSet;

use roomcast::auth::key::Key;
use roomcast::auth::token::{mint, NewToken, TokenPolicy};
use roomcast::protocol::codes::Refusal;

use super::issuer::{fixtures, policy, user, verdict, TheirKey, INVALID, NOW};

#[test]
fn tokens_of_other_peoples_libraries_are_accepted() {
    let fixtures = fixtures();
    let mut makers = BTreeSet::new();
    for token in &fixtures.tokens {
        let key = fixtures.keys.iter().find(|key| key.kid == token.kid).unwrap();
        let grant = verdict(&key.policy(), &token.token).unwrap();
        assert_eq!(grant.user, "ada", "{} {}", token.by, token.kid);
        assert_eq!((grant.token.as_deref(), grant.issued), (Some("t-1"), Some(NOW)));
        assert_eq!(grant.allows(&"s-1".parse().unwrap()), Some(true));
        let name = token.by.split(' ').next().unwrap();
        makers.insert((name.to_owned(), key.alg.clone()));
    }
    // npm's jsonwebtoken knows no EdDSA.
    assert_eq!(makers.len(), 3 * 6 - 1, "{makers:?}");
}

#[test]
fn they_are_accepted_with_keys_in_any_form_among_all_the_keys() {
    let fixtures = fixtures();
    let all = policy(fixtures.keys.iter().map(TheirKey::key).collect());
    for token in &fixtures.tokens {
        assert_eq!(user(&all, &token.token).as_deref(), Ok("ada"), "{}", token.by);
        let key = TheirKey::of(&token.kid);
        for pem in [&key.pem, &key.pkcs1].into_iter().flatten() {
            let policy = policy(vec![Key::from_pem(pem).unwrap()]);
            assert_eq!(user(&policy, &token.token).as_deref(), Ok("ada"), "{}", token.by);
        }
    }
}

#[test]
fn a_token_with_any_bit_of_its_signature_turned_is_refused() {
    for key in fixtures().keys {
        let policy = key.policy();
        let honest = key.token_with(&serde_json::json!({}));
        assert_eq!(user(&policy, &honest).as_deref(), Ok("ada"), "{}", key.kid);
        let start = honest.rfind('.').unwrap() + 1;
        for at in (start..honest.len()).step_by(honest.len() / 20) {
            let mut bytes = honest.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let token = String::from_utf8(bytes).unwrap();
            assert_eq!(user(&policy, &token), Err(INVALID), "{} at {at}", key.kid);
        }
    }
}

#[test]
fn a_minted_token_names_its_key_and_only_secrets_mint() {
    for kid in ["hs256", "hs384", "hs512"] {
        let policy = TheirKey::of(kid).policy();
        let token = mint(&policy, &NewToken::new("ada", NOW.plus_ms(60_000)), NOW).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!((header.kid.as_deref(), header.typ.as_deref()), (Some(kid), Some("JWT")));
        assert_eq!(user(&policy, &token).as_deref(), Ok("ada"));
        let later = roomcast::auth::token::verify(&policy, &token, NOW.plus_ms(120_000));
        assert_eq!(later.map_err(Refusal::from), Err(Refusal::TokenExpired));
    }
    let public = TokenPolicy::new(vec![TheirKey::of("rs256").key(), TheirKey::of("hs512").key()]);
    let new = NewToken::new("ada", NOW.plus_ms(60_000));
    let header = jsonwebtoken::decode_header(mint(&public, &new, NOW).unwrap()).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::HS512, "the first that is a secret");
    let none = mint(&TheirKey::of("rs256").policy(), &new, NOW).unwrap_err();
    assert!(none.contains("secret"), "{none}");
}
