//! Where a tenant's document has secrets, and what stands in their place: sealed texts in storage, `{"kept": "<name>"}` in
//! what is shown. Whoever changes a document can leave those names in it, and the secrets stay.

use serde_json::{json, Map, Value};

use super::sealing::{CannotOpen, SealingKeys, NONCE_BYTES};
use crate::preset::faults::Fault;
use crate::protocol::ids::TenantName;

/// A secret in a document.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
pub enum SecretForm {
    /// The secret itself.
    Text(String),
    /// The name under which the API shows a secret: the secret stays as it is.
    Kept {
        /// The name.
        kept: String,
    },
    /// The name of a setting, in a file for the command line.
    Setting {
        /// The name.
        env: String,
    },
}

/// The field that stands in the place of a secret that is kept.
const KEPT: &str = "kept";

/// Encrypts the secrets of a document of a tenant. Each needs a nonce of its own.
///
/// # Errors
/// There is no nonce, or a secret is too long.
pub fn seal<E: From<CannotOpen>>(
    document: &mut Value,
    (tenant, keys): (&TenantName, &SealingKeys),
    mut nonce: impl FnMut() -> Result<[u8; NONCE_BYTES], E>,
) -> Result<(), E> {
    each(document, |place, secret| {
        if let Some(text) = secret.as_str() {
            *secret = keys.seal(text, &of(tenant, place), nonce()?)?.into();
        }
        Ok(())
    })
}

/// Decrypts the secrets of a stored document of a tenant.
///
/// # Errors
/// One of them cannot be opened.
pub fn open(
    document: &mut Value,
    tenant: &TenantName,
    keys: &SealingKeys,
) -> Result<(), CannotOpen> {
    each(document, |place, secret| {
        if let Some(sealed) = secret.as_str() {
            *secret = keys.open(sealed, &of(tenant, place))?.into();
        }
        Ok(())
    })
}

/// Puts names in the places of secrets, for everyone to see.
pub fn redact(document: &mut Value, keys: &SealingKeys) {
    let redacted: Result<(), CannotOpen> = each(document, |_, secret| {
        *secret = secret.as_str().map_or(Value::Null, |text| json!({KEPT: keys.fingerprint(text)}));
        Ok(())
    });
    // Naming cannot fail.
    let (Ok(()) | Err(CannotOpen)) = redacted;
}

/// Whether a document keeps a secret of the one that it replaces.
pub fn keeps(document: &Value) -> bool {
    let mut keeps = false;
    let looked: Result<(), CannotOpen> = each(&mut document.clone(), |_, secret| {
        keeps |= secret.get(KEPT).is_some();
        Ok(())
    });
    let (Ok(()) | Err(CannotOpen)) = looked;
    keeps
}

/// Puts the secrets of the document that it replaces in the places of their names.
///
/// # Errors
/// The first name of a secret that the other document does not have.
pub fn keep(
    document: &mut Value,
    replaced: Option<&Value>,
    keys: &SealingKeys,
) -> Result<(), Fault> {
    let mut known = Map::new();
    if let Some(mut replaced) = replaced.cloned() {
        let noted: Result<(), CannotOpen> = each(&mut replaced, |_, secret| {
            let text = secret.as_str().unwrap_or_default();
            known.extend(keys.fingerprints(text).map(|name| (name, text.into())));
            Ok(())
        });
        let (Ok(()) | Err(CannotOpen)) = noted;
    }
    each(document, |place, secret| {
        let Some(name) = secret.get(KEPT) else { return Ok(()) };
        let text = name.as_str().and_then(|name| known.get(name));
        let text = text.ok_or_else(|| Fault {
            place: place.to_owned(),
            reason: "names a secret that the tenant does not have: send the secret itself".into(),
        })?;
        *secret = text.clone();
        Ok(())
    })
}

/// The secrets of a document, with their places.
pub fn listed(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let noted: Result<(), CannotOpen> = each(&mut document.clone(), |place, secret| {
        found.extend(secret.as_str().map(|text| (place.to_owned(), text.to_owned())));
        Ok(())
    });
    let (Ok(()) | Err(CannotOpen)) = noted;
    found
}

/// Visits the place of each secret of a document.
///
/// # Errors
/// The first error of the visitor.
pub fn each<E>(
    document: &mut Value,
    mut visit: impl FnMut(&str, &mut Value) -> Result<(), E>,
) -> Result<(), E> {
    for (index, key) in items(document, &["tokens", "keys"]) {
        if let Some(secret) = key.get_mut("secret") {
            visit(&format!("tokens.keys[{index}].secret"), secret)?;
        }
        if let Some(secret) = key.get_mut("jwk").and_then(|jwk| jwk.get_mut("k")) {
            visit(&format!("tokens.keys[{index}].jwk.k"), secret)?;
        }
    }
    for (index, entry) in items(document, &["webhooks"]) {
        if let Some(secret) = entry.get_mut("secret") {
            visit(&format!("webhooks[{index}].secret"), secret)?;
        }
    }
    if let Some(secret) = document.get_mut("hooks").and_then(|hooks| hooks.get_mut("secret")) {
        visit("hooks.secret", secret)?;
    }
    Ok(())
}

/// The items of the list at a path, with their indexes.
fn items<'d>(
    document: &'d mut Value,
    path: &[&str],
) -> impl Iterator<Item = (usize, &'d mut Value)> {
    let list = path.iter().try_fold(document, |value, step| value.get_mut(step));
    list.and_then(Value::as_array_mut).into_iter().flatten().enumerate()
}

/// The place for which a secret is sealed.
fn of(tenant: &TenantName, place: &str) -> String {
    format!("{tenant} {place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::sealing::tests::a_key as keys;

    fn acme() -> TenantName {
        "acme".parse().unwrap()
    }

    fn document() -> Value {
        json!({
            "tokens": {"issuer": "me", "keys": [
                {"alg": "HS256", "secret": "secret-1"}, {"jwk": {"kty": "oct", "k": "secret-2"}},
                {"alg": "ES256", "pem": "public"}]},
            "webhooks": [{"scheme": "standard", "secret": "secret-3"},
                {"scheme": "standard", "public_key": "whpk_public"}],
            "hooks": {"url": "https://hooks.acme.test", "secret": "secret-4"},
        })
    }

    fn sealed(document: &Value, tenant: &TenantName) -> Value {
        let (mut sealed, mut count) = (document.clone(), 0);
        let nonce = || {
            count += 1;
            Ok::<_, CannotOpen>([count; NONCE_BYTES])
        };
        seal(&mut sealed, (tenant, &keys()), nonce).unwrap();
        sealed
    }

    #[test]
    fn every_secret_is_sealed_and_opens_for_its_tenant_only() {
        let mut stored = sealed(&document(), &acme());
        assert!(!stored.to_string().contains("secret-"), "{stored}");
        assert!(stored.to_string().contains("whpk_public"));
        assert!(open(&mut stored.clone(), &"other".parse().unwrap(), &keys()).is_err());
        open(&mut stored, &acme(), &keys()).unwrap();
        assert_eq!(stored, document());
    }

    #[test]
    fn a_secret_cannot_be_moved_to_another_place() {
        let mut stored = sealed(&document(), &acme());
        let key = stored["tokens"]["keys"][0]["secret"].clone();
        stored["webhooks"][0]["secret"] = key;
        assert_eq!(open(&mut stored, &acme(), &keys()), Err(CannotOpen));
    }

    #[test]
    fn a_document_is_shown_without_secrets_and_can_be_sent_back() {
        let mut shown = document();
        redact(&mut shown, &keys());
        assert!(!shown.to_string().contains("secret-"), "{shown}");
        let mut back = shown.clone();
        keep(&mut back, Some(&document()), &keys()).unwrap();
        assert_eq!(back, document());
        assert!(keeps(&shown) && !keeps(&document()));
        let fault = keep(&mut shown, None, &keys()).unwrap_err();
        assert_eq!(fault.place, "tokens.keys[0].secret");
    }

    #[test]
    fn secrets_are_listed_with_their_places() {
        let places: Vec<_> = listed(&document()).into_iter().map(|(place, _)| place).collect();
        let of_tokens = ["tokens.keys[0].secret", "tokens.keys[1].jwk.k"];
        assert_eq!(places, [of_tokens, ["webhooks[0].secret", "hooks.secret"]].concat());
        assert_eq!(listed(&json!([])), []);
    }
}
