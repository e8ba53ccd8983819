//! Admits the operator to the console: pages of the deployment itself, and programs, with the admin token.
//!
//! The token is never ambient: a cookie or a query parameter does not carry it, as the former is sent by any page and the latter is in
//! logs. Who is refused here reaches no room.

use super::admin::{admits, admits_encoded};
use super::admission::{wanted, Admission, Claimed};
use super::origin::is_own;
use super::secret::Secret;
use crate::limits::CONSOLE_MS;
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::ids::SessionId;
use crate::protocol::time::Timestamp;

/// The user of the console.
const OPERATOR: &str = "operator";

/// Checks everything that a request for the console claims. `address` is that of the request, and without a `token` the
/// deployment admits nobody.
///
/// # Errors
/// The first check that failed.
pub fn admit(
    token: Option<&Secret>,
    (session, address): (SessionId, &str),
    claimed: &Claimed<'_>,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    if !claimed.origin.is_none_or(|origin| is_own(origin, address)) {
        return Err(Refusal::OriginRefused);
    }
    let (token, carriers) = (token.ok_or(Refusal::TokenInvalid), &claimed.carriers);
    let admitted = match (carriers.bearer(), carriers.subprotocol()) {
        (Some(_), _) => admits(token?, carriers.authorization),
        (None, Some(encoded)) => admits_encoded(token?, encoded),
        (None, None) => return Err(Refusal::TokenMissing),
    };
    if admitted {
        wanted((session, grant(now)), None, claimed)
    } else {
        Err(Refusal::TokenInvalid)
    }
}

/// The grant of the operator who shows the token again over a connection, in base64url.
///
/// # Errors
/// It is another token.
pub fn renew(token: Option<&Secret>, encoded: &str, now: Timestamp) -> Result<Grant, Refusal> {
    let admitted = token.is_some_and(|token| admits_encoded(token, encoded));
    admitted.then(|| grant(now)).ok_or(Refusal::TokenInvalid)
}

fn grant(now: Timestamp) -> Grant {
    Grant::new(OPERATOR.to_owned(), now.plus_ms(CONSOLE_MS))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use base64::Engine as _;

    use super::super::token::Carriers;
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);
    const TOKEN: &str = "an admin token/of 32 bytes+......";

    fn verdict(change: impl FnOnce(&mut Claimed<'_>)) -> Result<String, Refusal> {
        let mut claimed = Claimed::default();
        change(&mut claimed);
        let place = ("console".parse().unwrap(), "https://live.example/admin/console/live");
        let admitted = admit(Some(&Secret::new(TOKEN)), place, &claimed, NOW)?;
        assert_eq!(admitted.grant.expires, NOW.plus_ms(CONSOLE_MS));
        Ok(admitted.grant.user)
    }

    #[test]
    fn the_token_opens_the_console_as_a_header_or_as_a_subprotocol() {
        let bearer = format!("Bearer {TOKEN}");
        let header = |claimed: &mut Claimed<'_>| claimed.carriers.authorization = Some("x");
        assert_eq!(verdict(header), Err(Refusal::TokenMissing));
        let protocols = format!("roomcast.v1, roomcast.bearer.{}", URL_SAFE_NO_PAD.encode(TOKEN));
        let claims = [
            Carriers { authorization: Some(&bearer), ..Carriers::default() },
            Carriers { protocols: Some(&protocols), ..Carriers::default() },
        ];
        for carriers in claims {
            let place = ("console".parse().unwrap(), "https://live.example/");
            let claimed = Claimed { carriers, ..Claimed::default() };
            let admitted = admit(Some(&Secret::new(TOKEN)), place, &claimed, NOW).unwrap();
            assert_eq!(admitted.grant.user, "operator");
        }
    }

    #[test]
    fn a_token_that_a_browser_adds_or_a_log_has_does_not_count() {
        let cookie = |claimed: &mut Claimed<'_>| claimed.carriers.cookie = Some("roomcast_token=x");
        assert_eq!(verdict(cookie), Err(Refusal::TokenMissing));
        let query = |claimed: &mut Claimed<'_>| claimed.carriers.query = Some(TOKEN);
        assert_eq!(verdict(query), Err(Refusal::TokenMissing));
    }

    #[test]
    fn another_page_or_another_token_is_refused() {
        let page = |claimed: &mut Claimed<'_>| claimed.origin = Some("https://evil.test");
        assert_eq!(verdict(page), Err(Refusal::OriginRefused));
        let other = |claimed: &mut Claimed<'_>| claimed.carriers.authorization = Some("Bearer x");
        assert_eq!(verdict(other), Err(Refusal::TokenInvalid));
    }

    #[test]
    fn without_an_admin_token_nobody_is_admitted() {
        let carriers = Carriers { authorization: Some("Bearer x"), ..Carriers::default() };
        let claimed = Claimed { carriers, ..Claimed::default() };
        let place = ("console".parse().unwrap(), "https://live.example/");
        assert_eq!(admit(None, place, &claimed, NOW), Err(Refusal::TokenInvalid));
        assert!(renew(None, "", NOW).is_err());
    }

    #[test]
    fn a_connection_lasts_longer_with_the_same_token_only() {
        let renewed = |text: &str| renew(Some(&Secret::new(TOKEN)), text, NOW);
        assert_eq!(renewed(&URL_SAFE_NO_PAD.encode(TOKEN)).unwrap().user, "operator");
        assert!(renewed(TOKEN).is_err() && renewed("").is_err());
    }
}
