//! The settings of a tenant, parsed once per isolate.
//!
//! Errors contain the names of settings and never their values. The caller looks the values up, in the environment
//! of the Worker or of the command line.

use std::fmt;

use crate::auth::origin::Origins;
use crate::auth::token::TokenPolicy;
use crate::auth::webhook::WebhookSecrets;
use crate::preset::presets::Presets;
use crate::protocol::ids::TenantName;

/// The setting that names the tenant.
pub const TENANT: &str = "TENANT";

/// One customer of a deployment.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name, which is part of the name of each of its rooms.
    pub name: TenantName,
    /// The pages that may connect.
    pub origins: Origins,
    /// The rules for its tokens.
    pub tokens: TokenPolicy,
    /// The secrets that its backends sign with.
    pub webhooks: WebhookSecrets,
    /// The kinds of its dashboards.
    pub presets: Presets,
}

/// A setting that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misconfigured {
    /// The name of the setting.
    pub setting: String,
    /// What it must be; `None` if it is not set at all.
    pub must: Option<String>,
}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let must = self.must.as_deref().unwrap_or("is not set");
        write!(f, "{} {must}", self.setting)
    }
}

impl std::error::Error for Misconfigured {}

impl Tenant {
    /// Reads the tenant that `TENANT` names (default `demo`). Its other settings start with its
    /// name in upper case: `DEMO_TOKEN_SECRET`, `DEMO_WEBHOOK_SECRET`, `DEMO_ORIGINS`, `DEMO_PRESET`,
    /// and optionally `DEMO_TOKEN_ISSUER` and `DEMO_TOKEN_AUDIENCE`.
    ///
    /// # Errors
    /// The first setting that is missing or malformed.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Misconfigured> {
        let name = lookup(TENANT).unwrap_or_else(|| "demo".to_owned());
        let name: TenantName = name.parse().map_err(|bad| malformed(TENANT.to_owned(), bad))?;
        let settings = Settings::new(&name, lookup);
        Ok(Self {
            origins: settings.origins()?,
            tokens: settings.token_policy()?,
            webhooks: settings.webhook_secrets()?,
            presets: settings.presets()?,
            name,
        })
    }
}

/// The settings of one tenant, by name. Each is parsed when it is asked for, so a caller can ask for some of them.
#[derive(Debug)]
pub struct Settings<L> {
    prefix: String,
    lookup: L,
}

impl<L: Fn(&str) -> Option<String>> Settings<L> {
    /// The settings of `tenant`, wherever `lookup` finds them.
    pub fn new(tenant: &TenantName, lookup: L) -> Self {
        Self { prefix: tenant.as_str().to_ascii_uppercase().replace('-', "_"), lookup }
    }

    /// The full name of a setting: `TOKEN_SECRET` → `DEMO_TOKEN_SECRET`.
    pub fn name(&self, suffix: &str) -> String {
        format!("{}_{suffix}", self.prefix)
    }

    /// The rules for the tenant's tokens.
    ///
    /// # Errors
    /// The secret is missing or too short.
    pub fn token_policy(&self) -> Result<TokenPolicy, Misconfigured> {
        Ok(TokenPolicy {
            issuer: self.optional("TOKEN_ISSUER").1,
            audience: self.optional("TOKEN_AUDIENCE").1,
            ..self.required("TOKEN_SECRET", |text| TokenPolicy::shared(text))?
        })
    }

    /// The secrets that the tenant's backends sign with.
    ///
    /// # Errors
    /// The secret is missing or malformed.
    pub fn webhook_secrets(&self) -> Result<WebhookSecrets, Misconfigured> {
        self.required("WEBHOOK_SECRET", WebhookSecrets::parse)
    }

    fn origins(&self) -> Result<Origins, Misconfigured> {
        let (setting, text) = self.optional("ORIGINS");
        Origins::parse(&text.unwrap_or_default()).map_err(|must| malformed(setting, must))
    }

    fn presets(&self) -> Result<Presets, Misconfigured> {
        let (setting, text) = self.optional("PRESET");
        let text = text.as_deref().unwrap_or("sessions");
        Presets::parse(text).map_err(|must| malformed(setting, must))
    }

    fn required<T, E: fmt::Display>(
        &self,
        suffix: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Misconfigured> {
        let (setting, text) = self.optional(suffix);
        let Some(text) = text else { return Err(Misconfigured { setting, must: None }) };
        parse(&text).map_err(|must| malformed(setting, must))
    }

    /// The full name of a setting and its value. An empty value counts as not set.
    fn optional(&self, suffix: &str) -> (String, Option<String>) {
        let setting = self.name(suffix);
        let value = (self.lookup)(&setting).filter(|value| !value.trim().is_empty());
        (setting, value)
    }
}

fn malformed(setting: String, must: impl fmt::Display) -> Misconfigured {
    Misconfigured { setting, must: Some(must.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    const WEBHOOK: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

    fn parse(settings: &[(&str, &str)]) -> Result<Tenant, Misconfigured> {
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name);
        Tenant::parse(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_tenant_is_demo_by_default() {
        let tenant = parse(&[("DEMO_TOKEN_SECRET", TOKEN), ("DEMO_WEBHOOK_SECRET", WEBHOOK)]);
        assert_eq!(tenant.unwrap().name.as_str(), "demo");
    }

    #[test]
    fn a_named_tenant_has_settings_of_its_own() {
        let tenant = parse(&[
            ("TENANT", "acme-eu"),
            ("ACME_EU_TOKEN_SECRET", TOKEN),
            ("ACME_EU_WEBHOOK_SECRET", WEBHOOK),
            ("ACME_EU_ORIGINS", "https://acme.example"),
        ])
        .unwrap();
        assert_eq!(tenant.name.as_str(), "acme-eu");
        assert!(tenant.origins.contains("https://acme.example"));
    }

    #[test]
    fn an_error_names_the_setting_and_never_its_value() {
        let error = |settings: &[(&str, &str)]| parse(settings).unwrap_err().to_string();
        assert!(error(&[]).starts_with("DEMO_TOKEN_SECRET is not set"));
        let short = error(&[("DEMO_TOKEN_SECRET", "hunter2")]);
        assert!(short.contains("DEMO_TOKEN_SECRET must have") && !short.contains("hunter2"));
        let bad = error(&[("DEMO_TOKEN_SECRET", TOKEN), ("DEMO_WEBHOOK_SECRET", "hunter2")]);
        assert!(bad.contains("DEMO_WEBHOOK_SECRET must be whsec_") && !bad.contains("hunter2"));
    }
}
