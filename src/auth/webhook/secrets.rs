//! A tenant's secrets and keys for posts, each of exactly one scheme.
//!
//! A secret of one scheme never verifies a signature of another, even where the bytes are the same. Faults say what a
//! secret must look like and never what it is.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::auth::ed25519::PublicKey;
use crate::auth::secret::Secret;
use crate::limits::{SHARED_SECRET_BYTES, WEBHOOK_SECRETS};

/// What a standard secret begins with, and also one of Stripe.
const SECRET_PREFIX: &str = "whsec_";

/// What a standard public key begins with.
const KEY_PREFIX: &str = "whpk_";

/// What is wrong with a secret in a setting.
const SETTING: &str =
    "must be whsec_ followed by the base64 of 24 to 64 bytes, whpk_ followed by the base64 of an \
     Ed25519 key, github: followed by at least 16 bytes, or stripe: followed by a whsec_ secret";

/// What is wrong with a secret of GitHub.
const GITHUB: &str =
    "must have at least 16 bytes, because whoever has seen one request can try short ones";

/// What is wrong with the number of secrets.
const NUMBER: &str = "must be 1 to 16 secrets";

/// One secret or public key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum WebhookSecret {
    /// Standard Webhooks, `v1`: a secret that both sides have.
    Standard(Secret),
    /// Standard Webhooks, `v1a`: the public key of the sender.
    StandardKey(PublicKey),
    /// GitHub: the text that was typed into the form of the webhook.
    GitHub(Secret),
    /// Stripe: the whole secret of the endpoint, prefix included.
    Stripe(Secret),
}

/// A tenant's secrets. All of them are active, so that one can replace another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<WebhookSecret>")]
pub struct WebhookSecrets(Vec<WebhookSecret>);

impl WebhookSecret {
    /// Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// What the secret must look like.
    pub fn standard(text: &str) -> Result<Self, &'static str> {
        let key = text.strip_prefix(SECRET_PREFIX).and_then(|text| STANDARD.decode(text).ok());
        let key = key.filter(|key| (24..=64).contains(&key.len()));
        let fault = "must be whsec_ followed by the base64 of 24 to 64 bytes";
        key.map(|key| Self::Standard(Secret::new(key))).ok_or(fault)
    }

    /// Standard Webhooks: `whpk_` and the base64 of an Ed25519 public key.
    ///
    /// # Errors
    /// What the key must look like.
    pub fn standard_key(text: &str) -> Result<Self, &'static str> {
        let key = text.strip_prefix(KEY_PREFIX).and_then(|text| STANDARD.decode(text).ok());
        let key = key.and_then(|bytes| PublicKey::from_bytes(&bytes));
        key.map(Self::StandardKey)
            .ok_or("must be whpk_ followed by the base64 of an Ed25519 public key")
    }

    /// GitHub: at least 16 bytes. A webhook may have a short word or a guessable one as its secret, and the signature of one
    /// captured request is all that is needed to try words without asking anybody.
    ///
    /// # Errors
    /// What the secret must look like.
    pub fn github(text: &str) -> Result<Self, &'static str> {
        (text.len() >= SHARED_SECRET_BYTES).then(|| Self::GitHub(Secret::new(text))).ok_or(GITHUB)
    }

    /// Stripe: `whsec_` and at least 16 more characters. The whole text is the key.
    ///
    /// # Errors
    /// What the secret must look like.
    pub fn stripe(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix(SECRET_PREFIX).unwrap_or_default();
        let right = rest.len() >= SHARED_SECRET_BYTES && rest.bytes().all(|b| b.is_ascii_graphic());
        let fault = "must be whsec_ followed by at least 16 characters";
        right.then(|| Self::Stripe(Secret::new(text))).ok_or(fault)
    }

    /// A secret as it is written in a setting.
    fn written(text: &str) -> Option<Self> {
        let secret = match text.split_once(':') {
            Some(("github", secret)) => Self::github(secret),
            Some(("stripe", secret)) => Self::stripe(secret),
            _ if text.starts_with(KEY_PREFIX) => Self::standard_key(text),
            _ => Self::standard(text),
        };
        secret.ok()
    }
}

impl TryFrom<Value> for WebhookSecret {
    type Error = &'static str;

    /// An entry of a tenant's document, such as `{"scheme":"standard","secret":"whsec_…"}` or
    /// `{"scheme":"standard","public_key":"whpk_…"}`. Read by hand, because errors of derived code repeat values.
    fn try_from(entry: Value) -> Result<Self, Self::Error> {
        let Value::Object(mut fields) = entry else { return Err("must be an object") };
        let scheme = text(&mut fields, "scheme")?;
        let (secret, key) = (text(&mut fields, "secret")?, text(&mut fields, "public_key")?);
        if !fields.is_empty() {
            return Err("may have `scheme`, and `secret` or `public_key`, and nothing else");
        }
        match (scheme.as_deref(), secret, key) {
            (Some("standard"), Some(secret), None) => Self::standard(&secret),
            (Some("standard"), None, Some(key)) => Self::standard_key(&key),
            (Some("github"), Some(secret), None) => Self::github(&secret),
            (Some("stripe"), Some(secret), None) => Self::stripe(&secret),
            (Some("standard"), ..) => Err("needs either `secret` or `public_key`"),
            (Some("github" | "stripe"), ..) => Err("needs `secret`, and has no `public_key`"),
            _ => Err("needs a `scheme`: standard, github or stripe"),
        }
    }
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, &'static str> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("`scheme`, `secret` and `public_key` must be texts"),
    }
}

impl WebhookSecrets {
    /// The secrets in a setting, separated by blanks: `whsec_…`, `whpk_…`, `github:…` and `stripe:whsec_…`.
    ///
    /// # Errors
    /// What a secret must look like; never the text itself.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let secrets: Option<Vec<_>> = text.split_whitespace().map(WebhookSecret::written).collect();
        let secrets = secrets.filter(|secrets| !secrets.is_empty()).ok_or(SETTING)?;
        Self::try_from(secrets)
    }

    /// The secrets, in order.
    pub fn iter(&self) -> impl Iterator<Item = &WebhookSecret> {
        self.0.iter()
    }
}

impl TryFrom<Vec<WebhookSecret>> for WebhookSecrets {
    type Error = &'static str;

    fn try_from(secrets: Vec<WebhookSecret>) -> Result<Self, Self::Error> {
        (1..=WEBHOOK_SECRETS).contains(&secrets.len()).then_some(Self(secrets)).ok_or(NUMBER)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STANDARD_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
    const KEY: &str = "whpk_/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=";

    #[test]
    fn a_setting_has_secrets_of_several_schemes() {
        let text = format!(
            "{STANDARD_SECRET}\n {KEY} github:0123456789abcdef stripe:whsec_0123456789abcdef"
        );
        let secrets = WebhookSecrets::parse(&text).unwrap();
        let kinds: Vec<_> = secrets.iter().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 4);
        assert!(
            matches!(secrets.0[3], WebhookSecret::Stripe(ref secret) if secret.bytes().starts_with(b"whsec_"))
        );
    }

    #[test]
    fn a_malformed_secret_is_refused_without_being_repeated() {
        for text in [
            "",
            "  ",
            "hunter2",
            "whsec_",
            "whsec_%%%",
            "whsec_c2hvcnQ=",
            "whpk_",
            "whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "github:hunter2",
            "github:",
            "stripe:hunter2hunter2hunter2",
            "stripe:whsec_short",
        ] {
            let message = WebhookSecrets::parse(text).unwrap_err();
            assert!(
                message.starts_with("must be whsec_") && !message.contains("hunter"),
                "{text:?}"
            );
        }
        let many = format!("{STANDARD_SECRET} ").repeat(WEBHOOK_SECRETS + 1);
        assert_eq!(WebhookSecrets::parse(&many), Err(NUMBER));
        assert!(NUMBER.contains(&format!(" {WEBHOOK_SECRETS} ")));
        assert!(GITHUB.contains(&format!(" {SHARED_SECRET_BYTES} ")));
        let text =
            format!("{STANDARD_SECRET} github:0123456789abcdef stripe:whsec_0123456789abcdef");
        let shown = format!("{:?}", WebhookSecrets::parse(&text).unwrap());
        assert!(!shown.contains("MDEy") && !shown.contains("0123") && !shown.contains("48, 49"));
    }

    #[test]
    fn an_entry_of_a_document_is_the_same_as_in_a_setting() {
        let entries = json!([
            {"scheme": "standard", "secret": STANDARD_SECRET},
            {"scheme": "standard", "public_key": KEY},
            {"scheme": "github", "secret": "0123456789abcdef"},
            {"scheme": "stripe", "secret": "whsec_0123456789abcdef"},
        ]);
        let text = format!(
            "{STANDARD_SECRET} {KEY} github:0123456789abcdef stripe:whsec_0123456789abcdef"
        );
        let read: WebhookSecrets = serde_json::from_value(entries).unwrap();
        assert_eq!(read, WebhookSecrets::parse(&text).unwrap());
    }

    #[test]
    fn a_malformed_entry_is_refused_without_being_repeated() {
        for entry in [
            json!("hunter2hunter2hunter2"),
            json!({}),
            json!({"secret": "hunter2hunter2hunter2"}),
            json!({"scheme": "hunter2", "secret": "hunter2hunter2hunter2"}),
            json!({"scheme": "github"}),
            json!({"scheme": "github", "secret": "hunter2"}),
            json!({"scheme": "github", "secret": ["hunter2hunter2"]}),
            json!({"scheme": "github", "secret": "0123456789abcdef", "public_key": KEY}),
            json!({"scheme": "github", "secret": "0123456789abcdef", "hunter2": 1}),
            json!({"scheme": "stripe", "secret": "hunter2hunter2hunter2"}),
            json!({"scheme": "stripe", "public_key": KEY}),
            json!({"scheme": "standard"}),
            json!({"scheme": "standard", "secret": STANDARD_SECRET, "public_key": KEY}),
            json!({"scheme": "standard", "secret": KEY}),
            json!({"scheme": "standard", "public_key": STANDARD_SECRET}),
            json!({"scheme": "standard", "secret": "github:0123456789abcdef"}),
        ] {
            let fault = serde_json::from_value::<WebhookSecret>(entry.clone()).unwrap_err();
            assert!(!fault.to_string().contains("hunter2"), "{entry}: {fault}");
        }
        assert!(serde_json::from_value::<WebhookSecrets>(json!([])).is_err());
    }
}
