//! The settings of a deployment, parsed once per isolate. All else is in the documents of its tenants.
//!
//! Errors contain the names of settings and never their values. The caller looks the values up in the environment of the
//! Worker.

use std::fmt;

use crate::auth::secret::Secret;
use crate::protocol::ids::TenantName;
use crate::tenant::sealing::SealingKeys;

/// The keys that secrets are stored with.
pub const SEALING_KEYS: &str = "SEALING_KEYS";

/// The token of the admin API.
pub const ADMIN_TOKEN: &str = "ADMIN_TOKEN";

/// The tenant of requests that name none.
pub const DEFAULT_TENANT: &str = "DEFAULT_TENANT";

/// What follows the tenant in host names, such as `.rooms.example.com`.
pub const TENANT_HOST_SUFFIX: &str = "TENANT_HOST_SUFFIX";

/// The header in which a proxy that is trusted says from which address a client comes.
pub const ADDRESS_HEADER: &str = "ADDRESS_HEADER";

/// Whether rooms tell the meters of their tenants what they do: `on`, or `off` as without it.
pub const METERING: &str = "METERING";

/// The fewest bytes of an admin token.
pub const ADMIN_TOKEN_BYTES: usize = 32;

/// The settings of a deployment.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The token of the admin API. Without one, that API refuses everything.
    pub admin_token: Option<Secret>,
    /// The keys that secrets are stored with.
    pub sealing: SealingKeys,
    /// The tenant of requests that name none.
    pub default_tenant: Option<TenantName>,
    /// What follows the tenant in host names, in lower case.
    pub host_suffix: Option<String>,
    /// The header with the address of a client. Without it, nothing is counted by address, as anyone can send a header.
    pub address_header: Option<String>,
    /// Whether rooms tell the meters of their tenants what they do.
    pub metering: bool,
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

impl Deployment {
    /// Reads the settings, wherever `lookup` finds them. An empty value counts as not set.
    ///
    /// # Errors
    /// The first setting that is missing or malformed.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Misconfigured> {
        let set = |name: &str| {
            let value = lookup(name).map(|value| value.trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let sealing = set(SEALING_KEYS)
            .ok_or_else(|| Misconfigured { setting: SEALING_KEYS.to_owned(), must: None })?;
        let sealing = SealingKeys::parse(&sealing).map_err(|must| malformed(SEALING_KEYS, must))?;
        let tenant = set(DEFAULT_TENANT).map(|name| name.parse());
        Ok(Self {
            admin_token: set(ADMIN_TOKEN).map(|token| admin_token(&token)).transpose()?,
            sealing,
            default_tenant: tenant.transpose().map_err(|bad| malformed(DEFAULT_TENANT, bad))?,
            host_suffix: set(TENANT_HOST_SUFFIX).map(|text| host_suffix(&text)).transpose()?,
            address_header: set(ADDRESS_HEADER).map(|text| header_name(&text)).transpose()?,
            metering: set(METERING).map_or(Ok(false), |text| metering(&text))?,
        })
    }
}

fn admin_token(text: &str) -> Result<Secret, Misconfigured> {
    if text.len() < ADMIN_TOKEN_BYTES {
        return Err(malformed(
            ADMIN_TOKEN,
            format!("must have at least {ADMIN_TOKEN_BYTES} bytes"),
        ));
    }
    Ok(Secret::new(text))
}

fn host_suffix(text: &str) -> Result<String, Misconfigured> {
    let right = text.starts_with('.') && text.len() > 1 && !text.contains(['/', ':', ' ']);
    let must = "must be a dot and a host name, such as .rooms.example.com";
    right.then(|| text.to_ascii_lowercase()).ok_or_else(|| malformed(TENANT_HOST_SUFFIX, must))
}

/// A name that any header can have (RFC 9110, section 5.1).
fn header_name(text: &str) -> Result<String, Misconfigured> {
    let right = text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    let must = "must be the name of a header, such as cf-connecting-ip";
    right.then(|| text.to_ascii_lowercase()).ok_or_else(|| malformed(ADDRESS_HEADER, must))
}

fn metering(text: &str) -> Result<bool, Misconfigured> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(malformed(METERING, "must be on or off")),
    }
}

fn malformed(setting: &str, must: impl fmt::Display) -> Misconfigured {
    Misconfigured { setting: setting.to_owned(), must: Some(must.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: (&str, &str) = (SEALING_KEYS, "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");

    fn parse(settings: &[(&str, &str)]) -> Result<Deployment, Misconfigured> {
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name);
        Deployment::parse(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn only_the_sealing_keys_are_required() {
        let deployment = parse(&[KEYS, (ADMIN_TOKEN, " ")]).unwrap();
        assert!(deployment.admin_token.is_none() && deployment.default_tenant.is_none());
        let error = parse(&[]).unwrap_err().to_string();
        assert_eq!(error, "SEALING_KEYS is not set");
    }

    #[test]
    fn the_other_settings_are_checked() {
        let all = parse(&[
            KEYS,
            (ADMIN_TOKEN, "0123456789abcdef0123456789abcdef"),
            (DEFAULT_TENANT, "acme"),
            (TENANT_HOST_SUFFIX, ".Rooms.test"),
            (ADDRESS_HEADER, "CF-Connecting-IP"),
            (METERING, "on"),
        ])
        .unwrap();
        assert!(all.metering && !parse(&[KEYS]).unwrap().metering);
        assert_eq!(all.default_tenant.unwrap().as_str(), "acme");
        assert_eq!(all.host_suffix.unwrap(), ".rooms.test");
        assert_eq!(all.address_header.unwrap(), "cf-connecting-ip");
        for (name, value) in [
            (ADMIN_TOKEN, "hunter2"),
            (DEFAULT_TENANT, "Hunter2"),
            (TENANT_HOST_SUFFIX, "hunter2"),
            (ADDRESS_HEADER, "hunter2:"),
            (METERING, "hunter2"),
            (SEALING_KEYS, "hunter2"),
        ] {
            let error = parse(&[(name, value), KEYS]).unwrap_err().to_string();
            assert!(error.starts_with(name) && !error.contains("unter2"), "{error}");
        }
    }
}
