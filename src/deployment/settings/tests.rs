use super::*;
use crate::auth::token::{mint, NewToken};
use crate::auth::webhook::sign;
use crate::protocol::time::Timestamp;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const WEBHOOK: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

fn settings(environment: fn(&str) -> Option<String>, file: &str) -> Settings {
    Settings {
        tenant: "demo".parse().unwrap(),
        environment,
        file: dotenv::parse(file),
        file_name: DEFAULT_FILE.to_owned(),
    }
}

fn in_file(file: &str) -> Settings {
    settings(|_| None, file)
}

#[test]
fn the_environment_takes_precedence_over_the_file() {
    let both = settings(
        |name| (name == "DEMO_TOKEN_SECRET").then(|| KEY.to_owned()),
        "DEMO_TOKEN_SECRET=short\nDEMO_TOKEN_ISSUER=\"https://issuer.test\"",
    );
    let policy = both.token_policy().unwrap();
    let (now, new) = (Timestamp(0), NewToken::new("anna", Timestamp(60_000)));
    let token = mint(&policy, &new, now).unwrap();
    let shared = TokenPolicy::shared(KEY).unwrap();
    let (issuer, audience) = (policy.issuer.clone(), policy.audience.clone());
    let minted = TokenPolicy { issuer, audience, ..shared };
    assert_eq!(token, mint(&minted, &new, now).unwrap());
    assert_eq!(policy.issuer.as_deref(), Some("https://issuer.test"));
    assert_eq!(policy.audience.as_deref(), Some("roomcast:demo"));
}

#[test]
fn the_signing_secret_in_the_file_is_read_as_the_server_reads_it() {
    let read = in_file(&format!("DEMO_WEBHOOK_SECRET=\"{WEBHOOK}\"")).webhook_secrets().unwrap();
    let parsed = WebhookSecrets::parse(WEBHOOK).unwrap();
    assert_eq!(sign(&read, "m", Timestamp(0), b""), sign(&parsed, "m", Timestamp(0), b""));
}

#[test]
fn a_missing_setting_is_named_with_the_place_to_put_it() {
    for file in ["", "DEMO_TOKEN_SECRET=", "OTHER_TOKEN_SECRET=x"] {
        let failure = in_file(file).token_policy().unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        let text = failure.to_string();
        assert!(text.starts_with("DEMO_TOKEN_SECRET is not set") && text.contains(".dev.vars"));
    }
}

#[test]
fn a_malformed_setting_is_named_and_its_value_is_not_shown() {
    let file = in_file("DEMO_TOKEN_SECRET=hunter2\nDEMO_WEBHOOK_SECRET=hunter2");
    let token = file.token_policy().unwrap_err().to_string();
    assert_eq!(token, "DEMO_TOKEN_SECRET must have at least 32 bytes");
    let webhook = file.webhook_secrets().unwrap_err().to_string();
    assert!(webhook.starts_with("DEMO_WEBHOOK_SECRET must be whsec_"));
    assert!(!webhook.contains("hunter2"));
}

#[test]
fn a_named_file_must_exist() {
    let target = Target {
        url: "http://127.0.0.1:8787".parse().unwrap(),
        tenant: None,
        vars: Some("/nowhere/.dev.vars".into()),
    };
    let failure = Settings::load(&target).err().unwrap();
    assert_eq!(failure.exit_code(), 3);
    assert!(failure.to_string().starts_with("/nowhere/.dev.vars cannot be read"));
}
