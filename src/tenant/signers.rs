//! The form of the part of a tenant's document about the signatures of its backends, for its schema.
//!
//! [`crate::auth::webhook`] reads it.

/// What a backend signs with.
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
pub enum SignerForm {
    /// A secret that both sides have.
    Secret {
        /// Whose scheme it is.
        scheme: Scheme,
        /// Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. GitHub: at least 16 bytes. Stripe: `whsec_` and at
        /// least 16 characters.
        secret: super::secrets::SecretForm,
    },
    /// The public key of a backend, of Standard Webhooks.
    PublicKey {
        /// The scheme, which must be `standard`.
        scheme: Scheme,
        /// `whpk_` and the base64 of an Ed25519 public key.
        public_key: String,
    },
}

/// Whose scheme a signature has.
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Standard Webhooks.
    Standard,
    /// GitHub.
    GitHub,
    /// Stripe.
    Stripe,
}
