//! Tokens for watching, minted with a tenant's secret.

use std::time::Duration;

use super::clock;
use super::failure::Failure;
use crate::auth::token::{mint as sign_token, NewToken, TokenPolicy};
use crate::limits::TOKEN_BYTES;

/// A token for `user` that lets its holder watch `sessions`, with all topics and no permissions, for as long as `ttl`.
pub fn token<'a>(user: &'a str, sessions: &'a [String], ttl: Duration) -> NewToken<'a> {
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    let expires = clock::now().plus_ms(ttl_ms);
    NewToken { sessions: Some(sessions), ..NewToken::new(user, expires) }
}

/// Signs a token.
///
/// # Errors
/// Claims that make no token, or one too long for the server to read.
pub fn mint(policy: &TokenPolicy, token: &NewToken<'_>) -> Result<String, Failure> {
    let token = sign_token(policy, token, clock::now())
        .map_err(|reason| Failure::Input(format!("no token can be made: {reason}")))?;
    if token.len() > TOKEN_BYTES {
        let why = format!("the token would be over {TOKEN_BYTES} bytes; name fewer sessions");
        return Err(Failure::Input(format!("{why}, or a prefix such as team-*")));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use crate::auth::token::verify;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn policy() -> TokenPolicy {
        TokenPolicy {
            issuer: Some("https://issuer.test".to_owned()),
            audience: Some("roomcast".to_owned()),
            ..TokenPolicy::shared("0123456789abcdef0123456789abcdef").unwrap()
        }
    }

    #[test]
    fn the_server_accepts_a_minted_token() {
        let sessions = ["s-*".to_owned()];
        let token = mint(&policy(), &token("anna", &sessions, HOUR)).unwrap();
        let grant = verify(&policy(), &token, clock::now()).unwrap();
        assert_eq!(grant.user, "anna");
        assert_eq!(grant.allows(&"s-1".parse().unwrap()), Some(true));
        assert_eq!(grant.allows(&"t-1".parse().unwrap()), Some(false));
    }

    #[test]
    fn a_token_that_is_too_long_for_the_server_is_not_minted() {
        let many: Vec<String> = (0..1_000).map(|n| format!("session-{n}")).collect();
        let failure = mint(&policy(), &token("anna", &many, HOUR)).unwrap_err();
        assert!(failure.to_string().contains("name fewer sessions"), "{failure}");
        let failure = mint(&policy(), &token("anna", &many, Duration::MAX)).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
    }
}
