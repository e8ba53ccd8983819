//! The document of a tenant: JSON, checked as a whole. Every refusal names the place and the reason, and never a value that
//! may be secret.
//!
//! Secrets are plain texts here; `secrets` says what stands in their places elsewhere.

use serde::Deserialize;
use serde_json::{Number, Value};

use super::budget::BudgetForm;
use super::hooks::HooksForm;
use super::keys::TokenRules;
use super::limits::Limits;
use super::{Access, Tenant};
use crate::auth::jwks;
use crate::auth::origin::Origins;
use crate::auth::webhook::WebhookSecrets;
use crate::limits::{DAY_MS, RETENTION_DAYS, ROOM_CLIENTS, ROOM_RETENTION_MS, TENANT_HOSTS};
use crate::preset::faults::{read, Fault, Faults};
use crate::preset::presets::Presets;
use crate::protocol::ids::TenantName;

/// A tenant as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Document {
    /// Where the schema of such documents is, for editors. Roomcast does not read it.
    #[serde(rename = "$schema")]
    #[expect(dead_code, reason = "only editors read it")]
    schema: Option<String>,
    /// Whether the tenant is served.
    #[serde(default)]
    access: Access,
    /// The pages that may connect: scheme, host and port, such as `https://app.example.com`.
    #[serde(default)]
    origins: Vec<String>,
    /// Host names that are this tenant's own.
    #[serde(default)]
    hosts: Vec<String>,
    /// The rules for the tokens of its users.
    tokens: TokenRules,
    /// What its backends sign their posts with. All of them are active, so that one can replace another.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Vec<super::signers::SignerForm>"))]
    webhooks: WebhookSecrets,
    /// The kinds of its dashboards: names of built-in documents, and documents. The rooms of the first are named differently
    /// from those of the others, so which one is the first must not change.
    #[serde(default = "sessions")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Vec<PresetForm>"))]
    presets: Vec<Value>,
    /// What its clients and backends may use.
    #[serde(default)]
    limits: Limits,
    /// Where it is told that somebody begins to look at a session, and that nobody does any more.
    hooks: Option<HooksForm>,
    /// What a day may cost, and how its rooms save beyond that.
    budget: Option<BudgetForm>,
    /// Days for which a room is kept without an event or a client: by default 30.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Option<u16>", range(min = 1, max = 365))
    )]
    retention_days: Option<Number>,
}

/// A kind of dashboard, as a tenant's document has it.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum PresetForm {
    /// The name of a built-in document.
    BuiltIn(String),
    /// A document.
    Document(Box<crate::preset::Preset>),
}

fn sessions() -> Vec<Value> {
    vec!["sessions".into()]
}

/// A tenant, and its own host names.
#[derive(Debug, Clone)]
pub struct Described {
    /// The tenant.
    pub tenant: Tenant,
    /// Host names that are this tenant's own, in lower case.
    pub hosts: Vec<String>,
}

impl Described {
    /// The tenant with the keys of sets (JWKS) that were fetched. A set that is wrong has none.
    pub fn with_keys(self, sets: &[String]) -> Tenant {
        let mut tenant = self.tenant;
        for set in sets {
            tenant.tokens.keys.extend(jwks::keys(set).unwrap_or_default());
        }
        tenant
    }
}

/// Reads and checks the document of the tenant `name`.
///
/// # Errors
/// Everything that is wrong with it, and where; or the first thing if its form is wrong.
pub fn parse(name: TenantName, document: Value) -> Result<Described, Vec<Fault>> {
    let document: Document = read(document).map_err(|fault| vec![fault])?;
    let mut found = Vec::new();
    let faults = &mut Faults::new(&mut found);
    let origins = origins(&document.origins, &mut faults.at("origins"));
    let hosts = hosts(&document.hosts, &mut faults.at("hosts"));
    let rules = document.tokens.checked(&name, &mut faults.at("tokens"));
    let presets = presets(document.presets, &mut faults.at("presets"));
    let hooks = document.hooks.as_ref();
    let hooks = hooks.and_then(|form| form.checked(&document.webhooks, &mut faults.at("hooks")));
    let budget = document.budget.as_ref();
    let budget = budget.and_then(|form| form.checked(&mut faults.at("budget")));
    let retention_ms = retention_ms(document.retention_days.as_ref(), faults);
    let above =
        document.limits.spread_above.is_none_or(|above| (1..=ROOM_CLIENTS).contains(&above));
    faults.check("limits.spread_above", above, &format!("must be 1 to {ROOM_CLIENTS}, or null"));
    match presets {
        Some(presets) if found.is_empty() => {
            let Document { access, limits, webhooks, .. } = document;
            let (tokens, jwks) = (rules.policy, rules.jwks);
            let tenant = Tenant {
                name,
                access,
                origins,
                tokens,
                jwks,
                webhooks,
                presets,
                limits,
                hooks,
                budget,
                retention_ms,
            };
            Ok(Described { tenant, hosts })
        }
        _ => Err(found),
    }
}

fn origins(entries: &[String], faults: &mut Faults<'_>) -> Origins {
    let mut all = Origins::default();
    for (index, entry) in entries.iter().enumerate() {
        match Origins::parse(entry) {
            Ok(one) => all.extend(one),
            Err(reason) => faults.at(&format!("[{index}]")).add(reason),
        }
    }
    all
}

fn hosts(entries: &[String], faults: &mut Faults<'_>) -> Vec<String> {
    faults.check("", entries.len() <= TENANT_HOSTS, &format!("may have {TENANT_HOSTS} entries"));
    for (index, host) in entries.iter().enumerate() {
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        };
        let right = host.len() <= 253 && host.split('.').all(label);
        let reason = "must be a host name without scheme and port, such as live.example.com";
        faults.check(&format!("[{index}]"), right, reason);
    }
    entries.iter().map(|host| host.to_ascii_lowercase()).collect()
}

fn retention_ms(days: Option<&Number>, faults: &mut Faults<'_>) -> u64 {
    let Some(days) = days else { return ROOM_RETENTION_MS };
    let days = days.as_u64().filter(|days| (1..=RETENTION_DAYS).contains(days));
    let reason = format!("must be a whole number from 1 to {RETENTION_DAYS}");
    faults.check("retention_days", days.is_some(), &reason);
    days.unwrap_or_default() * DAY_MS
}

fn presets(entries: Vec<Value>, faults: &mut Faults<'_>) -> Option<Presets> {
    Presets::read(entries)
        .map_err(|found| {
            for Fault { place, reason } in found {
                faults.at(&place).add(reason);
            }
        })
        .ok()
}

#[cfg(test)]
mod tests;
