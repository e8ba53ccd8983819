//! What no two tenants may share, so that a token or a signature of one is never accepted by another.
//!
//! A signature counts for whoever has its secret, so a secret for signatures may belong to one tenant only. A token counts
//! where its key and audience are accepted, so two tenants may share a key if their audiences differ; by default the audience
//! contains the tenant's name. Issuers do not tell tenants apart, as a tenant may accept any. Each such thing is known by a
//! fingerprint, which tells nothing about it.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde_json::{json, Value};

use super::keys::audience_of;
use super::sealing::SealingKeys;
use crate::preset::faults::Fault;
use crate::protocol::ids::TenantName;

/// Something that only one tenant may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Where it is in the document.
    pub place: String,
    /// What is compared.
    text: String,
}

impl Credential {
    /// Its fingerprint by the newest sealing key, to be remembered.
    pub fn fingerprint(&self, keys: &SealingKeys) -> String {
        keys.fingerprint(&self.text)
    }

    /// Its fingerprints by all sealing keys, to be looked up.
    pub fn fingerprints(&self, keys: &SealingKeys) -> Vec<String> {
        keys.fingerprints(&self.text).collect()
    }

    /// What is said when another tenant has it.
    pub fn taken(&self) -> Fault {
        let reason = "another tenant has this: with it, one could be taken for the other. \
                      Use a secret of this tenant's own, or for a token key an audience of its own";
        Fault { place: self.place.clone(), reason: reason.to_owned() }
    }
}

/// The credentials of a checked document.
pub fn credentials(tenant: &TenantName, document: &Value) -> Vec<Credential> {
    let tokens = &document["tokens"];
    let audience = match tokens.get("audience") {
        Some(audience) => audience.clone(),
        None => audience_of(tenant).into(),
    };
    let key = |(index, key): (usize, &Value)| {
        let text = json!(["token", material(key), audience]).to_string();
        Credential { place: format!("tokens.keys[{index}]"), text }
    };
    let signer = |place: String, signer: &Value| {
        let of = ["secret", "public_key"].map(|kind| signer.get(kind));
        Credential { place, text: json!(["webhook", of]).to_string() }
    };
    let keys = list(&tokens["keys"]).map(key);
    let signers = list(&document["webhooks"]);
    let signers = signers.map(|(index, one)| signer(format!("webhooks[{index}]"), one));
    // A secret of hooks is the same as one of posts: what one tenant is sent could be posted to the other.
    let hooks = &document["hooks"];
    let hooks = hooks.get("secret").map(|_| signer("hooks.secret".to_owned(), hooks));
    keys.chain(signers).chain(hooks).collect()
}

/// What identifies a key, however it is written: the bytes of a secret, the members of a public JWK that are the key, the
/// characters of a PEM without its lines, a URL.
fn material(key: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(secret) = key.get("secret") {
        return json!(["secret", URL_SAFE_NO_PAD.encode(text(secret))]);
    }
    if let Some(jwk) = key.get("jwk") {
        let members = ["n", "e", "crv", "x", "y"].map(|name| jwk.get(name));
        return match jwk.get("k") {
            Some(secret) => json!(["secret", text(secret).trim_end_matches('=')]),
            None => json!(["jwk", members]),
        };
    }
    match key.get("pem") {
        Some(pem) => json!(["pem", text(pem).split_whitespace().collect::<String>()]),
        None => json!(["jwks", key.get("jwks")]),
    }
}

fn list(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::sealing::tests::a_key;

    fn fingerprints(tenant: &str, document: &Value) -> Vec<String> {
        let keys = a_key();
        let all = credentials(&tenant.parse().unwrap(), document);
        all.iter().map(|one| one.fingerprint(&keys)).collect()
    }

    fn document(issuer: &str) -> Value {
        json!({"tokens": {"issuer": issuer, "keys": [{"alg": "HS256", "secret": "shared"}]},
            "webhooks": [{"scheme": "standard", "secret": "whsec_shared"}]})
    }

    #[test]
    fn tenants_that_share_a_token_key_differ_by_their_audience() {
        let (acme, other) =
            (fingerprints("acme", &document("me")), fingerprints("other", &document("me")));
        assert_ne!(acme[0], other[0]);
        assert_eq!(acme[1], other[1], "a secret for signatures cannot be shared");
    }

    #[test]
    fn a_secret_of_hooks_belongs_to_one_tenant_and_to_no_backend_of_another() {
        let mut hooked = document("me");
        hooked["webhooks"][0]["secret"] = json!("whsec_other");
        hooked["hooks"] = json!({"url": "https://hooks.acme.test", "secret": "whsec_shared"});
        let (hooked, posting) = (fingerprints("acme", &hooked), fingerprints("b", &document("me")));
        assert_eq!(hooked[2], posting[1]);
    }

    #[test]
    fn a_token_key_with_the_same_audience_is_the_same_credential() {
        let with = |issuer: &str, audience: Value| {
            let mut document = document(issuer);
            document["tokens"]["audience"] = audience;
            document
        };
        let of = |tenant: &str, document: &Value| fingerprints(tenant, document)[0].clone();
        let same = with("me", json!("api"));
        assert_eq!(of("acme", &same), of("other", &same));
        assert_eq!(of("acme", &same), of("acme", &with("you", json!("api"))), "whoever issued it");
        assert_ne!(of("acme", &same), of("acme", &with("me", Value::Null)));
    }

    #[test]
    fn a_key_is_known_however_it_is_written() {
        let with = |key: Value| {
            let mut document = document("me");
            document["tokens"]["keys"] = json!([key]);
            fingerprints("acme", &document)[0].clone()
        };
        let secret = with(json!({"alg": "HS256", "secret": "shared"}));
        assert_eq!(secret, with(json!({"jwk": {"kty": "oct", "k": "c2hhcmVk", "alg": "HS256"}})));
        assert_eq!(secret, with(json!({"kid": "k-1", "alg": "HS512", "secret": "shared"})));
        let pem = with(json!({"pem": "-----BEGIN-----\nAB\nC\n"}));
        assert_eq!(pem, with(json!({"pem": "-----BEGIN-----\r\nABC"})));
        let jwk = with(json!({"jwk": {"kty": "EC", "x": "1", "y": "2", "crv": "P-256"}}));
        assert_eq!(jwk, with(json!({"jwk": {"crv": "P-256", "y": "2", "x": "1", "kid": "a"}})));
        assert_ne!(jwk, pem);
    }
}
