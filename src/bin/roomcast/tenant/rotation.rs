//! New secrets in the document of a tenant. The new one comes first; the older ones stay until the rotation is finished, so
//! that nobody is refused in between.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use clap::ValueEnum;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::random;
use serde_json::{json, Value};

/// Bytes of a new secret.
const SECRET_BYTES: usize = 32;

/// The secrets that can be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// What backends sign posts with
    Webhook,
    /// What tokens are signed with (HS256)
    Token,
}

impl Kind {
    /// Where the document has them.
    fn list(self, document: &mut Value) -> Option<&mut Vec<Value>> {
        let list = match self {
            Self::Webhook => document.get_mut("webhooks"),
            Self::Token => document.get_mut("tokens").and_then(|tokens| tokens.get_mut("keys")),
        };
        list.and_then(Value::as_array_mut)
    }

    /// Whether an entry of the list is a secret of this kind, and not that of another system.
    fn is(self, entry: &Value) -> bool {
        match self {
            Self::Webhook => entry["scheme"] == "standard" && entry.get("secret").is_some(),
            Self::Token => entry.get("secret").is_some(),
        }
    }

    /// A new secret of this kind.
    ///
    /// # Errors
    /// This machine has no random bytes.
    pub(crate) fn secret(self) -> Result<String, Failure> {
        let secret = STANDARD.encode(random::bytes::<SECRET_BYTES>()?);
        Ok(match self {
            Self::Webhook => format!("whsec_{secret}"),
            Self::Token => secret,
        })
    }

    fn entry(self, secret: &str) -> Value {
        match self {
            Self::Webhook => json!({"scheme": "standard", "secret": secret}),
            Self::Token => json!({"alg": "HS256", "secret": secret}),
        }
    }
}

/// Puts a new secret in front of the others, and returns it.
///
/// # Errors
/// The document has no such list, or this machine has no random bytes.
pub(super) fn begin(document: &mut Value, kind: Kind) -> Result<String, Failure> {
    let secret = kind.secret()?;
    kind.list(document).ok_or_else(nothing)?.insert(0, kind.entry(&secret));
    Ok(secret)
}

/// Removes all secrets of this kind but the first.
///
/// # Errors
/// The document has no such list.
pub(super) fn finish(document: &mut Value, kind: Kind) -> Result<(), Failure> {
    let mut found = 0;
    kind.list(document).ok_or_else(nothing)?.retain(|entry| {
        found += usize::from(kind.is(entry));
        !kind.is(entry) || found == 1
    });
    Ok(())
}

fn nothing() -> Failure {
    Failure::Input("the tenant has no such secrets".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({"tokens": {"keys": [{"jwks": "https://id.test/keys"}, {"alg": "HS256", "secret": "a"}]},
            "webhooks": [{"scheme": "standard", "secret": "b"}, {"scheme": "github", "secret": "c"}]})
    }

    #[test]
    fn a_new_secret_stands_beside_the_older_ones_until_the_rotation_is_finished() {
        for (kind, list) in [(Kind::Webhook, "/webhooks"), (Kind::Token, "/tokens/keys")] {
            let mut document = document();
            let secret = begin(&mut document, kind).unwrap();
            assert_eq!(document.pointer(list).unwrap()[0]["secret"], json!(secret));
            assert_eq!(document.pointer(list).unwrap().as_array().unwrap().len(), 3);
            finish(&mut document, kind).unwrap();
            let left = document.pointer(list).unwrap().as_array().unwrap();
            assert_eq!((left.len(), &left[0]["secret"]), (2, &json!(secret)), "{left:?}");
            assert!(!left.iter().any(|entry| entry["secret"] == "a" || entry["secret"] == "b"));
        }
    }
}
