//! Events from a queue, under `wrangler dev`, as the lines of `wrangler.toml` say that configure it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::support::checkout;
use crate::support::events::{created, renames};
use crate::support::log::Log;
use crate::support::server::free_port;
use crate::support::token::token;
use crate::support::worker_config::{document, ADMIN_TOKEN, SEALING_KEYS};

/// Wrangler needs a while to start on a busy machine.
const STARTS: Duration = Duration::from_mins(1);

const BACKEND: &str = r#"
name = "backend"
main = "backend.js"
compatibility_date = "2026-11-01"
[[queues.producers]]
queue = "roomcast-events"
binding = "EVENTS"
[[queues.consumers]]
queue = "roomcast-dead-letters"
max_batch_timeout = 1
[[services]]
binding = "ROOMCAST"
service = "roomcast"
"#;

/// `wrangler.toml` with the lines about queues, as a user takes them in, for a build that is there already.
fn configuration() -> String {
    let text = fs::read_to_string(checkout("wrangler.toml")).unwrap();
    let (before, rest) = text.split_once("# [[queues.consumers]]").expect("lines about queues");
    let (queues, after) = rest.split_once("\n\n").unwrap();
    let queues = format!("[[queues.consumers]]{}", queues.replace("\n# ", "\n"));
    let text = format!("{before}{queues}\n\n{after}");
    let (before, rest) = text.split_once("[build]").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let here = |path: &str| format!("\"{}\"", checkout(path).display());
    format!("{before}{after}")
        .replace("\"build/index.js\"", &here("build/index.js"))
        .replace("\"dashboard/dist\"", &here("dashboard/dist"))
}

/// A backend and Roomcast with a queue between them. They end with the test.
struct Queue {
    folder: TempDir,
    port: u16,
    process: Child,
    log: Log,
}

impl Queue {
    async fn start(tenants: &[(&str, Value)]) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["backend", "roomcast"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
        write("backend/wrangler.toml", BACKEND);
        write("backend/backend.js", include_str!("queue/backend.js"));
        write("roomcast/wrangler.toml", &configuration());
        let secrets = format!("SEALING_KEYS=\"{SEALING_KEYS}\"\nADMIN_TOKEN=\"{ADMIN_TOKEN}\"\n");
        write("roomcast/.dev.vars", &secrets);
        let (port, log) = (free_port(), Log::new());
        let process = Self::spawn(folder.path(), port, &log);
        let queue = Self { folder, port, process, log };
        queue.wait_until_it_serves().await;
        for (tenant, document) in tenants {
            let put = Client::new().put(queue.url(&format!("/admin/tenants/{tenant}")));
            let stored = put.bearer_auth(ADMIN_TOKEN).json(document).send().await.unwrap();
            assert!(stored.status().is_success(), "{tenant}: {:?}", stored.text().await);
        }
        queue
    }

    fn spawn(folder: &Path, port: u16, log: &Log) -> Child {
        let node = checkout("node_modules/.bin/node");
        let mut process = Command::new(node)
            .arg(checkout("node_modules/wrangler/bin/wrangler.js"))
            .args(["dev", "-c", "backend/wrangler.toml", "-c", "roomcast/wrangler.toml"])
            .args(["--local", "--ip", "127.0.0.1", "--port", &port.to_string()])
            .args(["--inspector-port", "0", "--persist-to", "state"])
            .arg("--show-interactive-dev-session=false")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_HIDE_BANNER", "true")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            // Else it would take the Worker of another test for its own.
            .env("WRANGLER_REGISTRY_PATH", folder.join("registry"))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wrangler, which scripts/setup brings");
        log.follow(process.stdout.take().unwrap());
        log.follow(process.stderr.take().unwrap());
        process
    }

    async fn wait_until_it_serves(&self) {
        let serves = eventually(async || {
            let answer = reqwest::get(self.url("/healthz")).await.ok()?;
            (answer.status() == StatusCode::OK).then_some(())
        });
        assert!(serves.await.is_some(), "{:?} {}", self.folder, self.log.text());
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Sends messages: the body of each, which is a text or JSON.
    async fn send(&self, bodies: &[Value]) {
        let message = |body: &Value| {
            let kind = if body.is_string() { "text" } else { "json" };
            json!({"body": body, "contentType": kind})
        };
        let messages: Vec<_> = bodies.iter().map(message).collect();
        let sent = Client::new().post(self.url("/send")).json(&messages).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::NO_CONTENT, "{:?}", sent.text().await);
    }

    /// Waits until of all messages since the start so many were published and so many given up.
    async fn until(&self, published: u64, dead: u64) -> Vec<Value> {
        let done =
            |lines: &[Value]| (sum(lines, "published"), sum(lines, "dead")) == (published, dead);
        self.log.wait_for_all("queue.read", done).await
    }

    /// The state of a session of a tenant.
    async fn state(&self, tenant: &str, session: &str) -> Value {
        let url = self.url(&format!("/t/{tenant}/api/sessions/{session}/state"));
        let token = token(session).between("roomcast", &format!("roomcast:{tenant}"));
        let get = Client::new().get(url).bearer_auth(token.text());
        get.send().await.unwrap().json().await.unwrap()
    }

    async fn dead(&self, count: usize) -> Vec<Value> {
        let letters = eventually(async || {
            let letters = reqwest::get(self.url("/dead")).await.unwrap();
            let letters: Vec<Value> = letters.json().await.unwrap();
            (letters.len() >= count).then_some(letters)
        });
        letters.await.expect("dead letters in time")
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Wrangler ends its workerd when it is asked to end, and not when it is killed.
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        let asked = asked.is_ok_and(|status| status.success());
        for _ in 0..100 {
            if asked && self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // It may have ended meanwhile.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks until there is an answer. `None` if that takes too long.
async fn eventually<T>(ask: impl AsyncFn() -> Option<T>) -> Option<T> {
    let answered = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(STARTS, answered).await.ok()
}

fn sum(lines: &[Value], name: &str) -> u64 {
    lines.iter().map(|line| line[name].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_published_once_and_bad_ones_become_dead_letters() {
    let mut other = document(&[]);
    other["webhooks"][0]["secret"] = json!("whsec_enp6enp6enp6enp6enp6enp6enp6enp6");
    let queue = Queue::start(&[("demo", document(&[])), ("other", other)]).await;
    let bad = json!({"event_id": "b-1", "event_type": "session.renamed"});
    let good = [
        created("e-1", "s-1"),
        json!(renames("r", "s-1", 3)),
        json!({"tenant": "other", "events": [created("e-1", "s-1")]}),
        json!(created("e-2", "s-1").to_string()),
    ];
    let dead = [bad.clone(), json!("{"), json!({"tenant": "nobody", "events": [bad]})];
    queue.send(&[&good[..], &dead[..]].concat()).await;
    let lines = queue.until(4, 3).await;
    assert_eq!((sum(&lines, "applied"), sum(&lines, "duplicate")), (6, 0));
    assert_eq!(queue.state("demo", "s-1").await["seq"], 5);
    assert_eq!(queue.state("other", "s-1").await["seq"], 1);

    let letters = queue.dead(3).await;
    let mut reasons: Vec<_> =
        letters.iter().map(|letter| letter["problem"]["code"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["malformed", "malformed", "tenant_unknown"]);
    for letter in &letters {
        let body = &letter["body"];
        let is_body =
            |one: &Value| one.as_str() == body.as_str() || body == &json!(one.to_string());
        assert!(dead.iter().any(is_body), "{letter}");
        assert_eq!(letter["queue"], "roomcast-events");
    }

    queue.send(&good).await;
    let lines = queue.until(8, 3).await;
    assert_eq!((sum(&lines, "applied"), sum(&lines, "duplicate")), (6, 6));
    assert_eq!(queue.state("demo", "s-1").await["seq"], 5, "nothing came twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_published_now_is_published_later() {
    let mut slow = document(&[]);
    slow["limits"]["events_per_second"] = json!(1);
    let queue = Queue::start(&[("demo", slow)]).await;
    // One that names its tenant is not published together with one that does not.
    let named = json!({"tenant": "demo", "events": created("e-2", "s-1")});
    queue.send(&[created("e-1", "s-1"), named]).await;
    let lines = queue.until(2, 0).await;
    assert!(sum(&lines, "again") > 0, "{lines:?}");
    assert_eq!((sum(&lines, "applied"), sum(&lines, "duplicate")), (2, 0));
    assert_eq!(queue.state("demo", "s-1").await["seq"], 2);
}
