//! Where a page is followed: a folder with what a checkout has, the settings of `scripts/dev`, and a server.

use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt as _};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::book::Block;
use crate::support::checkout;
use crate::support::program::{run, Ran};
use crate::support::server::Server;
use crate::support::worker_config::{document, ADMIN_TOKEN, ORIGIN, TOKEN_SECRET, WEBHOOK_SECRET};

/// What commands of the manual name of a checkout.
const FOLDERS: [&str; 3] = ["examples", "presets", "docs"];

/// The tenants whose secrets are in the settings.
const TENANTS: [&str; 2] = ["DEMO", "ACME"];

/// `cargo run --bin roomcast -- …` would compile; here it is the program that was compiled for the tests.
const CARGO: &str = "#!/bin/sh\n\
    [ \"$1 $2 $3 $4\" = 'run --bin roomcast --' ] || { echo \"cargo $*\" >&2; exit 64; }\n\
    shift 4\nexec roomcast \"$@\"\n";

/// A folder and a server.
pub(crate) struct Desk {
    folder: TempDir,
    server: Server,
}

impl Desk {
    /// Lays everything out. These tenants are there, besides `demo`.
    pub(crate) async fn lay(tenants: &[&str]) -> Self {
        let server = Server::start_with(|setup| {
            for tenant in tenants {
                let mut described = document(&[ORIGIN]);
                // No two tenants may have the same secrets.
                described["webhooks"][0]["secret"] = other(WEBHOOK_SECRET).into();
                described["tokens"]["keys"][0]["secret"] = other(TOKEN_SECRET).into();
                setup.tenants.push(((*tenant).to_owned(), described));
            }
        })
        .await;
        let folder = TempDir::new().unwrap();
        for name in FOLDERS {
            symlink(checkout(name), folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join(".dev.vars"), settings()).unwrap();
        programs(&folder.path().join("bin"));
        Self { folder, server }
    }

    /// Does what a block says; whether it has commands.
    pub(crate) async fn follow(&self, block: &Block) -> bool {
        if let Some(name) = block.mark("file") {
            fs::write(self.folder.path().join(name), &block.code).unwrap();
        } else if let Some(name) = block.mark("into") {
            self.add(name, &block.code);
        } else if block.mark("run") == Some("") {
            match block.language.as_str() {
                "console" => self.compare(block).await,
                _ => drop(self.run(block, &block.code).await),
            }
            return true;
        }
        false
    }

    /// Adds fields to an object in a file.
    fn add(&self, name: &str, fields: &str) {
        let path = self.folder.path().join(name);
        let mut object: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let fields: Value = serde_json::from_str(&format!("{{{fields}}}")).unwrap();
        let all = object.as_object_mut().unwrap();
        all.extend(fields.as_object().unwrap().clone());
        fs::write(path, object.to_string()).unwrap();
    }

    /// Runs the commands of a block, and compares what each prints with what follows it.
    async fn compare(&self, block: &Block) {
        for example in block.code.split("$ ").filter(|example| !example.is_empty()) {
            let (command, wanted) = example.split_once('\n').unwrap();
            let printed = self.run(block, command).await.stdout;
            assert_eq!(printed.trim(), wanted.trim(), "{}: {command}", block.place);
        }
    }

    async fn run(&self, block: &Block, commands: &str) -> Ran {
        let path = std::env::var("PATH").unwrap();
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", commands]).current_dir(self.folder.path());
        bash.env("PATH", format!("{}/bin:{path}", self.folder.path().display()));
        // What a page keeps in the reader's home folder, such as secrets.
        bash.env("HOME", self.folder.path());
        bash.env("ROOMCAST_URL", self.server.url("")).env("ADMIN_TOKEN", ADMIN_TOKEN);
        let ran = run(&mut bash).await;
        assert_eq!(ran.code, 0, "{}: {commands}\n{}{}", block.place, ran.stdout, ran.stderr);
        // curl ends well whatever it is answered.
        let refused = ran
            .stdout
            .lines()
            .find(|line| line.starts_with("HTTP/1.1 4") || line.starts_with("HTTP/1.1 5"));
        assert_eq!(refused, None, "{}: {commands}\n{}", block.place, ran.stdout);
        ran
    }
}

fn settings() -> String {
    let of = |tenant: &str| {
        let (token, webhook) = match tenant {
            "DEMO" => (TOKEN_SECRET.to_owned(), WEBHOOK_SECRET.to_owned()),
            _ => (other(TOKEN_SECRET), other(WEBHOOK_SECRET)),
        };
        format!("{tenant}_TOKEN_SECRET=\"{token}\"\n{tenant}_WEBHOOK_SECRET=\"{webhook}\"\n")
    };
    TENANTS.iter().copied().map(of).collect()
}

/// Another secret of the same form.
fn other(secret: &str) -> String {
    secret.replace('0', "1").replace("MDE", "MTE")
}

fn programs(bin: &Path) {
    fs::create_dir(bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_roomcast"), bin.join("roomcast")).unwrap();
    fs::write(bin.join("cargo"), CARGO).unwrap();
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
}
