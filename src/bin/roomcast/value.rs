//! The values of arguments that are more than text: session patterns, users, amounts.
//!
//! Each function is a clap value parser, and its error is shown next to the argument.

use roomcast::limits::USER_CHARS;
use roomcast::protocol::ids::SessionId;
use roomcast::protocol::topics::Topics;

/// A session's exact name, or a prefix followed by `*`.
///
/// # Errors
/// What a session's name may consist of.
pub(crate) fn session_pattern(text: &str) -> Result<String, String> {
    let name = text.strip_suffix('*').unwrap_or(text);
    if text != "*" {
        name.parse::<SessionId>().map_err(|bad| format!("{bad}, or end with *"))?;
    }
    Ok(text.to_owned())
}

/// A topic, or a prefix of one followed by `*`.
///
/// # Errors
/// What a topic may consist of.
pub(crate) fn topic(text: &str) -> Result<String, String> {
    Topics::parse([text]).map(|_| text.to_owned()).map_err(|bad| bad.to_string())
}

/// A user's name, which is the token's `sub`.
///
/// # Errors
/// How long it may be.
pub(crate) fn user(text: &str) -> Result<String, String> {
    if (1..=USER_CHARS).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(format!("must have 1 to {USER_CHARS} characters"))
}

/// An amount: a number of 0 or more, also as `1_000_000` or 1e6.
///
/// # Errors
/// What an amount looks like.
pub(crate) fn amount(text: &str) -> Result<f64, String> {
    between(text, 0.0, f64::MAX, "0 or more, such as 1000, 1_000 or 1e3")
}

/// A number of 1 or more.
///
/// # Errors
/// What it must be.
pub(crate) fn at_least_one(text: &str) -> Result<f64, String> {
    between(text, 1.0, f64::MAX, "1 or more")
}

/// A share of all.
///
/// # Errors
/// What it must be.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    between(text, 0.0, 1.0, "between 0 and 1")
}

fn between(text: &str, least: f64, most: f64, what: &str) -> Result<f64, String> {
    let number = text.replace('_', "").parse().ok();
    let number = number.filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("must be a number, {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_session_name_or_a_prefix_of_one() {
        for good in ["s-1", "team-*", "*"] {
            assert_eq!(session_pattern(good).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "a/b", "*a", "a**"] {
            assert!(session_pattern(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_amount_is_finite_and_not_negative() {
        assert_eq!((amount("1_000"), amount("1e6"), amount("0")), (Ok(1e3), Ok(1e6), Ok(0.0)));
        for bad in ["", "-1", "NaN", "inf", "many"] {
            assert!(amount(bad).is_err(), "{bad:?}");
        }
        assert!(at_least_one("0.9").is_err() && share("1").is_ok() && share("1.1").is_err());
    }

    #[test]
    fn the_name_of_a_user_has_1_to_256_characters() {
        assert!(user("anna").is_ok() && user("").is_err() && user(&"a".repeat(257)).is_err());
    }
}
