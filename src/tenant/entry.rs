//! A tenant as it is stored: its sealed document and the document's version. What may replace it, and what is shown of it.

use serde_json::Value;

use super::credentials::{credentials, Credential};
use super::document::{parse, Described};
use super::sealing::{CannotOpen, SealingKeys, NONCE_BYTES};
use super::secrets;
use crate::preset::faults::Fault;
use crate::protocol::etag;
use crate::protocol::ids::TenantName;

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The version: another one each time that the document is stored.
    pub version: String,
    /// The document with its secrets sealed, as JSON.
    pub sealed: String,
}

/// A document that may be stored.
#[derive(Debug)]
pub struct Ready {
    /// The document with its secrets.
    pub document: Value,
    /// The tenant that it describes.
    pub described: Described,
    /// What only this tenant may have.
    pub credentials: Vec<Credential>,
}

impl Entry {
    /// The document with its secrets.
    ///
    /// # Errors
    /// A secret cannot be opened.
    pub fn open(&self, name: &TenantName, keys: &SealingKeys) -> Result<Value, CannotOpen> {
        let mut document = serde_json::from_str(&self.sealed).map_err(|_| CannotOpen)?;
        secrets::open(&mut document, name, keys)?;
        Ok(document)
    }

    /// Whether a request with these headers `If-Match` and `If-None-Match` is for this entry, or for there being none.
    pub fn is_wanted(entry: Option<&Self>, matches: Option<&str>, differs: Option<&str>) -> bool {
        let is =
            |header: &str| entry.is_some_and(|entry| etag::matches(header, &tag(&entry.version)));
        // `If-Match` compares strongly: a weak tag names no version.
        let is_exactly = |header: &str| !header.contains("W/") && is(header);
        matches.is_none_or(is_exactly) && !differs.is_some_and(is)
    }
}

/// The entity tag of a version.
pub fn tag(version: &str) -> String {
    format!("\"{version}\"")
}

/// Checks a posted document that is to replace another. Secrets that it keeps are taken from the other.
///
/// # Errors
/// What is wrong with it, and where.
pub fn ready(
    name: &TenantName,
    mut document: Value,
    replaced: Option<&Value>,
    keys: &SealingKeys,
) -> Result<Ready, Vec<Fault>> {
    secrets::keep(&mut document, replaced, keys).map_err(|fault| vec![fault])?;
    let described = parse(name.clone(), document.clone())?;
    let credentials = credentials(name, &document);
    Ok(Ready { document, described, credentials })
}

/// A document as it is stored, under a new version.
///
/// # Errors
/// There is no nonce, or a secret is too long.
pub fn sealed<E: From<CannotOpen>>(
    name: &TenantName,
    document: &Value,
    version: String,
    keys: &SealingKeys,
    nonce: impl FnMut() -> Result<[u8; NONCE_BYTES], E>,
) -> Result<Entry, E> {
    let mut document = document.clone();
    secrets::seal(&mut document, (name, keys), nonce)?;
    Ok(Entry { version, sealed: document.to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tenant::sealing::tests::a_key as keys;

    fn acme() -> TenantName {
        "acme".parse().unwrap()
    }

    fn document() -> Value {
        json!({"origins": ["https://app.acme.test"],
            "tokens": {"issuer": "me",
                "keys": [{"alg": "HS256", "secret": "0123456789abcdef0123456789abcdef"}]},
            "webhooks": [{"scheme": "standard",
                "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}]})
    }

    fn store(document: &Value, version: &str) -> Entry {
        let nonce = || Ok::<_, CannotOpen>([1; NONCE_BYTES]);
        sealed(&acme(), document, version.to_owned(), &keys(), nonce).unwrap()
    }

    #[test]
    fn a_document_is_stored_sealed_and_shown_and_replaced_without_its_secrets() {
        let first = ready(&acme(), document(), None, &keys()).unwrap();
        let entry = store(&first.document, "1");
        assert!(!entry.sealed.contains("0123456789abcdef") && !entry.sealed.contains("whsec_"));
        let mut shown = entry.open(&acme(), &keys()).unwrap();
        secrets::redact(&mut shown, &keys());
        assert!(!shown.to_string().contains("whsec_"));
        shown["origins"] = json!(["https://new.acme.test"]);
        let opened = entry.open(&acme(), &keys()).unwrap();
        let second = ready(&acme(), shown, Some(&opened), &keys()).unwrap();
        assert!(second.described.tenant.origins.contains("https://new.acme.test"));
        assert_eq!(second.document["webhooks"], document()["webhooks"]);
    }

    #[test]
    fn a_wrong_document_is_refused_by_place() {
        let mut wrong = document();
        wrong["origins"] = json!(["app.acme.test"]);
        wrong["hosts"] = json!(["-/-"]);
        let faults = ready(&acme(), wrong, None, &keys()).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["origins[0]", "hosts[0]"]);
    }

    #[test]
    fn conditions_are_those_of_http() {
        let entry = store(&document(), "7");
        let wanted = |matches, differs| Entry::is_wanted(Some(&entry), matches, differs);
        assert!(wanted(None, None) && wanted(Some("\"7\""), None) && wanted(Some("*"), None));
        assert!(!wanted(Some("W/\"7\""), None) && !wanted(None, Some("W/\"7\"")));
        assert!(!wanted(Some("\"6\""), None) && !wanted(None, Some("*")));
        assert!(
            Entry::is_wanted(None, None, Some("*")) && !Entry::is_wanted(None, Some("*"), None)
        );
    }
}
