//! A Prometheus of one test: the example of `monitoring/` with other addresses, its process, and what it answers. It ends with the test.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{sleep, timeout, Duration};

use crate::support::program::{run, Ran};
use crate::support::server::free_port;
use crate::support::{checkout, left_out, WAIT};

/// The place of the admin token in the example.
pub(crate) const CREDENTIALS: &str = "/etc/prometheus/roomcast-admin-token";

/// Copies the alerts and the example into a folder, with a token of its own and with other changes. Everything that changes has to be there.
pub(crate) fn copy_example(folder: &Path, token: &str, changes: &[(&str, &str)]) {
    let read = |name: &str| fs::read_to_string(checkout("monitoring").join(name)).expect("a file");
    let path = folder.join("token");
    fs::write(&path, token).expect("a file");
    let mut example = read("prometheus.yaml");
    for (old, new) in changes.iter().chain([&(CREDENTIALS, path.to_str().expect("a path"))]) {
        assert!(example.contains(old), "the example has no {old}");
        example = example.replace(old, new);
    }
    fs::write(folder.join("prometheus.yaml"), example).expect("a file");
    fs::write(folder.join("alerts.yaml"), read("alerts.yaml")).expect("a file");
}

/// Runs promtool in a folder. `None` where it is not installed.
pub(crate) async fn promtool(folder: &Path, arguments: &[&str]) -> Option<Ran> {
    let there = Command::new("promtool").arg("--version").output().await;
    if there.is_err() {
        left_out(
            "monitoring/",
            "there is no promtool: scripts/setup --with-prometheus installs it",
        );
        return None;
    }
    Some(run(Command::new("promtool").args(arguments).current_dir(folder)).await)
}

/// Has promtool read metrics, which must find nothing to say about them.
pub(crate) async fn lint(metrics: &str) {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("metrics.txt"), metrics).expect("a file");
    if promtool(folder.path(), &["--version"]).await.is_none() {
        return;
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", "promtool check metrics < metrics.txt"]).current_dir(folder.path());
    let ran = run(&mut shell).await;
    assert_eq!((ran.code, ran.stdout + &ran.stderr), (0, String::new()));
}

/// A Prometheus that scrapes and evaluates four times a second.
#[derive(Debug)]
pub(crate) struct Prometheus {
    process: Child,
    address: String,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one over the example: both of its deployments are the one at `target`. `None` where it is not installed.
    pub(crate) fn start(target: &str, token: &str) -> Option<Self> {
        let (folder, address) =
            (TempDir::new().expect("a folder"), format!("127.0.0.1:{}", free_port()));
        let changes = [
            ("scheme: https", "scheme: http"),
            ("[rooms.example.com]", &format!("['{target}']")),
            ("[\"127.0.0.1:8787\"]", &format!("['{target}']")),
            ("scrape_interval: 60s", "scrape_interval: 250ms"),
            ("scrape_timeout: 30s", "scrape_timeout: 250ms"),
            ("evaluation_interval: 60s", "evaluation_interval: 250ms"),
        ];
        copy_example(folder.path(), token, &changes);
        let mut command = std::process::Command::new("prometheus");
        command.args([
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--log.level=error",
        ]);
        command.arg(format!("--web.listen-address={address}")).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            left_out(
                "monitoring/",
                "there is no prometheus: scripts/setup --with-prometheus installs it",
            );
            return None;
        };
        Some(Self { process, address, _folder: folder })
    }

    /// Asks its API until the answer is wanted.
    pub(crate) async fn until(
        &self,
        path: &str,
        query: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut last = String::new();
        let answered = timeout(WAIT, async {
            loop {
                match self.ask(path, query).await {
                    Ok(answer) if wanted(&answer) => return answer,
                    Ok(answer) => last = answer.to_string(),
                    Err(error) => last = error.to_string(),
                }
                sleep(Duration::from_millis(20)).await;
            }
        });
        let answered = answered.await;
        answered.unwrap_or_else(|_| panic!("{path} {query}: {last}"))
    }

    async fn ask(&self, path: &str, query: &str) -> reqwest::Result<Value> {
        let url = format!("http://{}/api/v1/{path}", self.address);
        let url = Url::parse_with_params(&url, [("query", query)]).expect("an address");
        let answer: Value = reqwest::get(url).await?.json().await?;
        assert_ne!(answer["status"], "error", "{query}: {answer}");
        Ok(answer["data"].clone())
    }

    /// The value of an expression, as soon as it has one.
    pub(crate) async fn value(&self, query: &str) -> String {
        let answer = self.until("query", query, |answer| !answer["result"][0].is_null()).await;
        answer["result"][0]["value"][1].as_str().expect("a value").to_owned()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
