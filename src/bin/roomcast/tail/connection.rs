//! One connection to a session, from the upgrade to its end: frames in, pings and acks out.
//!
//! It does not decide what a frame means (`viewer` does) or whether to connect again (`ending` does).

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Url;
use roomcast::deployment::failure::{root_cause, Failure};
use roomcast::deployment::upgrade::upgrade;
use roomcast::protocol::ids::Seq;
use roomcast::protocol::server_frame::PING;
use tokio::net::TcpStream;
use tokio::time::{interval_at, sleep_until, timeout, Instant, Interval};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{connect_async_with_config, MaybeTlsStream, WebSocketStream};

use super::ending::Ending;
use super::printer::{self, Printer, Wanted};
use super::viewer::{Reaction, Viewer};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_WITHIN: Duration = Duration::from_secs(10);
/// Received bytes after which a ping is sent, to show the room that they were read.
const PING_AFTER_BYTES: usize = 1024 * 1024;
/// How long after an update the room is told that it was shown. Further updates until then share the ack.
const ACK_AFTER: Duration = Duration::from_secs(1);
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects, and shows updates until the connection ends.
///
/// # Errors
/// Only what another connection cannot fix: a token that cannot stand in a header, or an unwritable stdout.
pub(crate) async fn follow(
    url: &Url,
    token: &str,
    viewer: &mut Viewer,
    printer: &mut Printer,
) -> Result<Ending, Failure> {
    let request = upgrade(url, token)?;
    match timeout(CONNECT_WITHIN, connect_async_with_config(request, None, true)).await {
        Ok(Ok((socket, _answer))) => Connection::new(socket).run(viewer, printer).await,
        Ok(Err(error)) => Ok(not_opened(error)),
        Err(_) => Ok(Ending::Unreachable("it did not answer in time".to_owned())),
    }
}

fn not_opened(error: Error) -> Ending {
    match error {
        Error::Http(answer) => {
            let status = answer.status().as_u16();
            Ending::Declined { status, body: answer.into_body().unwrap_or_default() }
        }
        other => Ending::Unreachable(root_cause(&other)),
    }
}

struct Connection {
    socket: Socket,
    ping: Interval,
    /// When the answer to the last ping is due; `None` if it was answered.
    due: Option<Instant>,
    /// Bytes received since the last ping.
    unproven: usize,
    /// When the next ack is due; `None` if all was acknowledged.
    ack: Option<Instant>,
    /// The last update that was shown.
    shown: Seq,
}

impl Connection {
    fn new(socket: Socket) -> Self {
        let ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        Self { socket, ping, due: None, unproven: 0, ack: None, shown: 0 }
    }

    async fn run(mut self, viewer: &mut Viewer, printer: &mut Printer) -> Result<Ending, Failure> {
        self.shown = seq(viewer);
        loop {
            let message = match self.next().await {
                Ok(message) => message,
                Err(ending) => return Ok(ending),
            };
            let Message::Text(text) = message else {
                continue;
            };
            self.unproven += text.len();
            if let Some(ending) = self.heard(viewer.hear(&text), printer).await? {
                // The closing handshake is given a moment only: there is nothing more to receive.
                let _ = timeout(CLOSE_WITHIN, self.socket.close(None)).await;
                return Ok(ending);
            }
            self.note_shown(viewer);
            if self.unproven >= PING_AFTER_BYTES && self.due.is_none() {
                if let Err(ending) = self.send_ping().await {
                    return Ok(ending);
                }
            }
        }
    }

    /// The next message. Messages that have arrived are read before a ping counts as unanswered.
    async fn next(&mut self) -> Result<Message, Ending> {
        loop {
            let (due, ack) = (self.due, self.ack);
            tokio::select! {
                biased;
                () = reached(ack) => self.send_ack().await?,
                message = self.socket.next() => return received(message),
                () = reached(due) => return Err(Ending::Dead),
                _ = self.ping.tick(), if due.is_none() => self.send_ping().await?,
            }
        }
    }

    /// Plans an ack if something was shown.
    fn note_shown(&mut self, viewer: &Viewer) {
        let seq = seq(viewer);
        if std::mem::replace(&mut self.shown, seq) < seq {
            self.ack.get_or_insert_with(|| Instant::now() + ACK_AFTER);
        }
    }

    async fn send_ack(&mut self) -> Result<(), Ending> {
        self.ack = None;
        self.send(&format!(r#"{{"type":"ack","seq":{}}}"#, self.shown)).await
    }

    async fn send_ping(&mut self) -> Result<(), Ending> {
        (self.due, self.unproven) = (Some(Instant::now() + PONG_WITHIN), 0);
        self.send(PING).await
    }

    async fn send(&mut self, text: &str) -> Result<(), Ending> {
        match timeout(PONG_WITHIN, self.socket.send(Message::text(text))).await {
            Ok(sent) => sent.map_err(|error| Ending::Broken(root_cause(&error))),
            Err(_) => Err(Ending::Dead),
        }
    }

    async fn heard(
        &mut self,
        reaction: Reaction,
        printer: &mut Printer,
    ) -> Result<Option<Ending>, Failure> {
        match reaction {
            Reaction::Pong => self.due = None,
            Reaction::Gap(why) => return Ok(Some(Ending::Gap(why))),
            Reaction::Show { updates, note } => {
                if let Some(note) = note {
                    printer::note(&note);
                }
                if !updates.is_empty() {
                    return Ok(ending(printer.print(&updates).await?));
                }
            }
        }
        Ok(None)
    }
}

fn seq(viewer: &Viewer) -> Seq {
    viewer.position().map_or(0, |position| position.seq)
}

fn ending(wanted: Wanted) -> Option<Ending> {
    match wanted {
        Wanted::More => None,
        Wanted::Enough(last) => Some(Ending::Enough(last)),
        Wanted::Nothing => Some(Ending::Unread),
    }
}

async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn received(message: Option<Result<Message, Error>>) -> Result<Message, Ending> {
    match message {
        Some(Ok(Message::Close(frame))) => {
            let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                (frame.code.into(), frame.reason.to_string())
            });
            Err(Ending::Closed { code, reason })
        }
        Some(Ok(message)) => Ok(message),
        Some(Err(error)) => Err(Ending::Broken(root_cause(&error))),
        None => Err(Ending::Broken("it ended without a close frame".to_owned())),
    }
}
