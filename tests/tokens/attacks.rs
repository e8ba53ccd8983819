//! Tokens of attackers: they have no key of the tenant, and try everything that readers of tokens have fallen for.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use jsonwebtoken::{crypto, Algorithm, EncodingKey};
use p256::ecdsa::{Signature, SigningKey};
use roomcast::auth::token::Distrust;
use serde_json::{json, Value};

use super::issuer::{claims, fixtures, one_of_each, policy, user, TheirKey, INVALID};

/// The order of P-256, above which no number of a signature is.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn parts(header: &Value) -> String {
    [header.to_string(), claims().to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

#[test]
fn an_unsigned_token_is_refused() {
    for key in one_of_each() {
        for alg in ["none", "None", "NONE", "nOnE", "", " "] {
            let message = parts(&json!({ "alg": alg }));
            for signature in ["", "AA", &key.sign(&message)] {
                let token = format!("{message}.{signature}");
                assert_eq!(user(&key.policy(), &token), Err(INVALID), "{} {alg:?}", key.kid);
            }
        }
        let empty = format!("{}.", parts(&json!({"alg": key.alg})));
        assert_eq!(user(&key.policy(), &empty), Err(INVALID), "{}", key.kid);
    }
}

/// The public key, in every form in which a careless reader may hold it, as the secret of an HMAC.
#[test]
fn a_public_key_is_not_a_secret() {
    for key in fixtures().keys.iter().filter(|key| key.pem.is_some()) {
        let pem = key.pem.clone().unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(&body).unwrap();
        let members = ["n", "x"].iter().filter_map(|name| key.jwk[*name].as_str());
        let raw = members.map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
        let texts = [pem.trim().to_owned(), pem, body, key.jwk.to_string()];
        let secrets = texts.into_iter().map(String::into_bytes).chain([der, vec![]]).chain(raw);
        for secret in secrets {
            for (name, algorithm) in [
                ("HS256", Algorithm::HS256),
                ("HS384", Algorithm::HS384),
                ("HS512", Algorithm::HS512),
            ] {
                for header in [
                    json!({"alg": name}),
                    json!({"alg": name, "kid": key.kid}),
                    json!({"alg": key.alg}),
                ] {
                    let message = parts(&header);
                    let encoding = EncodingKey::from_secret(&secret);
                    let signature = crypto::sign(message.as_bytes(), &encoding, algorithm).unwrap();
                    let token = format!("{message}.{signature}");
                    assert_eq!(user(&key.policy(), &token), Err(INVALID), "{} {header}", key.kid);
                }
            }
        }
    }
}

#[test]
fn a_header_that_names_another_algorithm_than_that_of_the_key_is_refused() {
    let names = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES256K",
        "EdDSA", "Ed25519", "Ed448", "hs256", "Rs256", "HS256 ", "dir", "RSA-OAEP",
    ];
    for key in one_of_each() {
        let own = |alg: &&str| *alg == key.alg || (*alg == "Ed25519" && key.alg == "EdDSA");
        for alg in names.iter().filter(|alg| !own(alg)) {
            for header in [json!({"alg": alg}), json!({"alg": alg, "kid": key.kid})] {
                let token = key.token_with(&header);
                assert_eq!(user(&key.policy(), &token), Err(INVALID), "{} {alg}", key.kid);
            }
        }
        for alg in [json!(null), json!(["HS256"]), json!(7), json!({})] {
            let token = key.token_with(&json!({ "alg": alg }));
            assert_eq!(user(&key.policy(), &token), Err(INVALID), "{} {alg}", key.kid);
        }
        let none = key.token_of("{}", &claims().to_string());
        assert_eq!(user(&key.policy(), &none), Err(INVALID), "{}", key.kid);
    }
}

/// Every key signs for every other one: with its own algorithm and with theirs, under its own name and under theirs.
#[test]
fn a_token_of_another_key_is_refused_under_whatever_name() {
    let keys: Vec<TheirKey> = one_of_each().collect();
    for honest in &keys {
        for other in keys.iter().filter(|other| other.kid != honest.kid) {
            for alg in [&honest.alg, &other.alg] {
                for header in [json!({"alg": alg}), json!({"alg": alg, "kid": honest.kid})] {
                    let token = other.token_with(&header);
                    assert_eq!(
                        user(&honest.policy(), &token),
                        Err(INVALID),
                        "{} {header}",
                        other.kid
                    );
                }
                let token = other.token_with(&json!({"alg": alg, "kid": other.kid}));
                let unknown = Distrust::UnknownKey(other.kid.clone());
                assert_eq!(user(&honest.policy(), &token), Err(unknown));
            }
        }
    }
}

#[test]
fn a_key_that_the_token_brings_or_points_to_does_not_count() {
    let attacker = TheirKey::of("rs256-3072");
    let tenant = TheirKey::of("rs256").policy();
    let brought = [
        json!({"jwk": attacker.jwk}),
        json!({"jku": "https://evil.example/jwks.json"}),
        json!({"x5u": "https://evil.example/chain.pem"}),
        json!({"x5c": [attacker.pem]}),
        json!({"jwk": attacker.jwk, "jku": 7, "x5t": null, "x5t#S256": []}),
    ];
    for header in brought {
        let mut named = header.clone();
        named["kid"] = json!("rs256");
        for header in [header.clone(), named] {
            assert_eq!(user(&tenant, &attacker.token_with(&header)), Err(INVALID), "{header}");
        }
        // An honest token may have them.
        assert_eq!(user(&tenant, &TheirKey::of("rs256").token_with(&header)).as_deref(), Ok("ada"));
    }
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    let key = TheirKey::of("rs256");
    for kid in [
        "../../../dev/null",
        "' OR 1=1 --",
        "https://evil.example/jwks.json",
        "RS256",
        "rs256\0",
        "rs256 ",
    ] {
        let token = key.token_with(&json!({ "kid": kid }));
        assert_eq!(user(&key.policy(), &token), Err(Distrust::UnknownKey(kid.to_owned())));
    }
    for kid in
        [json!(""), json!("k".repeat(257)), json!(7), json!(null), json!(["rs256"]), json!({})]
    {
        let token = key.token_with(&json!({ "kid": kid }));
        assert_eq!(user(&key.policy(), &token), Err(INVALID), "{kid}");
    }
}

/// The psychic signature (CVE-2022-21449), and its relatives.
#[test]
fn an_es256_signature_of_zeros_the_order_or_der_is_refused() {
    let key = TheirKey::of("es256");
    let message = parts(&json!({"alg": "ES256"}));
    let honest = URL_SAFE_NO_PAD.decode(key.sign(&message)).unwrap();
    let der = Signature::from_slice(&honest).unwrap().to_der().as_bytes().to_vec();
    let zero = vec![0; 32];
    let forged = [
        [zero.clone(), zero.clone()].concat(),
        [honest[..32].to_vec(), zero.clone()].concat(),
        [zero.clone(), honest[32..].to_vec()].concat(),
        [ORDER, ORDER].concat(),
        [honest[..32].to_vec(), ORDER.to_vec()].concat(),
        der,
        honest[..63].to_vec(),
        [honest.clone(), vec![0]].concat(),
        [vec![0], honest.clone()].concat(),
        [zero.clone(), honest.clone(), zero].concat(),
        vec![0x30, 6, 2, 1, 0, 2, 1, 0],
    ];
    for signature in forged {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(user(&key.policy(), &token), Err(INVALID), "{signature:?}");
    }
}

/// JWS does not ask for the smaller `s`, so a signature has two forms. Nothing here counts tokens by their text.
#[test]
fn an_es256_signature_with_the_larger_s_is_accepted() {
    let signing = SigningKey::from_slice(&[7; 32]).unwrap();
    let point = signing.verifying_key().to_encoded_point(false);
    let (x, y) =
        (URL_SAFE_NO_PAD.encode(point.x().unwrap()), URL_SAFE_NO_PAD.encode(point.y().unwrap()));
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
    let policy = policy(vec![roomcast::auth::key::Key::from_jwk(&jwk).unwrap()]);
    let message = parts(&json!({"alg": "ES256"}));
    let signature: Signature = p256::ecdsa::signature::Signer::sign(&signing, message.as_bytes());
    let (r, s) = signature.split_scalars();
    for s in [*s, -*s] {
        let form = Signature::from_scalars(r.to_bytes(), s.to_bytes()).unwrap();
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(form.to_bytes()));
        assert_eq!(user(&policy, &token).as_deref(), Ok("ada"));
    }
}

#[test]
fn an_eddsa_signature_with_an_s_above_the_order_or_a_point_of_small_order_is_refused() {
    let key = TheirKey::of("eddsa");
    let message = parts(&json!({"alg": "EdDSA"}));
    let honest = URL_SAFE_NO_PAD.decode(key.sign(&message)).unwrap();
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut larger = honest.clone();
    let mut carry = 0;
    for (byte, added) in larger[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + added + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    let mut identity = vec![0; 64];
    identity[0] = 1;
    for signature in [larger, identity, vec![0; 64], vec![0xff; 64], honest[..63].to_vec()] {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(user(&key.policy(), &token), Err(INVALID), "{signature:?}");
    }
}

/// With an exponent of 3, a reader that does not check the padding to its end accepts a cube root (Bleichenbacher 2006).
#[test]
fn an_rs256_signature_has_exactly_the_length_of_the_key_and_is_below_it() {
    let key = TheirKey::of("rs256-4096");
    let message = parts(&json!({"alg": "RS256"}));
    let honest = URL_SAFE_NO_PAD.decode(key.sign(&message)).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(key.jwk["n"].as_str().unwrap()).unwrap();
    let one = [vec![0; 511], vec![1]].concat();
    for signature in [
        vec![0; 512],
        one,
        modulus,
        vec![0xff; 512],
        honest[1..].to_vec(),
        [vec![0], honest.clone()].concat(),
        [honest.clone(), vec![0]].concat(),
        vec![],
        vec![1],
        vec![0; 4096],
    ] {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(user(&key.policy(), &token), Err(INVALID), "{} bytes", signature.len());
    }
}
