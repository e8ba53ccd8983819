//! The part of a tenant's document about the signatures of its backends.

use serde::Deserialize;

use crate::auth::webhook::WebhookSecrets;
use crate::preset::faults::Faults;

/// What a backend signs with.
#[derive(Debug, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Signer {
    /// Standard Webhooks.
    Standard {
        /// `whsec_` and the base64 of 24 to 64 bytes.
        secret: String,
    },
}

impl Signer {
    /// The secrets, checked.
    pub(super) fn secrets(signers: &[Self], faults: &mut Faults<'_>) -> Option<WebhookSecrets> {
        let texts: Vec<&str> = signers.iter().map(|Self::Standard { secret }| &**secret).collect();
        WebhookSecrets::parse(&texts.join(" ")).map_err(|reason| faults.add(reason)).ok()
    }
}
