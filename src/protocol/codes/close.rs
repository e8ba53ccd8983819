//! How a connection is closed: the numbers, the reasons beside them, and whether to come back.
//!
//! From 4400 the same request would fail in the same way; from 4500 the client should come back with its
//! position. Who is closed, and when, is the room's business.

use super::{FrameFault, Refusal};

table! {
    /// The close codes that Roomcast chooses.
    CloseCode: (u16, Reconnect) {
        /// A frame above the size limit (RFC 6455).
        TooBig => (1009, Reconnect::No),
        /// The request was malformed.
        BadRequest => (4400, Reconnect::No),
        /// Token missing, invalid or expired.
        Unauthorized => (4401, Reconnect::WithNewToken),
        /// Origin or session refused.
        Forbidden => (4403, Reconnect::No),
        /// The client goes on sending more frames than it may.
        TooFast => (4429, Reconnect::No),
        /// Room full, busy or failed.
        Unavailable => (4503, Reconnect::Yes),
        /// Nothing was heard from the client for too long.
        Silent => (4504, Reconnect::Yes),
        /// The client does not read what it is sent.
        Slow => (4508, Reconnect::Yes),
    }
}

impl CloseCode {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self.row().0
    }

    /// Whether to come back.
    pub const fn reconnect(self) -> Reconnect {
        self.row().1
    }
}

table! {
    /// Whether a client should come back after a close.
    Reconnect: &'static str {
        /// It would be closed again in the same way.
        No => "no",
        /// With its position, after a pause.
        Yes => "yes",
        /// Once, with another token.
        WithNewToken => "with a new token",
    }
}

impl Reconnect {
    /// In words, as in the vectors and in the page's types.
    pub const fn words(self) -> &'static str {
        self.row()
    }
}

/// Whether a client should come back after a close with this code, whoever chose it.
pub fn reconnect(code: u16) -> Reconnect {
    let listed = CloseCode::ALL.iter().find(|listed| listed.number() == code);
    match (listed, code) {
        (Some(listed), _) => listed.reconnect(),
        (None, NORMAL | 4400..=4499) => Reconnect::No,
        (None, _) => Reconnect::Yes,
    }
}

table! {
    /// What a client in the room did, or left undone, so that it is closed.
    ClientFault: (&'static str, CloseCode) {
        /// It sent a frame above the size limit.
        FrameTooBig => ("frame_too_big", CloseCode::TooBig),
        /// It went on sending more frames than it may.
        RateLimited => (FrameFault::RateLimited.code(), CloseCode::TooFast),
        /// It was not heard for too long.
        Silent => ("silent", CloseCode::Silent),
        /// It does not read what it is sent.
        Slow => ("slow", CloseCode::Slow),
    }
}

/// Why a connection is closed, in the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// It is not let in, or may stay no longer.
    Refusal(Refusal),
    /// Its client did what it may not.
    Fault(ClientFault),
}

impl CloseReason {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let refusals = Refusal::ALL.iter().copied().map(Self::from);
        refusals.chain(ClientFault::ALL.iter().copied().map(Self::from))
    }

    /// The close reason.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.code(),
            Self::Fault(fault) => fault.row().0,
        }
    }

    /// The close code beside it.
    pub const fn close(self) -> CloseCode {
        match self {
            Self::Refusal(refusal) => refusal.close(),
            Self::Fault(fault) => fault.row().1,
        }
    }
}

impl From<Refusal> for CloseReason {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<ClientFault> for CloseReason {
    fn from(fault: ClientFault) -> Self {
        Self::Fault(fault)
    }
}

/// The connection has done what it was for (RFC 6455, section 7.4.1).
pub const NORMAL: u16 = 1000;

/// What the platform reports when a close frame had no code (RFC 6455, section 7.4.1).
pub const NO_CODE: u16 = 1005;

/// What the platform reports of a connection that was not closed, but lost (RFC 6455, section 7.4.1).
pub const ABNORMAL: u16 = 1006;

/// The client broke the protocol (RFC 6455, section 7.4.1).
pub const PROTOCOL_ERROR: u16 = 1002;

/// The code to answer a close frame with: its own, normal if it had none, and a protocol error if it
/// is one that must not be on the wire, or that nobody has defined (RFC 6455, section 7.4).
pub fn close_answer(received: u16) -> u16 {
    match received {
        NO_CODE => NORMAL,
        // Up to 1014 as registered with IANA; 1004 and 1006 are reserved.
        1000..=1003 | 1007..=1014 | 3000..=4999 => received,
        _ => PROTOCOL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::{close_answer, NORMAL, NO_CODE};

    #[test]
    fn a_close_is_answered_with_its_own_code_if_it_may_be_sent() {
        for code in (1000..=1003).chain(1007..=1014).chain(3000..=4999) {
            assert_eq!(close_answer(code), code);
        }
        assert_eq!(close_answer(NO_CODE), NORMAL);
    }

    #[test]
    fn a_code_that_may_not_be_sent_is_answered_as_a_protocol_error() {
        let undefined = (0..=999).chain(1015..=2999).chain(5000..=u16::MAX);
        for code in undefined.chain([1004, 1006]) {
            assert_eq!(close_answer(code), 1002, "{code}");
        }
    }
}
