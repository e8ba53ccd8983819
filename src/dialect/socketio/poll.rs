//! The polling transport of a session: what waits for the next poll, and the change to a WebSocket.
//!
//! Does not know what the packets say.

use super::engine::{joined, Sent, CLOSE, NOOP};
use crate::limits::POLL_QUEUE_BYTES;
use crate::protocol::time::Timestamp;

/// What becomes of a poll.
#[derive(Debug, Clone, PartialEq)]
pub enum Polled {
    /// It is answered with this.
    Now(String),
    /// It is held until there is something.
    Later,
    /// It is answered 400, and the session ends if `first` says so.
    Refused {
        /// The answer of another poll that is held: two at once end a session.
        first: Option<String>,
    },
}

/// More waits for a client than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// How far the change to a WebSocket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// A WebSocket was opened.
    Open(Timestamp),
    /// It works. Each poll is answered at once, so that the client can go over.
    Works(Timestamp),
}

/// The state of the transport.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Poll {
    queue: Vec<Sent>,
    bytes: usize,
    held: bool,
    probe: Option<Probe>,
}

impl Poll {
    /// Whether a poll is held.
    #[cfg(test)]
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Adds a packet. Returns the answer for the held poll, if one is.
    ///
    /// # Errors
    /// More than [`POLL_QUEUE_BYTES`] wait.
    pub fn push(&mut self, sent: Sent) -> Result<Option<String>, Overflow> {
        self.bytes += sent.bytes();
        self.queue.push(sent);
        if std::mem::take(&mut self.held) {
            return Ok(Some(self.take()));
        }
        if self.bytes > POLL_QUEUE_BYTES {
            Err(Overflow)
        } else {
            Ok(None)
        }
    }

    fn take(&mut self) -> String {
        self.bytes = 0;
        joined(&std::mem::take(&mut self.queue))
    }

    /// A poll arrives.
    pub fn ask(&mut self) -> Polled {
        if self.held {
            self.held = false;
            return Polled::Refused { first: Some(CLOSE.to_owned()) };
        }
        if !self.queue.is_empty() {
            return Polled::Now(self.take());
        }
        if self.is_upgrading() {
            return Polled::Now(NOOP.to_owned());
        }
        self.held = true;
        Polled::Later
    }

    /// A WebSocket was opened. Returns whether it may go on: only one may at a time.
    pub fn probe(&mut self, now: Timestamp) -> bool {
        if self.probe.is_some() {
            return false;
        }
        self.probe = Some(Probe::Open(now));
        true
    }

    /// The WebSocket works. Returns the answer for the held poll, if one is.
    pub fn upgrade(&mut self) -> Option<String> {
        self.probe = self.probed().map(Probe::Works);
        std::mem::take(&mut self.held).then(|| NOOP.to_owned())
    }

    /// Whether a WebSocket works.
    pub fn is_upgrading(&self) -> bool {
        matches!(self.probe, Some(Probe::Works(_)))
    }

    /// When the WebSocket was opened.
    pub fn probed(&self) -> Option<Timestamp> {
        match self.probe {
            Some(Probe::Open(at) | Probe::Works(at)) => Some(at),
            None => None,
        }
    }

    /// The change is given up.
    pub fn forget_probe(&mut self) {
        self.probe = None;
    }

    /// The change is made. Returns whether a poll is held, and what waits.
    pub fn finish(&mut self) -> (bool, Vec<Sent>) {
        self.bytes = 0;
        (std::mem::take(&mut self.held), std::mem::take(&mut self.queue))
    }
}
