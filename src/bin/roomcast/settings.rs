//! Where the secrets of a tenant come from: the environment first, then the file of variables
//! that `wrangler dev` reads.
//!
//! Only what a command needs is looked up: who mints tokens needs no signing secret. Errors name
//! the setting and never show a value.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use roomcast::auth::secret::Secret;
use roomcast::auth::token::{TokenPolicy, MIN_KEY_BYTES};
use roomcast::auth::webhook::WebhookSecrets;
use roomcast::config::prefix;

use crate::args::Target;
use crate::failure::Failure;

mod dotenv;

/// The file that is read where none is named.
const DEFAULT_FILE: &str = ".dev.vars";

/// The settings of one tenant.
pub(crate) struct Settings {
    prefix: String,
    environment: fn(&str) -> Option<String>,
    file: Vec<(String, String)>,
    file_name: String,
}

impl Settings {
    /// Reads the file. Nothing is demanded of it yet.
    ///
    /// # Errors
    /// A file that was named and cannot be read.
    pub(crate) fn load(target: &Target) -> Result<Self, Failure> {
        let path = target.vars.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let file_name = path.display().to_string();
        let file = match fs::read_to_string(path) {
            Ok(text) => dotenv::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound && target.vars.is_none() => vec![],
            Err(error) => {
                return Err(Failure::setting(
                    file_name,
                    format!("cannot be read: {error}"),
                ))
            }
        };
        let environment = |name: &str| std::env::var(name).ok();
        Ok(Self {
            prefix: prefix(&target.tenant),
            environment,
            file,
            file_name,
        })
    }

    /// What the tenant's tokens must be like.
    ///
    /// # Errors
    /// The secret is missing or too short.
    pub(crate) fn token_policy(&self) -> Result<TokenPolicy, Failure> {
        let key = self.required("TOKEN_SECRET")?;
        if key.len() < MIN_KEY_BYTES {
            let reason = format!("must have at least {MIN_KEY_BYTES} bytes");
            return Err(Failure::setting(self.name("TOKEN_SECRET"), reason));
        }
        Ok(TokenPolicy {
            key: Secret::new(key),
            issuer: self.optional("TOKEN_ISSUER"),
            audience: self.optional("TOKEN_AUDIENCE"),
        })
    }

    /// What the tenant's backends sign with.
    ///
    /// # Errors
    /// The secret is missing or malformed.
    pub(crate) fn webhook_secrets(&self) -> Result<WebhookSecrets, Failure> {
        WebhookSecrets::parse(&self.required("WEBHOOK_SECRET")?)
            .map_err(|reason| Failure::setting(self.name("WEBHOOK_SECRET"), reason))
    }

    /// The full name of a setting, such as `DEMO_TOKEN_SECRET`.
    pub(crate) fn name(&self, suffix: &str) -> String {
        format!("{}_{suffix}", self.prefix)
    }

    fn required(&self, suffix: &str) -> Result<String, Failure> {
        self.optional(suffix).ok_or_else(|| {
            let reason = format!(
                "is not set: put it into the environment or into {}, or name another file with --vars",
                self.file_name
            );
            Failure::setting(self.name(suffix), reason)
        })
    }

    /// An empty value counts as none, as it does for the server.
    fn optional(&self, suffix: &str) -> Option<String> {
        let name = self.name(suffix);
        let set = |value: &String| !value.trim().is_empty();
        let in_file = || self.file.iter().rev().find(|(key, _)| *key == name);
        (self.environment)(&name)
            .filter(set)
            .or_else(|| in_file().map(|(_, value)| value.clone()).filter(set))
    }
}

#[cfg(test)]
mod tests;
