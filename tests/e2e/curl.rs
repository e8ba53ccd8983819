//! A backend that has nothing but curl and openssl: the example that users copy.

use serde_json::{json, Value};
use tokio::process::Command;

use crate::support::events::created;
use crate::support::program::run;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::WEBHOOK_SECRET;

const PUBLISH: &str = r#"
key=$(printf '%s' "${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
id=msg_$RANDOM$RANDOM
ts=$(date +%s)
signature=$(printf '%s' "$id.$ts.$BODY" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
curl --silent --show-error --fail-with-body "$URL/api/events" \
  -H "Content-Type: application/json" \
  -H "webhook-id: $id" -H "webhook-timestamp: $ts" -H "webhook-signature: v1,$signature" \
  --data-binary "$BODY"
"#;

const READ: &str = r#"
curl --silent --show-error --fail-with-body "$URL/api/sessions/s-1/state" \
  -H "Authorization: Bearer $TOKEN"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_signed_with_openssl_is_published_and_read_with_curl() {
    let server = Server::start().await;
    let bash = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", script]);
        command.env("URL", server.url("")).env("SECRET", WEBHOOK_SECRET);
        command.env("BODY", created("é-1", "s-1").to_string());
        command.env("TOKEN", token("s-1").text());
        command
    };
    let published = run(&mut bash(PUBLISH)).await;
    assert_eq!((published.code, &*published.stderr), (0, ""), "{published:?}");
    let results: Value = serde_json::from_str(&published.stdout).unwrap();
    assert_eq!(results["results"][0]["status"], "accepted");
    let state = run(&mut bash(READ)).await;
    assert_eq!((state.code, &*state.stderr), (0, ""), "{state:?}");
    let state: Value = serde_json::from_str(&state.stdout).unwrap();
    assert_eq!(state["updates"][0]["data"], json!({"title": "Session s-1"}));
}
