//! Redis: the scenes, and what its groups are for.

use std::sync::Mutex;

use redis::aio::MultiplexedConnection;
use redis::{cmd, Client, RedisError};
use serde_json::{json, Value};
use tempfile::TempDir;

use super::bus::{texts, until, Bus, Process};
use super::scenes::{
    a_limit_slows_it_and_loses_nothing, bad_messages_hold_up_nobody, bridge, carry,
    kills_lose_nothing, stop, Victim,
};
use crate::support::events::renames;
use crate::support::program::{roomcast, run, start};
use crate::support::server::{free_port, Server};

const STREAM: &str = "events";

struct Redis {
    folder: TempDir,
    port: u16,
    process: Mutex<Process>,
}

impl Redis {
    fn spawn(folder: &TempDir, port: u16) -> Process {
        let port = port.to_string();
        let arguments =
            ["--port", &port, "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""];
        Process::start("redis-server", folder.path(), &arguments)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        Client::open(self.url())?.get_multiplexed_async_connection().await
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> Result<T, RedisError> {
        let mut asked = cmd(command[0]);
        asked.arg(&command[1..]);
        asked.query_async(&mut self.connection().await?).await
    }
}

impl Bus for Redis {
    async fn start() -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let process = Mutex::new(Self::spawn(&folder, port));
        let redis = Self { folder, port, process };
        until(async || redis.ask::<String>(&["PING"]).await).await;
        redis
    }

    fn arguments(&self) -> Vec<String> {
        ["redis", STREAM, "--bus", &self.url()].map(str::to_owned).to_vec()
    }

    async fn add(&self, texts: &[String]) {
        let mut all = redis::pipe();
        all.atomic();
        for text in texts {
            all.cmd("XADD").arg(STREAM).arg("*").arg("data").arg(text).ignore();
        }
        until(async || all.exec_async(&mut self.connection().await?).await).await;
    }

    async fn kill_9(&self) {
        {
            let mut process = self.process.lock().unwrap();
            process.kill_9();
            *process = Self::spawn(&self.folder, self.port);
        }
        until(async || self.ask::<String>(&["PING"]).await).await;
    }

    async fn dead(&self) -> Vec<(String, String)> {
        let dead = redis::streams::StreamRangeReply::default();
        let read = self.ask(&["XRANGE", "events:dead", "-", "+"]).await.unwrap_or(dead);
        let letter = |entry: &redis::streams::StreamId| {
            let body: String = entry.get("body").unwrap();
            let body: Value = serde_json::from_str(&body).unwrap();
            (body["data"].as_str().unwrap().to_owned(), entry.get("reason").unwrap())
        };
        read.ids.iter().map(letter).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_message_in_a_stream_of_redis_holds_up_nobody() {
    bad_messages_hold_up_nobody::<Redis>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_of_bridge_redis_and_server_lose_nothing() {
    let victims = [Victim::Bridge, Victim::Bus, Victim::Bridge, Victim::Server].repeat(5);
    Box::pin(kills_lose_nothing::<Redis>(&victims, 60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_slows_a_bridge_from_redis_and_loses_nothing() {
    a_limit_slows_it_and_loses_nothing::<Redis>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_consumer_has_left_behind_is_taken_over() {
    let (server, redis) = (Server::start().await, Redis::start().await);
    redis.add(&texts(&renames("e", "s-1", 5))).await;
    let _: () = redis.ask(&["XGROUP", "CREATE", STREAM, "roomcast", "0"]).await.unwrap();
    let read = ["XREADGROUP", "GROUP", "roomcast", "gone", "COUNT", "3", "STREAMS", STREAM, ">"];
    let _: redis::Value = redis.ask(&read).await.unwrap();
    let early = carry(&server, &redis, &["--claim-after", "1h"]).await;
    assert!(
        early.stderr.contains("read 2: 2 accepted") && early.stderr.contains("lag 3"),
        "{early:?}"
    );
    let late = carry(&server, &redis, &["--claim-after", "1ms"]).await;
    assert!(
        late.stderr.contains("read 3: 3 accepted") && late.stderr.contains("lag 0"),
        "{late:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_were_deleted_before_they_were_posted_hold_up_nobody() {
    let (server, redis) = (Server::start().await, Redis::start().await);
    redis.add(&texts(&renames("e", "s-1", 3))).await;
    let _: () = redis.ask(&["XGROUP", "CREATE", STREAM, "roomcast", "0"]).await.unwrap();
    let read = ["XREADGROUP", "GROUP", "roomcast", "bridge", "COUNT", "2", "STREAMS", STREAM, ">"];
    let _: redis::Value = redis.ask(&read).await.unwrap();
    let _: u64 = redis.ask(&["XTRIM", STREAM, "MAXLEN", "1"]).await.unwrap();
    let carried = carry(&server, &redis, &[]).await;
    assert!(carried.stderr.contains("read 1: 1 accepted"), "{carried:?}");
    let pending: Vec<redis::Value> = redis.ask(&["XPENDING", STREAM, "roomcast"]).await.unwrap();
    assert_eq!(pending[0], redis::Value::Int(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_bullmq_become_updates_by_the_map_in_the_examples() {
    let presets = include_str!("../../../examples/bridge/jobs.json");
    let server = Server::start_with(|setup| setup.presets(presets)).await;
    let redis = Redis::start().await;
    for entry in [
        &["event", "added", "jobId", "7", "name", "mail"][..],
        &["event", "active", "jobId", "7", "prev", "waiting"],
        &["event", "progress", "jobId", "7", "data", "50"],
        &["event", "completed", "jobId", "7", "returnvalue", r#"{"sent":true}"#, "prev", "active"],
        &["event", "failed", "jobId", "8", "failedReason", "no such address", "prev", "active"],
        &["event", "drained"],
    ] {
        let _: String = redis.ask(&[&["XADD", STREAM, "*"], entry].concat()).await.unwrap();
    }
    let carried = carry(&server, &redis, &["--map", "../examples/bridge/bullmq.json"]).await;
    assert!(
        carried.stderr.contains("read 6: 4 accepted, 0 duplicate, 0 ignored, 2 skipped, 0 dead"),
        "{carried:?}"
    );
    let mut client = server.client("all").open().await;
    client.updates_until(4).await;
    let data: Vec<_> = client.seen.state.iter().map(|update| update["data"].clone()).collect();
    let done = json!({"id": "7", "status": "completed", "result": {"sent": true}});
    let failed = json!({"id": "8", "status": "failed", "error": "no such address"});
    assert_eq!(data, [done, failed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counts_of_a_bridge_are_metrics() {
    let (server, redis) = (Server::start().await, Redis::start().await);
    let address = format!("127.0.0.1:{}", free_port());
    let carrier = start(&mut bridge(&server, &redis, &["--metrics", &address]));
    redis.add(&texts(&renames("e", "s-1", 3))).await;
    let url = format!("http://{address}/metrics");
    let accepted = "roomcast_bridge_messages_total{outcome=\"accepted\"} 3\n";
    let counted = until(async || {
        let text = reqwest::get(&url).await.map_err(|error| error.to_string())?;
        let text = text.text().await.map_err(|error| error.to_string())?;
        let done = text.contains(accepted) && text.contains("\nroomcast_bridge_lag 0\n");
        done.then_some(()).ok_or(text)
    });
    counted.await;
    let stopped = stop(carrier).await;
    assert!(stopped.code == 0 && stopped.stderr.contains("read 3: 3 accepted"), "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_set_up_ends_the_bridge_and_leaves_everything_on_the_bus() {
    let (server, redis) = (Server::start().await, Redis::start().await);
    redis.add(&texts(&renames("e", "s-1", 3))).await;
    let other_secret = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
    let refused =
        run(bridge(&server, &redis, &["--until-empty"]).env("DEMO_WEBHOOK_SECRET", other_secret))
            .await;
    assert!(refused.code == 1 && refused.stderr.contains("401 signature_invalid"), "{refused:?}");
    assert!(redis.dead().await.is_empty());
    let _: () = redis.ask(&["CONFIG", "SET", "requirepass", "hunter2"]).await.unwrap();
    let locked_out = run(&mut bridge(&server, &redis, &["--until-empty"])).await;
    assert!(locked_out.code == 1 && locked_out.stderr.contains("Redis refuses"), "{locked_out:?}");
    let url = redis.url().replace("redis://", "redis://:hunter2@");
    let arguments = ["bridge", "redis", STREAM, "--bus", &url, "--until-empty"];
    let carried = run(&mut roomcast(&server.url(""), &arguments)).await;
    assert!(carried.code == 0 && carried.stderr.contains("read 3: 3 accepted"), "{carried:?}");
    let map = ["--map", "../examples/bridge/jobs.json"];
    let wrong = run(&mut bridge(&server, &redis, &map)).await;
    assert!(
        wrong.code == 2 && wrong.stderr.contains("jobs.json: name: unknown field"),
        "{wrong:?}"
    );
}
