//! The arguments that select a deployment. They are the same for every program.

use std::path::PathBuf;

use super::endpoint::Endpoint;
use crate::protocol::ids::TenantName;

/// A server, and a tenant of it.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The server
    #[arg(long, global = true, env = "ROOMCAST_URL", default_value = "http://127.0.0.1:8787")]
    pub url: Endpoint,
    /// The tenant, if it is not the server's default. The names of its settings start with its name, else with DEMO
    #[arg(long, global = true)]
    pub tenant: Option<TenantName>,
    /// The file with settings that are not in the environment [default: .dev.vars]
    #[arg(long, global = true, value_name = "FILE")]
    pub vars: Option<PathBuf>,
}

impl Target {
    /// Where the tenant is served: below `/t/`, if it is named.
    pub fn endpoint(&self) -> Endpoint {
        match &self.tenant {
            Some(tenant) => self.url.of_tenant(tenant),
            None => self.url.clone(),
        }
    }
}
