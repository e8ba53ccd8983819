//! One client under load: connects, listens, keeps its tally.
//!
//! It reads as little of a frame as it can: every client counts updates, and only sampled clients read when they were
//! sent. A client never connects again by itself.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use roomcast::deployment::failure::root_cause;
use roomcast::deployment::inflater::Inflater;
use tokio::net::TcpStream;
use tokio::time::{interval_at, timeout, Instant};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{connect_async_with_config, MaybeTlsStream, WebSocketStream};

use crate::shared::Shared;
use crate::tally::Tally;
use crate::trial::{Room, Trial};

const ARRIVE_WITHIN: Duration = Duration::from_secs(30);

/// The size of a client's read buffer: it holds several small frames, and is affordable for thousands of clients.
const BUFFER: usize = 8 * 1_024;

/// Bytes after which a client pings, to show that it has read them.
pub(crate) const PING_AFTER: usize = 1 << 20;

/// The pause between pings to a peer that needs none.
const NEVER: Duration = Duration::from_hours(24);

/// An open connection.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A client of one room.
pub(crate) struct Client {
    number: usize,
    room: usize,
    role: Role,
    tally: Shared<Tally>,
    inflater: Shared<Inflater>,
}

/// What a client does beyond counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    Reads,
    /// It measures latencies.
    Samples,
    /// It acknowledges, and stops reading for a while.
    Stalls,
}

impl Client {
    /// A client that is not connected. Its number, counted over all rooms, says whose it is.
    pub(crate) fn new(number: usize, room: usize, tally: Tally, role: Role) -> Self {
        let (tally, inflater) = (Shared::new(tally), Shared::default());
        Self { number, room, role, tally, inflater }
    }

    /// Whether it stops reading for a while.
    pub(crate) fn stalls(&self) -> bool {
        self.role == Role::Stalls
    }

    /// Reads or changes its tally.
    pub(crate) fn tally<R>(&self, look: impl FnOnce(&mut Tally) -> R) -> R {
        self.tally.with(look)
    }

    /// The room that it watches.
    pub(crate) fn room<'a>(&self, trial: &'a Trial) -> Option<&'a Room> {
        trial.rooms.get(self.room)
    }

    /// Connects, with its position if it has one, and listens until it is level with the room.
    ///
    /// # Errors
    /// Why it could not arrive.
    pub(crate) async fn arrive(&self, trial: &Trial) -> Result<Socket, String> {
        let arriving = async {
            let room = self.room(trial).ok_or("there is no such room")?;
            let mut socket = self.open(trial, room).await?;
            while !self.level(room) {
                self.hear_next(trial, &mut socket).await?;
            }
            Ok(socket)
        };
        let outcome = timeout(ARRIVE_WITHIN, arriving).await;
        let outcome = outcome.unwrap_or_else(|_| Err("it took too long".to_owned()));
        outcome.inspect_err(|_| self.tally(Tally::leave))
    }

    /// Listens until the connection ends, and returns why it ended. Pings regularly, and after each mebibyte that came, as the
    /// protocol says: otherwise the room takes a fast flood for one that nobody reads.
    pub(crate) async fn listen(&self, trial: &Trial, mut socket: Socket) -> String {
        if self.stalls() {
            return self.stall(trial, socket).await;
        }
        let (text, every) = trial.peer.ping().unwrap_or(("", NEVER));
        let mut pings = interval_at(Instant::now() + every, every);
        let mut unproven = 0;
        loop {
            let heard = tokio::select! {
                biased;
                heard = self.hear_next(trial, &mut socket) => heard,
                _ = pings.tick() => Ok(PING_AFTER),
            };
            match heard {
                Ok(bytes) => unproven += bytes,
                Err(why) => return self.ended(why),
            }
            if unproven < PING_AFTER || text.is_empty() {
                continue;
            }
            unproven = 0;
            if let Err(error) = socket.send(Message::text(text)).await {
                return self.ended(cause(&error));
            }
        }
    }

    pub(crate) fn ended(&self, why: String) -> String {
        self.tally(Tally::leave);
        why
    }

    fn level(&self, room: &Room) -> bool {
        room.heads(|heads| self.tally(|tally| tally.level(heads)))
    }

    async fn open(&self, trial: &Trial, room: &Room) -> Result<Socket, String> {
        let position = self.tally(|tally| tally.position());
        let request = trial.peer.upgrade(&room.session, position.as_ref(), self.number)?;
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let begun = trial.stopwatch.now();
        let opened = connect_async_with_config(request, Some(config), true).await;
        let (socket, _answer) = opened.map_err(|error| cause(&error))?;
        let took = trial.stopwatch.now() - begun;
        trial.upgraded.with(|latencies| latencies.record(took));
        self.tally(|tally| trial.peer.opened(tally));
        Ok(socket)
    }

    /// Takes the next message, and returns how many bytes of text it had.
    pub(crate) async fn hear_next(
        &self,
        trial: &Trial,
        socket: &mut Socket,
    ) -> Result<usize, String> {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                self.hear(trial, socket, &text).await.map(|()| text.len())
            }
            Some(Ok(Message::Binary(bytes))) => {
                let text = self.inflater.with(|inflater| inflater.text(&bytes));
                let text = text.map_err(|_| "a compressed frame cannot be read".to_owned())?;
                self.hear(trial, socket, &text).await?;
                self.tally(|tally| tally.came_as(text.len(), bytes.len()));
                Ok(text.len())
            }
            Some(Ok(Message::Close(frame))) => Err(closed(frame)),
            Some(Ok(_)) => Ok(0),
            Some(Err(error)) => Err(cause(&error)),
            None => Err("it ended without a close frame".to_owned()),
        }
    }

    async fn hear(&self, trial: &Trial, socket: &mut Socket, frame: &str) -> Result<(), String> {
        let sampled = self.role == Role::Samples;
        let now = if sampled { trial.stopwatch.now() } else { 0 };
        let reaction = self.tally(|tally| trial.peer.hear(tally, frame));
        if sampled && reaction.updates {
            trial.sample(frame, now);
        }
        match reaction.answer {
            Some(text) => socket.send(Message::text(text)).await.map_err(|error| cause(&error)),
            None => Ok(()),
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> String {
    let told = frame.map(|frame| format!("closed with {} {}", u16::from(frame.code), frame.reason));
    told.map_or_else(|| "closed without a code".to_owned(), |told| told.trim_end().to_owned())
}

pub(crate) fn cause(error: &Error) -> String {
    match error {
        Error::Http(answer) => format!("answered {}", answer.status().as_u16()),
        other => root_cause(other),
    }
}
