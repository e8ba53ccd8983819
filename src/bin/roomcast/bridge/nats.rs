//! A stream of NATS `JetStream`, read through a durable consumer. NATS keeps what it has delivered until it is acknowledged, and delivers it again
//! when that takes too long.
//!
//! Knows nothing of events. Keeps only the connection, and which messages were read last.

mod connection;

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::Message as Delivered;
use async_nats::jetstream::AckKind;
use futures_util::StreamExt as _;
use roomcast::deployment::failure::Failure;
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Map, Value};
use tokio::time::{sleep_until, timeout, Instant};

use super::options::NatsOptions;
use super::source::{id, reason, text, Dead, Message, Source, Trouble};
use connection::{passes, Connection, Opened};

/// How long NATS waits for a new message before it says that there is none.
const WAIT: Duration = Duration::from_secs(1);

/// How long a pull may take. Beyond it, NATS was lost in between: the library connects again by itself, and then waits for an answer to a
/// question that nobody has heard.
const PULL_WITHIN: Duration = Duration::from_secs(5);

/// A stream, as a consumer sees it.
pub(super) struct Nats {
    connection: Connection,
    stream: String,
    /// What was read last and is not settled.
    read: Vec<Delivered>,
    /// Until then, what another process has read and not acknowledged may still be delivered again.
    owed_until: Option<Instant>,
}

impl Nats {
    /// The stream that the options name. Nothing is connected yet.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(options: &NatsOptions) -> Result<Self, Failure> {
        let (stream, connection) = (options.stream.clone(), Connection::new(options)?);
        Ok(Self { connection, stream, read: Vec::new(), owed_until: None })
    }

    /// Connects if need be. What is owed comes first: NATS delivers nothing again before its time, but would deliver what is newer.
    async fn opened(&mut self) -> Result<&Opened, Trouble> {
        if !self.connection.is_open() {
            let owed_for = self.connection.open().await?;
            self.owed_until = owed_for.map(|time| Instant::now() + time);
        }
        if let Some(until) = self.owed_until.take() {
            sleep_until(until).await;
        }
        self.connection.opened()
    }

    /// After any failure the connection is made anew, so that nothing is assumed of what was under way.
    fn done<T>(&mut self, answer: Result<T, Trouble>) -> Result<T, Trouble> {
        if answer.is_err() {
            self.connection.close();
            self.read.clear();
        }
        answer
    }

    async fn pull(&mut self, most: usize) -> Result<Vec<Delivered>, Trouble> {
        let consumer = &self.opened().await?.consumer;
        let late = |_| Trouble::Passes("it did not answer in time".to_owned());
        timeout(PULL_WITHIN, pull(consumer, most)).await.map_err(late)?
    }

    fn message(&self, delivered: &Delivered) -> Result<Message, Trouble> {
        let info = delivered.info().map_err(|error| Trouble::Passes(error.to_string()))?;
        let ms =
            u64::try_from(info.published.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let fields = Map::from_iter([("data".to_owned(), text(&delivered.payload))]);
        let id = id(&self.stream, info.stream_sequence);
        let mut message = Message::new(id, Some(Timestamp(ms).rfc3339()), fields);
        for (name, value) in [
            ("@stream", json!(self.stream)),
            ("@subject", json!(delivered.subject.as_str())),
            ("@headers", headers(delivered)),
        ] {
            message.fields.insert(name.to_owned(), value);
        }
        Ok(message)
    }

    async fn acknowledge(&self, dead: &[Dead]) -> Result<(), Trouble> {
        for (index, delivered) in self.read.iter().enumerate() {
            let kind = match dead.iter().find(|dead| dead.index == index) {
                Some(dead) => {
                    self.put_aside(delivered, dead).await?;
                    AckKind::Term
                }
                None => AckKind::Ack,
            };
            delivered.ack_with(kind).await.map_err(|error| Trouble::Passes(error.to_string()))?;
        }
        self.connection.flush().await
    }

    async fn put_aside(&self, delivered: &Delivered, dead: &Dead) -> Result<(), Trouble> {
        let message = self.message(delivered)?;
        let letter = json!({
            "id": message.id, "reason": reason(&dead.problem), "problem": dead.problem,
            "subject": delivered.subject.as_str(), "body": message.own(),
        });
        self.connection.put_aside(letter.to_string()).await
    }

    async fn progress(&self) -> Result<(), Trouble> {
        for delivered in &self.read {
            let told = delivered.ack_with(AckKind::Progress).await;
            told.map_err(|error| Trouble::Passes(error.to_string()))?;
        }
        Ok(())
    }
}

async fn pull(consumer: &PullConsumer, most: usize) -> Result<Vec<Delivered>, Trouble> {
    // What is there is read at once. Only if there is nothing, it is waited for a single message.
    let there = consumer.fetch().max_messages(most).messages().await;
    let read = collect(there.map_err(|error| passes(&error))?).await?;
    if !read.is_empty() {
        return Ok(read);
    }
    let next = consumer.batch().max_messages(1).expires(WAIT).messages().await;
    collect(next.map_err(|error| passes(&error))?).await
}

async fn collect(
    batch: async_nats::jetstream::consumer::pull::Batch,
) -> Result<Vec<Delivered>, Trouble> {
    let mut batch = std::pin::pin!(batch);
    let mut read = Vec::new();
    while let Some(delivered) = batch.next().await {
        read.push(delivered.map_err(|error| Trouble::Passes(error.to_string()))?);
    }
    Ok(read)
}

/// The first value of each header.
fn headers(delivered: &Delivered) -> Value {
    let headers = delivered.headers.iter().flat_map(|headers| headers.iter());
    let first = |(name, values): (&async_nats::HeaderName, &Vec<async_nats::HeaderValue>)| {
        let name: &str = name.as_ref();
        Some((name.to_owned(), json!(values.first()?.as_str())))
    };
    headers.filter_map(first).collect::<Map<_, _>>().into()
}

impl Source for Nats {
    fn name(&self) -> String {
        "NATS".to_owned()
    }

    async fn next(&mut self, most: usize) -> Result<Vec<Message>, Trouble> {
        let read = self.pull(most).await;
        self.read = self.done(read)?;
        let messages = self.read.iter().map(|delivered| self.message(delivered)).collect();
        self.done(messages)
    }

    async fn settle(&mut self, dead: &[Dead]) -> Result<(), Trouble> {
        let settled = self.acknowledge(dead).await;
        self.done(settled)?;
        self.read.clear();
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), Trouble> {
        let told = self.progress().await;
        self.done(told)
    }

    async fn lag(&mut self) -> Result<Option<u64>, Trouble> {
        let lag = self.connection.lag().await;
        self.done(lag).map(Some)
    }
}
