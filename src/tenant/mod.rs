//! Tenants: the document that describes one, how its secrets are kept, and how a request finds its tenant.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`document`] | the document as it is written, and what is wrong with one |
//! | [`keys`] | the part of a document about tokens |
//! | `signers` | the form of its part about signatures, for the schema |
//! | [`limits`] | what a tenant's clients and backends may use |
//! | [`secrets`] | where a document has secrets; what is stored and shown in their place |
//! | [`budget`] | what a day of a tenant may cost, and how its rooms save beyond it |
//! | [`hooks`] | where a tenant is told who looks at its rooms, and when it is told again |
//! | [`revoking`] | orders to revoke tokens |
//! | [`sealing`] | encrypts secrets for storage |
//! | [`credentials`] | what no two tenants may share |
//! | [`site`] | which tenant a path or a host name means |
//! | [`entry`] | a tenant as it is stored, shown and replaced |
//! | [`telling`] | which rooms are told a changed rule, and when |
//! | [`freshness`] | how long a front Worker may use a document that it has read |
//!
//! Pure: nothing here stores or fetches. The objects that do are in the shell.

pub mod budget;
pub mod credentials;
pub mod document;
pub mod entry;
pub mod freshness;
pub mod hooks;
pub mod keys;
pub mod limits;
pub mod revoking;
pub mod sealing;
pub mod secrets;
#[cfg(not(target_arch = "wasm32"))]
pub mod signers;
pub mod site;
pub mod telling;

use crate::auth::jwks::JwksUrl;
use crate::auth::origin::Origins;
use crate::auth::token::TokenPolicy;
use crate::auth::webhook::WebhookSecrets;
use crate::preset::presets::Presets;
use crate::protocol::ids::TenantName;
use crate::protocol::rule::Rule;

use self::budget::Budget;
use self::hooks::Hooks;
use self::limits::Limits;

/// One customer of a deployment, by its document.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name, which is part of the name of each of its rooms.
    pub name: TenantName,
    /// Whether it is served.
    pub access: Access,
    /// The pages that may connect.
    pub origins: Origins,
    /// The rules for its tokens.
    pub tokens: TokenPolicy,
    /// Where more keys for tokens are.
    pub jwks: Vec<JwksUrl>,
    /// The secrets that its backends sign with.
    pub webhooks: WebhookSecrets,
    /// The kinds of its dashboards.
    pub presets: Presets,
    /// What its clients and backends may use.
    pub limits: Limits,
    /// Where it is told that somebody looks at its rooms, or nobody does any more.
    pub hooks: Option<Hooks>,
    /// What a day of it may cost.
    pub budget: Option<Budget>,
    /// Milliseconds for which its rooms are kept without an event or a client.
    pub retention_ms: u64,
}

impl Tenant {
    /// Its rule for its rooms.
    pub fn rule(&self) -> Rule {
        Rule {
            suspended: self.access == Access::Suspended,
            retention_ms: self.retention_ms,
            hooks: self.hooks.is_some(),
        }
    }
}

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Access {
    /// It is.
    #[default]
    Open,
    /// Everything is refused with `tenant_suspended`. Its rooms stay stored.
    Suspended,
}
