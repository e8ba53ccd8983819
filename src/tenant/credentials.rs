//! What no two tenants may share, so that a token or a signature of one is never accepted by another.
//!
//! A signature counts for whoever has its secret, so a secret for signatures may belong to one tenant only. A token counts
//! where its key, issuer and audience are accepted, so two tenants may share a key if they differ in one of the others; by
//! default the audience contains the tenant's name. Each such thing is known by a fingerprint, which tells nothing about it.

use serde_json::{json, Value};

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
                      Use a secret of this tenant's own, or for a token key another issuer or audience";
        Fault { place: self.place.clone(), reason: reason.to_owned() }
    }
}

/// The credentials of a checked document.
pub fn credentials(tenant: &TenantName, document: &Value) -> Vec<Credential> {
    let tokens = &document["tokens"];
    let audience = match tokens.get("audience") {
        Some(audience) => audience.clone(),
        None => format!("roomcast:{tenant}").into(),
    };
    let key = |(index, key): (usize, &Value)| {
        let of = ["secret", "pem", "jwk", "jwks"].map(|kind| key.get(kind));
        let text = json!(["token", of, tokens["issuer"], audience]).to_string();
        Credential { place: format!("tokens.keys[{index}]"), text }
    };
    let signer = |(index, signer): (usize, &Value)| {
        let of = ["secret", "public_key"].map(|kind| signer.get(kind));
        let text = json!(["webhook", of]).to_string();
        Credential { place: format!("webhooks[{index}]"), text }
    };
    let keys = list(&tokens["keys"]).map(key);
    keys.chain(list(&document["webhooks"]).map(signer)).collect()
}

fn list(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprints(tenant: &str, document: &Value) -> Vec<String> {
        let keys = SealingKeys::parse("a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
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
    fn a_token_key_with_the_same_issuer_and_audience_is_the_same_credential() {
        let with = |issuer: &str, audience: Value| {
            let mut document = document(issuer);
            document["tokens"]["audience"] = audience;
            document
        };
        let of = |tenant: &str, document: &Value| fingerprints(tenant, document)[0].clone();
        let same = with("me", json!("api"));
        assert_eq!(of("acme", &same), of("other", &same));
        assert_ne!(of("acme", &same), of("acme", &with("you", json!("api"))));
        assert_ne!(of("acme", &same), of("acme", &with("me", Value::Null)));
    }
}
