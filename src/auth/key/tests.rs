use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::Engine as _;
use serde_json::json;

use super::*;
use crate::limits::KEY_BYTES;

const FIXTURES: &str = include_str!("../../../tests/fixtures/tokens/tokens.json");

/// The order of P-256, above which no number of a signature is.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn fixtures() -> Value {
    serde_json::from_str(FIXTURES).unwrap()
}

/// The keys that other people's libraries made.
fn theirs(kid: &str) -> Value {
    let fixtures = fixtures();
    let keys = fixtures["keys"].as_array().unwrap();
    keys.iter().find(|key| key["kid"] == kid).unwrap().clone()
}

fn fault(jwk: &Value) -> KeyFault {
    Key::from_jwk(jwk).unwrap_err()
}

/// The JWK of a fixture with other members. A member of null goes.
fn jwk(kid: &str, change: &Value) -> Value {
    let mut jwk = theirs(kid)["jwk"].clone();
    let members = jwk.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    jwk
}

/// The examples of RFC 7515, A.1 to A.3, and RFC 8037, A.4.
#[test]
fn the_examples_of_the_standards_hold() {
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let examples = [
        (
            json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}),
            format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{payload}"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}),
            format!("eyJhbGciOiJSUzI1NiJ9.{payload}"),
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
            format!("eyJhbGciOiJFUzI1NiJ9.{payload}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (jwk, message, signature) in examples {
        let (key, signature) =
            (Key::from_jwk(&jwk).unwrap(), URL_SAFE_NO_PAD.decode(signature).unwrap());
        assert!(key.verifies(message.as_bytes(), &signature), "{key:?}");
        assert!(!key.verifies(format!("{message}x").as_bytes(), &signature), "{key:?}");
    }
}

#[test]
fn a_pem_and_a_jwk_of_one_key_are_the_same_key() {
    for kid in ["rs256", "rs256-3072", "rs256-4096", "es256", "eddsa"] {
        let key = theirs(kid);
        let from_jwk = Key::from_jwk(&key["jwk"]).unwrap();
        assert_eq!(
            (from_jwk.kid(), from_jwk.algorithm().name()),
            (Some(kid), key["alg"].as_str().unwrap())
        );
        for pem in [&key["pem"], &key["pkcs1"]].iter().filter_map(|pem| pem.as_str()) {
            let one_line = pem.replace('\n', " ");
            for pem in
                [pem.to_owned(), pem.replace('\n', "\r\n"), one_line, format!("\n {pem}\n\n")]
            {
                let from_pem = Key::from_pem(&pem).unwrap();
                assert_eq!((from_pem.kid(), from_pem.algorithm()), (None, from_jwk.algorithm()));
            }
        }
    }
}

#[test]
fn a_pem_that_is_no_public_key_is_refused_with_the_reason() {
    let unusable = fixtures()["unusable"].clone();
    for (name, fault) in [
        ("rsa-1024", KeyFault::RsaBits),
        ("p-384", KeyFault::Kind),
        ("rsa-pss", KeyFault::Kind),
        ("x25519", KeyFault::Kind),
        ("private", KeyFault::Private),
    ] {
        assert_eq!(Key::from_pem(unusable[name].as_str().unwrap()).unwrap_err(), fault, "{name}");
    }
    let key = theirs("es256");
    let pem = key["pem"].as_str().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let of = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let cut = body.get(..body.len() - 4).unwrap();
    for (pem, fault) in [
        (String::new(), KeyFault::Pem),
        ("hunter2".to_owned(), KeyFault::Pem),
        (body.clone(), KeyFault::Pem),
        (of("PUBLIC KEY", ""), KeyFault::Pem),
        (of("PUBLIC KEY", "%%%%"), KeyFault::Pem),
        (of("PUBLIC KEY", cut), KeyFault::Pem),
        (of("PUBLIC KEY", &format!("{cut}AA==")), KeyFault::Weak),
        (of("RSA PUBLIC KEY", &body), KeyFault::Pem),
        (of("OTHER KEY", &body), KeyFault::Pem),
        (of("CERTIFICATE", &body), KeyFault::Certificate),
        (of("EC PRIVATE KEY", &body), KeyFault::Private),
        (of("PUBLIC KEY", &"A".repeat(KEY_BYTES)), KeyFault::TooLong),
        (pem.replace("END PUBLIC", "END OTHER"), KeyFault::Pem),
        (pem.repeat(2), KeyFault::Pem),
    ] {
        assert_eq!(Key::from_pem(&pem).unwrap_err(), fault, "{pem:.60}");
    }
}

#[test]
fn a_secret_has_as_many_bytes_as_its_algorithm_yields() {
    for (algorithm, least) in
        [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)]
    {
        assert_eq!(Key::shared(algorithm, &vec![7; least]).unwrap().algorithm(), algorithm);
        let short = Key::shared(algorithm, &vec![7; least - 1]).unwrap_err();
        assert_eq!(short.to_string(), format!("must have at least {least} bytes"));
        let k = URL_SAFE_NO_PAD.encode(vec![7; least - 1]);
        let jwk = json!({"kty": "oct", "alg": algorithm.name(), "k": k});
        assert_eq!(fault(&jwk), KeyFault::SecretTooShort { least });
    }
    assert_eq!(Key::shared(Algorithm::Rs256, &[7; 64]).unwrap_err(), KeyFault::NoSecrets);
}

#[test]
fn a_jwk_says_what_it_is_for() {
    for change in [
        json!({"alg": null, "use": null, "kid": null}),
        json!({"key_ops": ["verify"]}),
        json!({"x5c": ["MII"], "x5t": 7, "ext": true}),
    ] {
        assert!(Key::from_jwk(&jwk("rs256", &change)).is_ok(), "{change}");
    }
    for (kid, change, want) in [
        ("rs256", json!({"use": "enc"}), KeyFault::Purpose),
        ("rs256", json!({"key_ops": ["encrypt"]}), KeyFault::Purpose),
        ("rs256", json!({"key_ops": []}), KeyFault::Purpose),
        ("hs256", json!({"key_ops": ["sign"]}), KeyFault::Purpose),
        ("rs256", json!({"alg": "PS256"}), KeyFault::Algorithm),
        ("rs256", json!({"alg": "HS256"}), KeyFault::Algorithm),
        ("rs256", json!({"alg": "none"}), KeyFault::Algorithm),
        ("es256", json!({"alg": "ES384"}), KeyFault::Algorithm),
        ("hs256", json!({"alg": "RS256"}), KeyFault::Algorithm),
        ("hs256", json!({"alg": "A256GCM"}), KeyFault::Algorithm),
        ("es256", json!({"crv": "P-384"}), KeyFault::Kind),
        ("es256", json!({"crv": null}), KeyFault::Kind),
        ("eddsa", json!({"crv": "X25519"}), KeyFault::Kind),
        ("eddsa", json!({"kty": "EC"}), KeyFault::Kind),
        ("rs256", json!({"kty": "rsa"}), KeyFault::Kind),
        ("rs256", json!({"kid": ""}), KeyFault::Kid),
        ("rs256", json!({"kid": "k".repeat(KID_CHARS + 1)}), KeyFault::Kid),
        ("rs256", json!({"kid": 7}), KeyFault::Jwk),
        ("rs256", json!({"kty": null}), KeyFault::Jwk),
    ] {
        assert_eq!(fault(&jwk(kid, &change)), want, "{kid}: {change}");
    }
    for value in [json!(null), json!("x"), json!([]), json!({})] {
        assert_eq!(fault(&value), KeyFault::Jwk);
    }
}

#[test]
fn a_jwk_with_private_parts_is_refused() {
    for kid in ["rs256", "es256", "eddsa"] {
        for part in ["d", "p", "q", "oth"] {
            assert_eq!(
                fault(&jwk(kid, &json!({ part: "AQAB" }))),
                KeyFault::Private,
                "{kid} {part}"
            );
        }
    }
}

#[test]
fn numbers_that_make_no_safe_key_are_refused() {
    let modulus = theirs("rs256")["jwk"]["n"].as_str().unwrap().to_owned();
    let mut even = URL_SAFE_NO_PAD.decode(&modulus).unwrap();
    *even.last_mut().unwrap() &= 0xfe;
    let long = URL_SAFE_NO_PAD.encode([0xff; 513]);
    let zeros = URL_SAFE_NO_PAD.encode([[0; 128], [0xff; 128]].concat());
    let short = URL_SAFE_NO_PAD.encode([7; 31]);
    let ones = URL_SAFE_NO_PAD.encode([1; 32]);
    let small_order = URL_SAFE_NO_PAD.encode([[1].as_slice(), &[0; 31]].concat());
    for (kid, change, want) in [
        ("rs256", json!({"n": URL_SAFE_NO_PAD.encode(even)}), KeyFault::Weak),
        ("rs256", json!({"n": long}), KeyFault::RsaBits),
        ("rs256", json!({"n": zeros}), KeyFault::RsaBits),
        ("rs256", json!({"n": ""}), KeyFault::RsaBits),
        ("rs256", json!({"n": null}), KeyFault::Member("n")),
        ("rs256", json!({"n": format!("{modulus}=")}), KeyFault::Member("n")),
        ("rs256", json!({"n": "A".repeat(KEY_BYTES + 1)}), KeyFault::TooLong),
        ("rs256", json!({"e": "AQ"}), KeyFault::Weak),
        ("rs256", json!({"e": "Ag"}), KeyFault::Weak),
        ("rs256", json!({"e": "AA"}), KeyFault::Weak),
        ("rs256", json!({"e": ""}), KeyFault::Weak),
        ("rs256", json!({ "e": &modulus }), KeyFault::Weak),
        ("es256", json!({ "x": short }), KeyFault::Member("x")),
        ("es256", json!({ "y": ones }), KeyFault::Weak),
        ("eddsa", json!({ "x": short }), KeyFault::Weak),
        ("eddsa", json!({ "x": small_order }), KeyFault::Weak),
    ] {
        assert_eq!(fault(&jwk(kid, &change)), want, "{kid}: {change:.60}");
    }
}

#[test]
fn a_key_and_its_faults_show_nothing_secret() {
    let secret = "hunter2-hunter2-hunter2-hunter2-";
    let key = Key::shared(Algorithm::Hs256, secret.as_bytes()).unwrap().named("k-1").unwrap();
    assert_eq!(format!("{key:?}"), r#"Key { kid: Some("k-1"), algorithm: Hs256, .. }"#);
    for fault in [
        fault(&json!({"kty": "oct", "k": [secret]})),
        fault(&json!({"kty": "oct", "k": STANDARD.encode(secret)})),
        fault(&json!({"kty": secret})),
        Key::from_pem(secret).unwrap_err(),
    ] {
        assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault}");
    }
}

#[test]
fn an_es256_signature_is_two_numbers_between_zero_and_the_order() {
    let key = Key::from_jwk(&theirs("es256")["jwk"]).unwrap();
    let one = [[0; 31].as_slice(), &[1]].concat();
    for (r, s) in [
        (&[0; 32][..], &one[..]),
        (&one, &[0; 32]),
        (&[0; 32], &[0; 32]),
        (&ORDER, &one),
        (&one, &ORDER),
    ] {
        assert!(!key.verifies(b"message", &[r, s].concat()));
    }
    for length in [0, 1, 32, 63, 65, 70, 71, 72, 128] {
        assert!(!key.verifies(b"message", &vec![1; length]), "{length}");
    }
}
