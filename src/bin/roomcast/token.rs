//! `roomcast token`: mints a token for dashboards, and for `tail`.
//!
//! The token goes to stdout alone, so that `$(roomcast token …)` is the token. It is written
//! nowhere else.

use std::time::Duration;

use roomcast::auth::token::NewToken;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::deployment::token::{mint, token};
use roomcast::deployment::value::duration;

use crate::value;

const EXAMPLES: &str = "\
Examples:
  roomcast token --session s-1 --user anna
  roomcast token --session s-1 --user anna --topic 'project:*' --permission audit
  roomcast token --session s-1,s-2 --session 'team-*' --user anna --ttl 8h
  roomcast tail s-1 --token \"$(roomcast token --session s-1 --user anna)\"";

/// The options of `roomcast token`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TokenOptions {
    /// A session's name, or a prefix followed by *. May be repeated, or hold several with commas
    #[arg(long = "session", required = true, value_name = "SESSION", value_delimiter = ',',
        value_parser = value::session_pattern)]
    pub(crate) sessions: Vec<String>,
    /// The user who may use it
    #[arg(long, value_parser = value::user)]
    pub(crate) user: String,
    /// A topic, or a prefix followed by *, that its holder may subscribe to; all without this option. May be repeated, or
    /// hold several with commas
    #[arg(long = "topic", value_name = "TOPIC", value_delimiter = ',', value_parser = value::topic)]
    pub(crate) topics: Option<Vec<String>>,
    /// A permission for updates that need one. May be repeated, or hold several with commas
    #[arg(long = "permission", value_name = "PERMISSION", value_delimiter = ',')]
    pub(crate) permissions: Vec<String>,
    /// How long it lasts, such as 30s, 15m, 8h, 7d
    #[arg(long, default_value = "1h", value_parser = duration)]
    pub(crate) ttl: Duration,
}

/// Prints a token for the given sessions.
///
/// # Errors
/// A setting is missing, or the claims cannot be made into a token.
pub(crate) fn run(target: &Target, options: &TokenOptions) -> Result<(), Failure> {
    let policy = Settings::load(target)?.token_policy()?;
    let token = NewToken {
        topics: options.topics.as_deref(),
        permissions: &options.permissions,
        ..token(&options.user, &options.sessions, options.ttl)
    };
    println!("{}", mint(&policy, &token)?);
    Ok(())
}
