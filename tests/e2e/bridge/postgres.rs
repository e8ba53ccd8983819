//! Postgres: the scenes, and what an outbox is for. The table is that of the examples.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;
use tokio_postgres::{Client, Error, NoTls};

use super::bus::{texts, until, Bus, Process};
use super::scenes::{
    a_limit_slows_it_and_loses_nothing, bad_messages_hold_up_nobody, bridge, carry,
    kills_lose_nothing, stop, Victim,
};
use crate::support::events::renames;
use crate::support::program::{roomcast, run, start};
use crate::support::server::{free_port, Server};

const OUTBOX: &str = include_str!("../../../examples/bridge/outbox.sql");

struct Postgres {
    folder: TempDir,
    port: u16,
    process: Mutex<Process>,
}

/// A program of Postgres. Debian keeps them out of the PATH.
fn program(name: &str) -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().map_or_else(|| name.to_owned(), |path| path.display().to_string())
}

/// What starts a program as somebody else: Postgres refuses to be run by root.
fn unprivileged() -> Vec<String> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let words = "setpriv --reuid=postgres --regid=postgres --clear-groups --";
    if root {
        words.split(' ').map(str::to_owned).collect()
    } else {
        Vec::new()
    }
}

fn run_as_unprivileged(folder: &TempDir, command: &[&str]) -> Process {
    let mut words = unprivileged();
    words.extend(command.iter().map(|word| (*word).to_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Process::start(words[0], folder.path(), &words[1..])
}

impl Postgres {
    fn spawn(folder: &TempDir, port: u16) -> Process {
        let (port, postgres) = (port.to_string(), program("postgres"));
        let sockets = folder.path().display().to_string();
        let arguments =
            [postgres.as_str(), "-D", "data", "-p", &port, "-h", "127.0.0.1", "-k", &sockets];
        run_as_unprivileged(folder, &arguments)
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    async fn client(&self) -> Result<Client, Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn run(&self, statements: &str) -> Result<(), Error> {
        self.client().await?.batch_execute(statements).await
    }

    /// Starts the server, which may find that what it had started before it was killed has not ended yet.
    async fn answers(&self) {
        until(async || {
            let answer = self.run("SELECT 1").await;
            let mut process = self.process.lock().unwrap();
            if answer.is_err() && process.ended() {
                *process = Self::spawn(&self.folder, self.port);
            }
            answer
        })
        .await;
    }
}

impl Bus for Postgres {
    async fn start() -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        if !unprivileged().is_empty() {
            let owned = Command::new("chown").arg("postgres").arg(folder.path()).status();
            assert!(owned.expect("chown").success());
        }
        let init = [&program("initdb"), "-D", "data", "-A", "trust", "-U", "postgres", "--no-sync"];
        run_as_unprivileged(&folder, &init).succeeds();
        let process = Mutex::new(Self::spawn(&folder, port));
        let postgres = Self { folder, port, process };
        postgres.answers().await;
        postgres.run(OUTBOX).await.unwrap();
        // The scenes put texts on a bus.
        postgres.run("CREATE TABLE texts (LIKE outbox INCLUDING ALL)").await.unwrap();
        postgres.run("ALTER TABLE texts ADD data text").await.unwrap();
        for column in ["event_type", "aggregate_type", "aggregate_id"] {
            let nullable = format!("ALTER TABLE texts ALTER {column} DROP NOT NULL");
            postgres.run(&nullable).await.unwrap();
        }
        postgres
    }

    fn arguments(&self) -> Vec<String> {
        ["postgres", "texts", "--bus", &self.url()].map(str::to_owned).to_vec()
    }

    async fn add(&self, texts: &[String]) {
        let add = "INSERT INTO texts (data) SELECT unnest($1::text[])";
        until(async || self.client().await?.execute(add, &[&texts]).await).await;
        until(async || self.run("NOTIFY texts").await).await;
    }

    async fn kill_9(&self) {
        self.process.lock().unwrap().kill_9();
        self.answers().await;
    }

    async fn dead(&self) -> Vec<(String, String)> {
        let dead = "SELECT data, dead_reason FROM texts WHERE dead_reason IS NOT NULL ORDER BY id";
        let rows = self.client().await.unwrap().query(dead, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_of_an_outbox_holds_up_nobody() {
    bad_messages_hold_up_nobody::<Postgres>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_bridge_postgres_and_server_lose_nothing() {
    let victims = [Victim::Bridge, Victim::Bus, Victim::Bridge, Victim::Server].repeat(2);
    Box::pin(kills_lose_nothing::<Postgres>(&victims, 60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_slows_a_bridge_from_postgres_and_loses_nothing() {
    a_limit_slows_it_and_loses_nothing::<Postgres>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_the_outbox_in_the_examples_is_an_event_and_wakes_the_bridge() {
    let (server, postgres) = (Server::start().await, Postgres::start().await);
    let url = postgres.url();
    let carrier =
        start(&mut roomcast(&server.url(""), &["bridge", "postgres", "outbox", "--bus", &url]));
    let mut client = server.client("s-1").open().await;
    for title in ["One", "Two"] {
        let insert =
            "INSERT INTO outbox (event_type, aggregate_type, aggregate_id, payload) VALUES";
        let row =
            format!("{insert} ('session.renamed', 'Session', 's-1', '{{\"title\": \"{title}\"}}')");
        postgres.run(&row).await.unwrap();
        let seq = client.seen.seq() + 1;
        client.updates_until(seq).await;
        assert_eq!(client.seen.updates.last().unwrap()["data"]["title"], title);
    }
    let stopped = stop(carrier).await;
    assert!(stopped.code == 0 && stopped.stderr.contains("read 2: 2 accepted"), "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_may_be_kept_and_bridges_may_share_them() {
    let (server, postgres) = (Server::start().await, Postgres::start().await);
    postgres.add(&texts(&renames("e", "s-1", 300))).await;
    let both = || bridge(&server, &postgres, &["--keep", "--until-empty", "--batch", "10"]);
    let (mut one, mut other) = (both(), both());
    let (one, other) = tokio::join!(run(&mut one), run(&mut other));
    for ran in [&one, &other] {
        assert!(ran.code == 0 && ran.stderr.contains(" 0 duplicate"), "{ran:?}");
    }
    let client = postgres.client().await.unwrap();
    let count = "SELECT count(*) FROM texts WHERE published_at IS NOT NULL";
    let published: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(published, 300);
    assert!(carry(&server, &postgres, &["--keep"]).await.stderr.contains("read 0: "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_not_there_ends_the_bridge() {
    let (server, postgres) = (Server::start().await, Postgres::start().await);
    let url = postgres.url();
    let missing = ["bridge", "postgres", "nowhere", "--bus", &url];
    let ran = run(&mut roomcast(&server.url(""), &missing)).await;
    assert!(
        ran.code == 1 && ran.stderr.contains(r#"relation "nowhere" does not exist"#),
        "{ran:?}"
    );
}
