//! Orders to revoke tokens, as backends and operators post them.

use serde::Deserialize;
use serde_json::Value;

use crate::limits::{TOKEN_ID_CHARS, USER_CHARS};
use crate::preset::faults::{read, Fault};
use crate::protocol::ids::SessionId;
use crate::protocol::json::{self, NotJson};
use crate::protocol::time::Timestamp;

/// Which tokens of a user count no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The user: what the tokens have as their user.
    pub user: String,
    /// The `jti` of the only token that is revoked; without it all.
    pub token: Option<String>,
    /// The only session in which they are revoked; without it everywhere.
    pub session: Option<SessionId>,
    /// The last time at which a revoked token was issued.
    pub issued_until: Timestamp,
}

/// An order as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct Form {
    /// The user: what the tokens have as their user.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(min = 1, max = USER_CHARS)))]
    user: String,
    /// The `jti` of the only token that is revoked, whenever it was issued; without it all.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(min = 1, max = TOKEN_ID_CHARS)))]
    token: Option<String>,
    /// The only session in which they are revoked; without it everywhere.
    session: Option<SessionId>,
    /// RFC 3339, not in the future: tokens that were issued later still count. By default, when the order was signed or arrived.
    issued_until: Option<String>,
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Order {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Revocation".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Form::json_schema(generator)
    }
}

impl Order {
    /// Reads an order. If it does not say until when the tokens were issued, it is until it was `given`; so a captured order has
    /// no effect on later tokens when it is sent again.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(body: &[u8], given: Timestamp) -> Result<Self, Fault> {
        let fault = |place: &str, reason: String| Fault { place: place.to_owned(), reason };
        let not_json =
            |NotJson { line, .. }| fault("", format!("the body is not JSON: line {line}"));
        let body: Value = json::read(body).map_err(not_json)?;
        let Form { user, token, session, issued_until } = read(body)?;
        let long = |text: &str, most| !(1..=most).contains(&text.chars().count());
        if long(&user, USER_CHARS) {
            return Err(fault("user", format!("must have 1 to {USER_CHARS} characters")));
        }
        if token.as_deref().is_some_and(|token| long(token, TOKEN_ID_CHARS)) {
            return Err(fault("token", format!("must have 1 to {TOKEN_ID_CHARS} characters")));
        }
        let issued_until = match issued_until {
            None => given,
            Some(text) => Timestamp::from_rfc3339(&text).ok_or_else(|| {
                fault(
                    "issued_until",
                    "must be an RFC 3339 time, such as 2026-01-07T10:00:00Z".into(),
                )
            })?,
        };
        // Later, it would refuse the tokens that the user is about to get.
        if issued_until > given {
            return Err(fault("issued_until", "must not be in the future".into()));
        }
        Ok(Self { user, token, session, issued_until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: Timestamp = Timestamp(1_767_780_000_000);

    fn order(body: &str) -> Result<Order, String> {
        Order::read(body.as_bytes(), GIVEN).map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_order_names_a_user_and_perhaps_a_token_and_a_session() {
        let all = order(r#"{"user": "ada"}"#).unwrap();
        assert_eq!((all.token, all.session, all.issued_until), (None, None, GIVEN));
        let one = r#"{"user": "ada", "token": "t-1", "session": "s-1",
            "issued_until": "2026-01-07T09:00:00Z"}"#;
        let one = order(one).unwrap();
        assert_eq!(one.token.as_deref(), Some("t-1"));
        assert_eq!(one.session.unwrap().as_str(), "s-1");
        assert_eq!(one.issued_until, Timestamp(1_767_776_400_000));
    }

    #[test]
    fn a_wrong_order_is_refused_by_place() {
        let long = format!(r#"{{"user": "{}"}}"#, "x".repeat(USER_CHARS + 1));
        for (body, place) in [
            ("", "the body is not JSON"),
            ("[]", ""),
            ("{}", "missing field `user`"),
            (r#"{"user": ""}"#, "user: "),
            (&long, "user: "),
            (r#"{"user": "ada", "token": ""}"#, "token: "),
            (r#"{"user": "ada", "session": "a/b"}"#, "session: "),
            (r#"{"user": "ada", "issued_until": "soon"}"#, "issued_until: "),
            (r#"{"user": "ada", "issued_until": "2026-01-07T10:00:01Z"}"#, "issued_until: "),
            (r#"{"user": "ada", "all": true}"#, "unknown field `all`"),
        ] {
            let fault = order(body).unwrap_err();
            assert!(fault.contains(place), "{body}: {fault}");
        }
    }
}
