//! Reads what a program needs to speak to a tenant, first from the environment, then from the file `.dev.vars`: the secrets
//! that tokens and posts are signed with, and the admin token.
//!
//! The names of a tenant's settings start with its name in upper case: `DEMO_TOKEN_SECRET`. Only what a command needs is
//! looked up: minting a token needs no signing secret. Errors name the setting and never show a value.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::failure::Failure;
use super::target::Target;
use crate::auth::token::TokenPolicy;
use crate::auth::webhook::WebhookSecrets;
use crate::config::{Misconfigured, ADMIN_TOKEN};
use crate::protocol::ids::{BadId, TenantName};
use crate::tenant::keys::audience_of;

mod dotenv;

/// The file that is read if none is named.
const DEFAULT_FILE: &str = ".dev.vars";

/// The tenant whose settings are read if none is named.
const DEFAULT_TENANT: &str = "demo";

/// The issuer of tokens, unless a setting says otherwise.
const ISSUER: &str = "roomcast";

/// The settings of one tenant.
pub struct Settings {
    tenant: TenantName,
    environment: fn(&str) -> Option<String>,
    file: Vec<(String, String)>,
    file_name: String,
}

impl Settings {
    /// Reads the file. Its settings are checked later, when they are asked for.
    ///
    /// # Errors
    /// The file cannot be read. If no file was named, a missing one is no error.
    pub fn load(target: &Target) -> Result<Self, Failure> {
        let path = target.vars.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let file_name = path.display().to_string();
        let file = match fs::read_to_string(path) {
            Ok(text) => dotenv::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound && target.vars.is_none() => vec![],
            Err(error) => {
                return Err(Failure::setting(file_name, format!("cannot be read: {error}")))
            }
        };
        let environment = |name: &str| std::env::var(name).ok();
        let tenant = target.tenant.clone();
        let tenant = tenant.map_or_else(|| DEFAULT_TENANT.parse(), Ok);
        let tenant = tenant.map_err(|bad: BadId| Failure::Input(bad.to_string()))?;
        Ok(Self { tenant, environment, file, file_name })
    }

    /// The rules for the tenant's tokens.
    ///
    /// # Errors
    /// The secret is missing or too short.
    pub fn token_policy(&self) -> Result<TokenPolicy, Failure> {
        let name = self.name("TOKEN_SECRET");
        let policy = TokenPolicy::shared(self.required(&name)?);
        let policy = policy.map_err(|fault| Failure::setting(name, fault))?;
        let issuer = self.find(&self.name("TOKEN_ISSUER")).unwrap_or_else(|| ISSUER.to_owned());
        let audience = self.find(&self.name("TOKEN_AUDIENCE"));
        let audience = audience.unwrap_or_else(|| audience_of(&self.tenant));
        Ok(TokenPolicy { issuer: Some(issuer), audience: Some(audience), ..policy })
    }

    /// The secrets that the tenant's backends sign with.
    ///
    /// # Errors
    /// The secret is missing or malformed.
    pub fn webhook_secrets(&self) -> Result<WebhookSecrets, Failure> {
        let name = self.name("WEBHOOK_SECRET");
        WebhookSecrets::parse(&self.required(&name)?).map_err(|must| Failure::setting(name, must))
    }

    /// The token of the admin API.
    ///
    /// # Errors
    /// It is missing.
    pub fn admin_token(&self) -> Result<String, Failure> {
        self.required(ADMIN_TOKEN)
    }

    /// The full name of a setting, such as `DEMO_TOKEN_SECRET`.
    pub fn name(&self, suffix: &str) -> String {
        let prefix = self.tenant.as_str().to_ascii_uppercase().replace('-', "_");
        format!("{prefix}_{suffix}")
    }

    /// The value of a setting. An empty value counts as not set.
    pub fn find(&self, name: &str) -> Option<String> {
        let in_file = || self.file.iter().rev().find(|(key, _)| key == name);
        let set = |value: &String| !value.trim().is_empty();
        let found = (self.environment)(name).filter(set);
        found.or_else(|| in_file().map(|(_, value)| value.clone()).filter(set))
    }

    /// The value of a setting that must be there.
    ///
    /// # Errors
    /// It is missing; says where to put it.
    pub fn required(&self, name: &str) -> Result<String, Failure> {
        self.find(name).ok_or_else(|| {
            let file = &self.file_name;
            let mend = format!(
                "is not set: put it into the environment or into {file}, or name another file with --vars"
            );
            Failure::Setting(Misconfigured { setting: name.to_owned(), must: Some(mend) })
        })
    }
}

#[cfg(test)]
mod tests;
