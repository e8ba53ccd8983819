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
    /// The tenant: the names of its settings start with its name
    #[arg(long, global = true, default_value = "demo")]
    pub tenant: TenantName,
    /// The file with settings that are not in the environment [default: .dev.vars]
    #[arg(long, global = true, value_name = "FILE")]
    pub vars: Option<PathBuf>,
}
