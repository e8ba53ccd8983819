//! Ties the attributes of a `CloudEvent` in binary mode to the signature of its post.
//!
//! In binary mode the attributes are headers, and Standard Webhooks signs only id, time and body: whoever stands between
//! sender and Roomcast could make `order.placed` an `order.cancelled`, or put the event into another session, and the
//! signature would still be right. So `webhook-id`, which is signed, must be a hash of the attributes. A sender computes it
//! from the headers that its SDK made, and signs with any library. Such an id in turn is good for binary mode only, so that
//! the headers cannot be taken away either, which would make the data an event of another form.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use crate::protocol::post::{Form, PostHeaders};

/// What the id of a post in binary mode begins with.
pub const PREFIX: &str = "ce_sha256_";

/// The `webhook-id` for these attributes, in any order: names without `ce-` in lower case, values as sent. The hash is over
/// `ce-name:value` and a line feed for each, in the order of the names.
pub fn id<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut attributes: Vec<_> = attributes.into_iter().collect();
    attributes.sort_unstable();
    let mut hash = Sha256::new();
    for (name, value) in attributes {
        // Neither a name nor a value can have a line feed, and a name has no colon.
        hash.update(format!("ce-{name}:{value}\n"));
    }
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// Whether the id of a post covers its attributes, and no post without attributes has such an id.
pub(super) fn are_tied(headers: &PostHeaders<'_>, id: &str) -> bool {
    match headers.form() {
        Form::Binary => id == self::id(headers.attributes.iter().copied()),
        Form::Envelope | Form::Structured | Form::Batch => !id.starts_with(PREFIX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTRIBUTES: [(&str, &str); 3] = [("type", "a"), ("id", "1"), ("specversion", "1.0")];

    fn binary(attributes: &[(&'static str, &'static str)]) -> PostHeaders<'static> {
        let attributes = attributes.to_vec();
        PostHeaders { specversion: Some("1.0"), attributes, ..PostHeaders::default() }
    }

    #[test]
    fn an_id_is_of_its_attributes_in_any_order_and_of_no_others() {
        let own = id(ATTRIBUTES);
        // printf 'ce-id:1\nce-specversion:1.0\nce-type:a\n' | openssl dgst -sha256 -binary | basenc --base64url
        assert_eq!(own, "ce_sha256_BYD4G_ikH5ZAvHQkuG_SQgjB6g7IAx_yvBTAwv6xoZU");
        let mut turned = ATTRIBUTES;
        turned.reverse();
        assert!(are_tied(&binary(&turned), &own));
        let mut changed = ATTRIBUTES;
        changed[0].1 = "b";
        let added = [&ATTRIBUTES[..], &[("subject", "s")]].concat();
        for other in [&changed[..], &added, &ATTRIBUTES[1..]] {
            assert!(!are_tied(&binary(other), &own), "{other:?}");
        }
        assert!(!are_tied(&binary(&ATTRIBUTES), "msg_1"));
    }

    #[test]
    fn an_id_of_attributes_is_refused_without_them() {
        let own = id(ATTRIBUTES);
        for content_type in [None, Some("application/json"), Some("application/cloudevents+json")] {
            let headers = PostHeaders { content_type, ..PostHeaders::default() };
            assert!(!are_tied(&headers, &own) && are_tied(&headers, "msg_1"), "{content_type:?}");
        }
        let structured = PostHeaders {
            content_type: Some("application/cloudevents+json"),
            ..binary(&ATTRIBUTES)
        };
        assert!(!are_tied(&structured, &own), "the content type comes first");
    }
}
