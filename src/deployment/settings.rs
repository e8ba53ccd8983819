//! Reads the secrets of a tenant, first from the environment, then from the file that `wrangler dev` reads.
//!
//! Only what a command needs is looked up: minting a token needs no signing secret. Errors name the setting and
//! never show a value.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::failure::Failure;
use super::target::Target;
use crate::auth::token::TokenPolicy;
use crate::auth::webhook::WebhookSecrets;
use crate::config::{self, Misconfigured};
use crate::protocol::ids::TenantName;

mod dotenv;

/// The file that is read if none is named.
const DEFAULT_FILE: &str = ".dev.vars";

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
        Ok(Self { tenant: target.tenant.clone(), environment, file, file_name })
    }

    /// The rules for the tenant's tokens.
    ///
    /// # Errors
    /// The secret is missing or too short.
    pub fn token_policy(&self) -> Result<TokenPolicy, Failure> {
        self.parsed().token_policy().map_err(|bad| self.failure(bad))
    }

    /// The secrets that the tenant's backends sign with.
    ///
    /// # Errors
    /// The secret is missing or malformed.
    pub fn webhook_secrets(&self) -> Result<WebhookSecrets, Failure> {
        self.parsed().webhook_secrets().map_err(|bad| self.failure(bad))
    }

    /// The full name of a setting, such as `DEMO_TOKEN_SECRET`.
    pub fn name(&self, suffix: &str) -> String {
        self.parsed().name(suffix)
    }

    fn parsed(&self) -> config::Settings<impl Fn(&str) -> Option<String> + '_> {
        config::Settings::new(&self.tenant, |name| self.find(name))
    }

    /// An empty value in the environment counts as not set, as it does for the server.
    fn find(&self, name: &str) -> Option<String> {
        let in_file = || self.file.iter().rev().find(|(key, _)| key == name);
        (self.environment)(name)
            .filter(|value| !value.trim().is_empty())
            .or_else(|| in_file().map(|(_, value)| value.clone()))
    }

    fn failure(&self, bad: Misconfigured) -> Failure {
        let file = &self.file_name;
        let mend = format!(
            "is not set: put it into the environment or into {file}, or name another file with --vars"
        );
        Failure::setting(bad.setting, bad.must.unwrap_or(mend))
    }
}

#[cfg(test)]
mod tests;
