//! One connection to Redis, and what its errors mean.
//!
//! It is closed after each failure, and opened again by whoever asks next. Which commands there are is not known here.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError,
    ServerErrorKind,
};
use roomcast::deployment::failure::Failure;

use crate::bridge::options::BusAddress;
use crate::bridge::source::Trouble;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long an answer may take. It is longer than Redis waits for new entries.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// A connection that may be closed.
pub(super) struct Connection {
    client: Client,
    open: Option<MultiplexedConnection>,
}

impl Connection {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(address: &BusAddress) -> Result<Self, Failure> {
        let client = Client::open(address.expose()).map_err(|_| {
            Failure::Input("--bus must be an address such as redis://127.0.0.1:6379".to_owned())
        })?;
        Ok(Self { client, open: None })
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn close(&mut self) {
        self.open = None;
    }

    pub(super) async fn open(&mut self) -> Result<(), Trouble> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let opened = self.client.get_multiplexed_async_connection_with_config(&config).await;
        self.open = Some(opened.map_err(|error| trouble(&error))?);
        Ok(())
    }

    pub(super) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, RedisError> {
        command.query_async(self.opened()?).await
    }

    pub(super) async fn run(&mut self, pipe: &Pipeline) -> Result<(), RedisError> {
        pipe.exec_async(self.opened()?).await
    }

    fn opened(&mut self) -> Result<&mut MultiplexedConnection, RedisError> {
        self.open.as_mut().ok_or_else(|| (ErrorKind::Io, "the connection is closed").into())
    }
}

/// What an error means: whether it passes by itself.
pub(super) fn trouble(error: &RedisError) -> Trouble {
    let lasting = match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => true,
        ErrorKind::Server(kind) => kind == ServerErrorKind::NoPerm,
        _ => matches!(error.code(), Some("WRONGTYPE" | "NOAUTH" | "WRONGPASS")),
    };
    if lasting {
        Trouble::Ends(Failure::Refused(format!("Redis refuses: {error}")))
    } else {
        Trouble::Passes(error.to_string())
    }
}
