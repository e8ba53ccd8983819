//! The client for browsers in a runtime that is none: in a Worker, unchanged.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::checkout;
use crate::support::events::renames;
use crate::support::program::run;
use crate::support::server::{free_port, workerd, Server};
use crate::support::token::token;

/// Watches a session until it has so many updates, and answers with their numbers.
const WATCHER: &str = r#"
import { connect } from "./roomcast.js";
export default {
  async fetch(request) {
    const { url, token, count } = await request.json();
    const client = connect({ url, session: "s-1", token });
    const seqs = [];
    await new Promise((resolve, reject) => {
      client.on("state", ({ phase, error }) => phase === "failed" && reject(error));
      client.on("change", ({ updates }) => {
        seqs.push(...updates.map(({ seq }) => seq));
        if (seqs.length >= count) resolve();
      });
    });
    client.close();
    return Response.json(seqs);
  },
};
"#;

const CONFIGURATION: &str = r#"
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "watcher", worker = .watcher),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "watcher")],
);
const watcher :Workerd.Worker = (
  modules = [
    (name = "watcher.js", esModule = embed "watcher.js"),
    (name = "roomcast.js", esModule = embed "roomcast.js"),
  ],
  compatibilityDate = "2026-11-01",
);
"#;

async fn bundle(folder: &Path) {
    let mut esbuild = Command::new(checkout("node_modules/.bin/esbuild"));
    let file = folder.join("roomcast.js");
    esbuild.arg(checkout("client/src/index.ts")).args(["--bundle", "--format=esm"]);
    let ran = run(esbuild.arg(format!("--outfile={}", file.display()))).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

fn serve(folder: &Path, port: u16) -> Child {
    fs::write(folder.join("watcher.js"), WATCHER).expect("the watcher");
    fs::write(folder.join("config.capnp"), CONFIGURATION).expect("the configuration");
    let mut command = Command::new(workerd());
    command.args(["serve", "config.capnp"]).arg(format!("--socket-addr=http=127.0.0.1:{port}"));
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command.spawn().expect("workerd, which scripts/setup brings")
}

/// Asks until the program listens.
async fn watched(port: u16, question: &Value) -> Vec<u64> {
    loop {
        let asked = reqwest::Client::new().post(format!("http://127.0.0.1:{port}")).json(question);
        match asked.send().await {
            Ok(answer) => return answer.json().await.expect("numbers"),
            Err(error) => assert!(error.is_connect(), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_runs_in_a_worker() {
    let server = Server::start().await;
    server.publisher().post(&renames("before", "s-1", 1)).await;
    let folder = TempDir::new().expect("a temporary folder");
    bundle(folder.path()).await;
    let port = free_port();
    let _watcher = serve(folder.path(), port);
    let question = json!({"url": server.url(""), "token": token("s-1").text(), "count": 4});
    let feed = async {
        server.log().wait_for("connection.accepted", 1).await;
        server.publisher().post(&renames("after", "s-1", 3)).await;
    };
    let (seqs, ()) = tokio::join!(watched(port, &question), feed);
    assert_eq!(seqs, [1, 2, 3, 4]);
    server.log().wait_for("connection.closed", 1).await;
}
