//! The arguments that say which deployment is meant: the same for every program.

use std::path::PathBuf;

use super::endpoint::Endpoint;
use crate::protocol::ids::TenantName;

/// Which server, which customer of it.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The server
    #[arg(long, global = true, env = "ROOMCAST_URL", default_value = "http://127.0.0.1:8787")]
    pub url: Endpoint,
    /// The tenant, whose name the settings start with
    #[arg(long, global = true, default_value = "demo")]
    pub tenant: TenantName,
    /// The file with settings that are not in the environment [default: .dev.vars]
    #[arg(long, global = true, value_name = "FILE")]
    pub vars: Option<PathBuf>,
}
