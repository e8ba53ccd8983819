//! One connection to NATS, the consumer on it, and what its errors mean.
//!
//! It is closed after each failure, and opened again by whoever asks next. What a message is, is not known here.

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, stream, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, ServerAddr};
use roomcast::deployment::failure::{root_cause, Failure};
use tokio::time::timeout;

use crate::bridge::options::{BusAddress, NatsOptions};
use crate::bridge::source::Trouble;

/// How long connecting, or an answer, may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A connection that may be closed.
pub(super) struct Connection {
    address: BusAddress,
    stream: String,
    consumer: String,
    ack_wait: Duration,
    /// The subject of messages that can never be published.
    dead: String,
    open: Option<Opened>,
}

/// What is there while it is open.
pub(super) struct Opened {
    client: Client,
    context: Context,
    pub(super) consumer: PullConsumer,
}

impl Connection {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(options: &NatsOptions) -> Result<Self, Failure> {
        let must = "--bus must be an address such as nats://127.0.0.1:4222";
        let address = options.bus.clone();
        address.expose().parse::<ServerAddr>().map_err(|_| Failure::Input(must.to_owned()))?;
        Ok(Self {
            address,
            stream: options.stream.clone(),
            consumer: options.consumer.clone(),
            ack_wait: options.ack_wait,
            dead: format!("roomcast.dead.{}", options.stream),
            open: None,
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn close(&mut self) {
        self.open = None;
    }

    pub(super) fn opened(&self) -> Result<&Opened, Trouble> {
        self.open.as_ref().ok_or_else(|| Trouble::Passes("the connection is closed".to_owned()))
    }

    /// Opens it. If others were delivered messages that they have not acknowledged: for how long those may keep them.
    pub(super) async fn open(&mut self) -> Result<Option<Duration>, Trouble> {
        let client = self.connect().await?;
        let context = jetstream::new(client.clone());
        let stream =
            context.get_stream(&self.stream).await.map_err(|error| match error.kind() {
                GetStreamErrorKind::JetStream(why) if why.code() == 404 => {
                    ends(&format!("there is no stream {}", self.stream))
                }
                _ => passes(&error),
            })?;
        let config = Config {
            durable_name: Some(self.consumer.clone()),
            ack_wait: self.ack_wait,
            ..Config::default()
        };
        let consumer = stream.get_or_create_consumer(&self.consumer, config).await;
        let consumer: PullConsumer = consumer.map_err(|error| passes(&error))?;
        let info = consumer.cached_info();
        let owed_for = (info.num_ack_pending > 0).then_some(info.config.ack_wait);
        self.open = Some(Opened { client, context, consumer });
        Ok(owed_for)
    }

    async fn connect(&self) -> Result<Client, Trouble> {
        let options =
            ConnectOptions::new().name("roomcast bridge").connection_timeout(ANSWER_WITHIN);
        let connected = options.connect(self.address.expose()).await;
        connected.map_err(|error| match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                ends(&root_cause(&error))
            }
            _ => passes(&error),
        })
    }

    /// Waits until NATS has everything that it was told.
    pub(super) async fn flush(&self) -> Result<(), Trouble> {
        let flushed = timeout(ANSWER_WITHIN, self.opened()?.client.flush()).await;
        let late = |_| Trouble::Passes("it did not answer in time".to_owned());
        flushed.map_err(late)?.map_err(|error| passes(&error))
    }

    /// Stores a message that can never be published, in a stream that is made for such.
    pub(super) async fn put_aside(&self, letter: String) -> Result<(), Trouble> {
        let context = &self.opened()?.context;
        let config = stream::Config {
            name: format!("{}_dead", self.stream),
            subjects: vec![self.dead.clone()],
            ..stream::Config::default()
        };
        context.get_or_create_stream(config).await.map_err(|error| passes(&error))?;
        let stored = context.publish(self.dead.clone(), letter.into()).await;
        stored.map_err(|error| passes(&error))?.await.map_err(|error| passes(&error))?;
        Ok(())
    }

    /// How many messages are not acknowledged yet.
    pub(super) async fn lag(&self) -> Result<u64, Trouble> {
        let info = self.opened()?.consumer.get_info().await;
        let info = info.map_err(|error| passes(&error))?;
        Ok(info.num_pending + info.num_ack_pending as u64)
    }
}

/// An error that passes by itself.
pub(super) fn passes(error: &(dyn Error + 'static)) -> Trouble {
    Trouble::Passes(root_cause(error))
}

fn ends(why: &str) -> Trouble {
    Trouble::Ends(Failure::Refused(format!("NATS refuses: {why}")))
}
