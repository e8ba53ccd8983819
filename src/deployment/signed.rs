//! The headers of a request that posts events: its content type, and its signature as in Standard Webhooks.

use reqwest::header::CONTENT_TYPE;

use super::clock;
use crate::auth::webhook::{sign, WebhookSecrets};

/// The headers of a post of `body`, signed now. A repetition has the same `id`.
pub fn headers(secrets: &WebhookSecrets, id: &str, body: &str) -> [(&'static str, String); 4] {
    let now = clock::now();
    [
        (CONTENT_TYPE.as_str(), "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", now.seconds().to_string()),
        ("webhook-signature", sign(secrets, id, now, body.as_bytes())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::webhook::verify;
    use crate::protocol::post::PostHeaders;

    #[test]
    fn the_server_accepts_what_is_signed_here() {
        let secrets = WebhookSecrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap();
        let headers = headers(&secrets, "msg_1", "[]");
        let value = |name| {
            let found = headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_str())
        };
        let signed = PostHeaders {
            id: value("webhook-id"),
            timestamp: value("webhook-timestamp"),
            signature: value("webhook-signature"),
            ..PostHeaders::default()
        };
        assert_eq!(value("content-type"), Some("application/json"));
        assert!(verify(&secrets, &signed, b"[]", clock::now()).is_ok());
        assert!(verify(&secrets, &signed, b"[1]", clock::now()).is_err());
    }
}
