//! A stream of Redis, read as a consumer of a group. Redis keeps for each consumer what it was handed out and has not acknowledged.
//!
//! Knows nothing of events. Keeps only the connection, and which entries were read last.

mod connection;
mod entries;

use std::time::Duration;

use redis::streams::StreamInfoGroupsReply;
use redis::{cmd, pipe, FromRedisValue, Pipeline, Value};
use roomcast::deployment::failure::Failure;
use tokio::time::Instant;

use super::options::RedisOptions;
use super::source::{reason, Dead, Message, Source, Trouble};
use connection::{trouble, Connection};
use entries::Entry;

/// How long Redis waits for new entries before it answers that there are none.
const WAIT: Duration = Duration::from_secs(1);

/// How often it is looked for entries of consumers that are gone, at most.
const CLAIM_EVERY: Duration = Duration::from_secs(10);

/// What a consumer was handed out and has not acknowledged.
const OWN: &str = "0";

/// What no consumer was handed out yet.
const NEW: &str = ">";

/// A stream, as a consumer sees it.
pub(super) struct Redis {
    connection: Connection,
    stream: String,
    group: String,
    consumer: String,
    from: String,
    claim_after: Duration,
    dead: String,
    /// Whether there may be entries that this consumer was handed out and has not acknowledged.
    owing: bool,
    /// What was read last and is not settled.
    read: Vec<Entry>,
    claimed: Option<Instant>,
}

impl Redis {
    /// The stream that the options name. Nothing is connected yet.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(options: &RedisOptions) -> Result<Self, Failure> {
        let stream = options.stream.clone();
        Ok(Self {
            connection: Connection::new(&options.bus)?,
            group: options.group.clone(),
            consumer: options.consumer.clone(),
            from: options.from.clone(),
            claim_after: options.claim_after,
            dead: options.dead.clone().unwrap_or_else(|| format!("{stream}:dead")),
            stream,
            owing: true,
            read: Vec::new(),
            claimed: None,
        })
    }

    /// Connects if need be. Whatever was under way before has to be asked for again.
    async fn connect(&mut self) -> Result<(), Trouble> {
        if self.connection.is_open() {
            return Ok(());
        }
        (self.owing, self.claimed) = (true, None);
        self.connection.open().await?;
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(&self.stream).arg(&self.group).arg(&self.from).arg("MKSTREAM");
        match self.connection.ask::<Value>(&create).await {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            Err(error) => Err(self.failed(&error)),
            Ok(_) => Ok(()),
        }
    }

    async fn ask<T: FromRedisValue>(&mut self, command: &redis::Cmd) -> Result<T, Trouble> {
        let answer = self.connection.ask(command).await;
        answer.map_err(|error| self.failed(&error))
    }

    /// After any failure the connection is made anew, so that nothing is assumed of what was under way.
    fn failed(&mut self, error: &redis::RedisError) -> Trouble {
        self.connection.close();
        self.read.clear();
        trouble(error)
    }

    async fn entries(&mut self, after: &str, most: usize) -> Result<Vec<Entry>, Trouble> {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.consumer).arg("COUNT").arg(most);
        if after == NEW {
            read.arg("BLOCK").arg(WAIT.as_millis().to_string());
        }
        read.arg("STREAMS").arg(&self.stream).arg(after);
        Ok(entries::read(self.ask(&read).await?))
    }

    /// What this consumer was handed out and has not acknowledged.
    async fn owed(&mut self, most: usize) -> Result<Vec<Entry>, Trouble> {
        let mut there = Vec::new();
        while self.owing && there.is_empty() {
            let owed = self.entries(OWN, most).await?;
            self.owing = !owed.is_empty();
            there = self.forget_deleted(owed).await?;
        }
        Ok(there)
    }

    /// Takes over what consumers that are gone were handed out. It is then owed by this one.
    async fn claim(&mut self, most: usize) -> Result<(), Trouble> {
        let every = CLAIM_EVERY.min(self.claim_after);
        if self.claimed.is_some_and(|when| when.elapsed() < every) {
            return Ok(());
        }
        let mut next = "0-0".to_owned();
        loop {
            let mut claim = cmd("XAUTOCLAIM");
            claim.arg(&self.stream).arg(&self.group).arg(&self.consumer);
            claim.arg(self.claim_after.as_millis().to_string()).arg(&next);
            claim.arg("COUNT").arg(most).arg("JUSTID");
            let (after, ids, _): (String, Vec<String>, Value) = self.ask(&claim).await?;
            self.owing |= !ids.is_empty();
            if self.owing || after == "0-0" {
                break;
            }
            next = after;
        }
        self.claimed = Some(Instant::now());
        Ok(())
    }

    /// Acknowledges entries that were deleted before they were read: of those, nothing but the id is left.
    async fn forget_deleted(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Trouble> {
        let (there, gone): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| !entry.deleted);
        if !gone.is_empty() {
            let mut pipe = pipe();
            self.acknowledge(&mut pipe, &gone);
            self.run(&pipe).await?;
        }
        Ok(there)
    }

    fn acknowledge(&self, pipe: &mut Pipeline, entries: &[Entry]) {
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        pipe.cmd("XACK").arg(&self.stream).arg(&self.group).arg(ids).ignore();
    }

    async fn run(&mut self, pipe: &Pipeline) -> Result<(), Trouble> {
        let ran = self.connection.run(pipe).await;
        ran.map_err(|error| self.failed(&error))
    }
}

impl Source for Redis {
    fn name(&self) -> String {
        "Redis".to_owned()
    }

    async fn next(&mut self, most: usize) -> Result<Vec<Message>, Trouble> {
        self.connect().await?;
        let mut entries = self.owed(most).await?;
        if entries.is_empty() {
            self.claim(most).await?;
            entries = self.owed(most).await?;
        }
        if entries.is_empty() {
            entries = self.entries(NEW, most).await?;
        }
        let messages = entries.iter().map(|entry| entry.message(&self.stream)).collect();
        self.read = entries;
        Ok(messages)
    }

    async fn settle(&mut self, dead: &[Dead]) -> Result<(), Trouble> {
        let mut pipe = pipe();
        pipe.atomic();
        for Dead { index, problem } in dead {
            let Some(entry) = self.read.get(*index) else { continue };
            let message = entry.message(&self.stream);
            let body = serde_json::to_string(&message.own()).unwrap_or_default();
            let problem_text = serde_json::to_string(problem).unwrap_or_default();
            let add = pipe.cmd("XADD").arg(&self.dead).arg("*");
            add.arg("id").arg(&entry.id).arg("reason").arg(reason(problem));
            add.arg("problem").arg(problem_text).arg("body").arg(body).ignore();
        }
        self.acknowledge(&mut pipe, &self.read);
        self.run(&pipe).await?;
        self.read.clear();
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), Trouble> {
        if self.read.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = self.read.iter().map(|entry| entry.id.as_str()).collect();
        let mut claim = cmd("XCLAIM");
        // Claimed by whoever has it, an entry counts as just handed out, so nobody else takes it over.
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer).arg(0).arg(ids).arg("JUSTID");
        self.ask::<Value>(&claim).await.map(|_| ())
    }

    async fn lag(&mut self) -> Result<Option<u64>, Trouble> {
        let mut info = cmd("XINFO");
        info.arg("GROUPS").arg(&self.stream);
        let groups: StreamInfoGroupsReply = self.ask(&info).await?;
        let own = groups.groups.into_iter().find(|group| group.name == self.group);
        let unsettled = own.and_then(|group| Some(group.lag? + group.pending));
        Ok(unsettled.and_then(|count| u64::try_from(count).ok()))
    }
}
