//! NATS: the scenes, and what a stream of `JetStream` is for.

use std::sync::Mutex;

use async_nats::jetstream::{self, stream, Context};
use async_nats::HeaderMap;
use serde_json::{json, Value};
use tempfile::TempDir;

use super::bus::{until, Bus, Process};
use super::scenes::{
    a_limit_slows_it_and_loses_nothing, bad_messages_hold_up_nobody, carry, kills_lose_nothing,
    Victim,
};
use crate::support::program::{roomcast, run};
use crate::support::server::{free_port, Server};

struct Nats {
    folder: TempDir,
    port: u16,
    process: Mutex<Process>,
}

impl Nats {
    fn spawn(folder: &TempDir, port: u16) -> Process {
        let (port, storage) = (port.to_string(), folder.path().join("storage"));
        let arguments =
            ["-a", "127.0.0.1", "-p", &port, "-js", "-sd", &storage.display().to_string()];
        Process::start("nats-server", folder.path(), &arguments)
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    async fn context(&self) -> Result<Context, async_nats::Error> {
        Ok(jetstream::new(async_nats::connect(self.url()).await?))
    }

    /// The messages of a stream.
    async fn messages(&self, stream: &str) -> Result<Vec<String>, async_nats::Error> {
        let stream = self.context().await?.get_stream(stream).await?;
        let last = stream.cached_info().state.last_sequence;
        let mut texts = Vec::new();
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await?;
            texts.push(String::from_utf8(message.payload.to_vec())?);
        }
        Ok(texts)
    }
}

impl Bus for Nats {
    async fn start() -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let process = Mutex::new(Self::spawn(&folder, port));
        let nats = Self { folder, port, process };
        until(async || {
            let config = stream::Config {
                name: "EVENTS".to_owned(),
                subjects: vec!["events.>".to_owned()],
                ..stream::Config::default()
            };
            nats.context().await?.create_stream(config).await.map_err(async_nats::Error::from)
        })
        .await;
        nats
    }

    fn arguments(&self) -> Vec<String> {
        // A short wait, so that a killed bridge is soon followed by another.
        let arguments = ["nats", "EVENTS", "--bus", &self.url(), "--ack-wait", "1s"];
        arguments.map(str::to_owned).to_vec()
    }

    async fn add(&self, texts: &[String]) {
        let context = until(async || self.context().await).await;
        for text in texts {
            until(async || {
                let stored = context.publish("events.s-1", text.clone().into()).await?;
                stored.await.map_err(async_nats::Error::from)
            })
            .await;
        }
    }

    async fn kill_9(&self) {
        {
            let mut process = self.process.lock().unwrap();
            process.kill_9();
            *process = Self::spawn(&self.folder, self.port);
        }
        until(async || {
            self.context().await?.get_stream("EVENTS").await.map_err(async_nats::Error::from)
        })
        .await;
    }

    async fn dead(&self) -> Vec<(String, String)> {
        // There is no such stream before something is put aside.
        let letters = self.messages("EVENTS_dead").await.unwrap_or_default();
        let letter = |text: &String| {
            let letter: Value = serde_json::from_str(text).unwrap();
            let part = |value: &Value| value.as_str().unwrap().to_owned();
            (part(&letter["body"]["data"]), part(&letter["reason"]))
        };
        letters.iter().map(letter).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_message_in_a_stream_of_nats_holds_up_nobody() {
    bad_messages_hold_up_nobody::<Nats>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_bridge_nats_and_server_lose_nothing() {
    let victims = [Victim::Bridge, Victim::Bus, Victim::Bridge, Victim::Server].repeat(2);
    Box::pin(kills_lose_nothing::<Nats>(&victims, 60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_slows_a_bridge_from_nats_and_loses_nothing() {
    a_limit_slows_it_and_loses_nothing::<Nats>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_may_use_the_subject_and_the_headers() {
    let (server, nats) = (Server::start().await, Nats::start().await);
    let context = nats.context().await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("title", "From a header");
    let stored = context.publish_with_headers("events.s-1", headers, "{}".into()).await.unwrap();
    stored.await.unwrap();
    let map = json!({"event_type": {"value": "session.renamed"}, "session": {"value": "s-1"},
        "only": [{"at": "/@subject", "is": ["events.s-1"]}], "payload": {"title": "/@headers/title"}});
    let file = nats.folder.path().join("map.json");
    std::fs::write(&file, map.to_string()).unwrap();
    let carried = carry(&server, &nats, &["--map", &file.display().to_string()]).await;
    assert!(carried.stderr.contains("read 1: 1 accepted"), "{carried:?}");
    let mut client = server.client("s-1").open().await;
    client.updates_until(1).await;
    assert_eq!(client.seen.state[0]["data"]["title"], "From a header");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_there_ends_the_bridge() {
    let (server, nats) = (Server::start().await, Nats::start().await);
    let url = nats.url();
    let ran =
        run(&mut roomcast(&server.url(""), &["bridge", "nats", "NOWHERE", "--bus", &url])).await;
    assert!(ran.code == 1 && ran.stderr.contains("there is no stream NOWHERE"), "{ran:?}");
}
