//! An account in a folder, for `scripts/deploy`: what it has, what was asked of it, and an address that answers.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use roomcast::hop;
use roomcast::room::row::SCHEMA;
use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::posted::posted;
use crate::support::program::{end_within, start, Ran};

/// How long one run may take: it starts wrangler a dozen times.
const RUN: Duration = Duration::from_mins(1);

/// The account, and the settings that are deployed to it.
pub(super) struct World {
    folder: TempDir,
}

impl World {
    /// An account with the secrets and these versions, oldest first: each was deployed after the one before.
    pub(super) fn with(versions: &[(&str, Value)]) -> Self {
        let world = Self { folder: TempDir::new().unwrap() };
        world.write("secrets.json", r#"[{"name":"SEALING_KEYS"},{"name":"ADMIN_TOKEN"}]"#);
        world.write("queues", "");
        if !versions.is_empty() {
            world.write("deployments.json", &deployments(versions));
        }
        let new = [versions, &[("v-new", says(&current()))]].concat();
        world.write("after.json", &deployments(&new));
        world.write("versions.json", &named(&new));
        world.configure(|text| text);
        world
    }

    /// What is in a file of the folder; empty if there is none.
    pub(super) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_default()
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Deploys the settings of the checkout with changes.
    pub(super) fn configure(&self, change: impl Fn(String) -> String) {
        let text = fs::read_to_string(checkout("wrangler.toml")).unwrap();
        let text = change(text);
        // The settings are in another folder than what they name.
        let found = |file: &str| format!("\"{}\"", checkout(file).display());
        let text = text.replace("\"build/index.js\"", &found("build/index.js"));
        self.write("wrangler.toml", &text.replace("\"dashboard/dist\"", &found("dashboard/dist")));
    }

    /// Runs the script to its end.
    pub(super) async fn deploy(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(checkout("scripts/deploy"));
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(["--patience", "2", "--config"])
            .arg(self.path("wrangler.toml"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("WORLD", self.folder.path())
            // wrangler is a script of 15 MB, which each run would compile anew.
            .env("NODE_COMPILE_CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/deploy"))
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("WRANGLER", checkout("tests/e2e/deploy/wrangler"))
            .env("REAL_WRANGLER", checkout("node_modules/.bin/wrangler"));
        end_within(RUN, start(&mut command)).await
    }

    /// What was asked of the account that changes something, without the settings that all calls have.
    pub(super) fn changes(&self) -> Vec<String> {
        let calls = self.read("calls");
        let changing = |call: &&str| {
            let rehearsal = call.starts_with("deploy --dry-run");
            (call.starts_with("deploy ") && !rehearsal) || call.starts_with("versions deploy")
        };
        let shown = |call: &str| call.split(" --env=").next().unwrap().to_owned();
        calls.lines().filter(changing).map(shown).collect()
    }
}

fn deployments(versions: &[(&str, Value)]) -> String {
    let each = versions.iter().enumerate().map(|(at, (id, _))| {
        json!({"created_on": format!("2026-01-0{}T10:00:00Z", at + 1), "versions": [{"version_id": id, "percentage": 100}]})
    });
    json!(each.collect::<Vec<_>>()).to_string()
}

/// What `wrangler versions list` says of versions.
fn named(versions: &[(&str, Value)]) -> String {
    let each = versions.iter().enumerate().map(|(at, (id, version))| {
        let mut version = version.clone();
        version["id"] = json!(id);
        version["metadata"] = json!({"created_on": format!("2026-01-0{}T09:00:00Z", at + 1)});
        version
    });
    json!(each.collect::<Vec<_>>()).to_string()
}

/// A version that the script has made.
pub(super) fn says(message: &str) -> Value {
    json!({"annotations": {"workers/message": message, "workers/tag": "abcdef123456"}})
}

/// A version that a change of a secret has made.
pub(super) fn secrets_changed() -> Value {
    json!({"annotations": {"workers/triggered_by": "secret"}})
}

/// What a version of this release says, with another schema, hop and migration.
pub(super) fn message(schema: u64, hop: u32, migration: &str) -> String {
    let release = env!("CARGO_PKG_VERSION");
    format!("roomcast {release} schema {schema} hop {hop} migration {migration}")
}

/// What a version of this checkout says.
pub(super) fn current() -> String {
    message(SCHEMA, hop::VERSION, "v2")
}

/// An address at which each request is answered like this.
pub(super) async fn answering(status: u16, body: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let body = body.to_string();
            let head = "content-type: application/json\r\nconnection: close";
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} It\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            if posted(&mut socket).await.is_some() {
                // Whoever asks may have gone.
                drop(socket.write_all(answer.as_bytes()).await);
            }
        }
    });
    address
}

/// A deployment that is well.
pub(super) async fn well() -> String {
    answering(200, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})).await
}

/// A deployment that lacks a setting.
pub(super) async fn misconfigured() -> String {
    answering(503, json!({"code": "misconfigured", "detail": "SEALING_KEYS is not set"})).await
}
