//! One connection to Postgres, its notifications, and what its errors mean.
//!
//! It is closed after each failure, which ends its transaction, and opened again by whoever asks next.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use roomcast::deployment::failure::{root_cause, Failure};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::bridge::options::BusAddress;
use crate::bridge::source::Trouble;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// After so much silence the system asks whether the database is still there; after three questions without an answer it is not.
const SILENCE: Duration = Duration::from_secs(10);

/// A transaction is open for as long as the server does not answer, which may be long.
const SET_UP: &str = "SET idle_in_transaction_session_timeout = 0";

/// Classes of errors that somebody has to mend: the password, the database, the table, its columns, what may be done with them.
const LASTING: [&str; 3] = ["28", "3D", "42"];

/// A connection that may be closed.
pub(super) struct Connection {
    config: Config,
    open: Option<Client>,
    notify: Arc<Notify>,
}

impl Connection {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(address: &BusAddress) -> Result<Self, Failure> {
        let text = address.expose();
        let mut config: Config = text.parse().map_err(|_| {
            let must = "--bus must be an address such as postgres://user@127.0.0.1/database";
            Failure::Input(must.to_owned())
        })?;
        // Within a machine nobody listens, and Debian's Postgres has a certificate there that nobody can check.
        if !text.contains("sslmode") && config.get_hosts().iter().all(local) {
            config.ssl_mode(SslMode::Disable);
        }
        config.connect_timeout(CONNECT_WITHIN).application_name("roomcast bridge");
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE).keepalives_retries(3);
        Ok(Self { config, open: None, notify: Arc::new(Notify::new()) })
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|client| !client.is_closed())
    }

    pub(super) fn close(&mut self) {
        self.open = None;
    }

    pub(super) fn client(&self) -> Result<&Client, Trouble> {
        self.open.as_ref().ok_or_else(|| Trouble::Passes("the connection is closed".to_owned()))
    }

    pub(super) async fn open(&mut self, listen: &str) -> Result<(), Trouble> {
        self.open = None;
        let client = self.connect().await?;
        let set_up = format!("{SET_UP}; {listen}");
        client.batch_execute(&set_up).await.map_err(|error| trouble(&error))?;
        self.open = Some(client);
        Ok(())
    }

    async fn connect(&self) -> Result<Client, Trouble> {
        let passes = |error: Error| trouble(&error);
        if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await.map_err(passes)?;
            tokio::spawn(attend(connection, self.notify.clone()));
            return Ok(client);
        }
        let (tls, _) = MakeRustlsConnect::with_native_certs().map_err(|_| {
            let what = "the system has no certificates to check that of Postgres with";
            Trouble::Ends(Failure::Machine(what.to_owned()))
        })?;
        let (client, connection) = self.config.connect(tls).await.map_err(passes)?;
        tokio::spawn(attend(connection, self.notify.clone()));
        Ok(client)
    }

    /// Whether there was a notification since the last time, or is one within this time.
    pub(super) async fn notified_within(&self, time: Duration) -> bool {
        timeout(time, self.notify.notified()).await.is_ok()
    }
}

fn local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
    }
}

/// Moves what comes and goes over the connection until it ends.
async fn attend<S, T>(mut connection: tokio_postgres::Connection<S, T>, notify: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if matches!(message, AsyncMessage::Notification(_)) {
            notify.notify_one();
        }
    }
}

/// What an error means: whether it passes by itself.
pub(super) fn trouble(error: &Error) -> Trouble {
    let code = error.code().map(|code| code.code().to_owned()).unwrap_or_default();
    if LASTING.iter().any(|class| code.starts_with(class)) {
        let said = root_cause(error);
        return Trouble::Ends(Failure::Refused(format!("Postgres refuses: {said} ({code})")));
    }
    Trouble::Passes(root_cause(error))
}
