//! How somebody who asks shows who it is, as the security schemes of a document.

use serde_json::{json, Value};

/// Security requirements: one of these lists, each as a whole.
pub(super) fn one_of(lists: &[&[&str]]) -> Value {
    let list = |schemes: &&[&str]| {
        let entries = schemes.iter().map(|scheme| ((*scheme).to_owned(), json!([])));
        Value::Object(entries.collect())
    };
    lists.iter().map(list).collect()
}

/// A token of a user, to read.
pub(super) const READER: &[&[&str]] = &[&["bearer"], &["cookie"], &["query"]];

/// A token of a user, to connect.
pub(super) const VIEWER: &[&[&str]] = &[&["bearer"], &["subprotocol"], &["cookie"], &["query"]];

/// A signature of a backend, or of another service that posts.
pub(super) const BACKEND: &[&[&str]] = &[&["standardWebhooks"], &["github"], &["stripe"]];

/// A signature of a backend.
pub(super) const SIGNED: &[&[&str]] = &[&["standardWebhooks"]];

/// The admin token.
pub(super) const ADMIN: &[&[&str]] = &[&["admin"]];

/// The admin token, to connect.
pub(super) const OPERATOR: &[&[&str]] = &[&["admin"], &["subprotocol"]];

/// All schemes of what is asked over HTTP.
pub(super) fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A token of the tenant: a JWT with `sub`, `exp` and `sessions`. It is looked for here first, then in the \
                subprotocols, the cookie and the query.",
        },
        "subprotocol": {
            "type": "apiKey", "in": "header", "name": "Sec-WebSocket-Protocol",
            "description": "`roomcast.v1, roomcast.bearer.<jwt>`: for pages, which can set no other header of a WebSocket. The answer never \
                echoes the token. For the console it is `roomcast.bearer.` and the admin token in base64url.",
        },
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": "roomcast_token",
            "description": "The token. With a cookie, an `Origin` that the tenant allows is required.",
        },
        "query": {
            "type": "apiKey", "in": "query", "name": "token",
            "description": "The token, for clients that can send it in no other place: proxies may write it to their logs.",
        },
        "standardWebhooks": {
            "type": "apiKey", "in": "header", "name": "webhook-signature",
            "description": "[Standard Webhooks](https://www.standardwebhooks.com) 1.0.0 over `id.timestamp.body`: `v1,<base64>` is HMAC-SHA256 with a `whsec_…` secret of the tenant, \
                `v1a,<base64>` is Ed25519 for a `whpk_…` public key. `webhook-id` and `webhook-timestamp` go with it.",
        },
        "github": {
            "type": "apiKey", "in": "header", "name": "x-hub-signature-256",
            "description": "As GitHub signs its webhooks: `sha256=<hex>`, HMAC-SHA256 of the body. The body is a webhook of GitHub then.",
        },
        "stripe": {
            "type": "apiKey", "in": "header", "name": "stripe-signature",
            "description": "As Stripe signs its events: `t=<seconds>,v1=<hex>`, HMAC-SHA256 of `t.body`. The body is an event of Stripe then.",
        },
        "admin": {
            "type": "http", "scheme": "bearer",
            "description": "The setting `ADMIN_TOKEN` of the deployment. Without one, everything below `/admin` is refused.",
        },
    })
}
