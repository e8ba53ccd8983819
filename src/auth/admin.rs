//! The admin token. Knowing it allows everything, so it is compared in constant time.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::secret::Secret;

/// Whether an `Authorization` header presents the token. Both are hashed with the same key first, so that neither their
/// length nor the place of their first difference shows in the time that this takes.
pub fn admits(token: &Secret, authorization: Option<&str>) -> bool {
    let Some((scheme, presented)) = authorization.and_then(|text| text.trim().split_once(' '))
    else {
        return false;
    };
    scheme.eq_ignore_ascii_case("bearer") && same(token.bytes(), presented.trim().as_bytes())
}

/// The same for a token in base64url, because a subprotocol cannot have all the characters that a token may have.
pub fn admits_encoded(token: &Secret, presented: &str) -> bool {
    URL_SAFE_NO_PAD.decode(presented).is_ok_and(|presented| same(token.bytes(), &presented))
}

fn same(token: &[u8], presented: &[u8]) -> bool {
    let keyed = |text: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"roomcast admin token").ok()?;
        mac.update(text);
        Some(mac)
    };
    match (keyed(token), keyed(presented)) {
        (Some(token), Some(presented)) => presented.verify(&token.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_admitted() {
        let token = Secret::new("0123456789abcdef0123456789abcdef");
        let admitted = |header: &str| admits(&token, Some(header));
        assert!(admitted("Bearer 0123456789abcdef0123456789abcdef"));
        assert!(admitted("bearer  0123456789abcdef0123456789abcdef "));
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "0123456789abcdef0123456789abcdef",
            "Basic 0123456789abcdef0123456789abcdef",
            "Bearer 0123456789abcdef0123456789abcde",
            "Bearer 0123456789abcdef0123456789abcdeg",
            "Bearer 0123456789abcdef0123456789abcdef0",
        ] {
            assert!(!admitted(bad), "{bad:?}");
        }
        assert!(!admits(&token, None));
    }

    #[test]
    fn a_token_may_be_encoded() {
        let token = Secret::new("0123456789/+cdef0123456789abcdef");
        let encoded = URL_SAFE_NO_PAD.encode(token.bytes());
        assert!(admits_encoded(&token, &encoded));
        let other = URL_SAFE_NO_PAD.encode("0123456789/+cdef0123456789abcdeF");
        for bad in ["", "0123456789/+cdef0123456789abcdef", &other, &format!("{encoded}=")] {
            assert!(!admits_encoded(&token, bad), "{bad:?}");
        }
    }
}
