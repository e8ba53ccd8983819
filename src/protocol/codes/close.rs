//! How a connection is closed: the close codes, the close reasons, and whether the client should come back.
//!
//! 4400 to 4499: the same request would fail in the same way. From 4500: the client should come back with its
//! position. The room decides which connections are closed, and when.

use super::{FrameFault, Refusal};

table! {
    /// The close codes that Roomcast chooses. Every other code from 1001 to 1999 means: connect again.
    CloseCode: (u16, Reconnect) {
        /// A frame above the size limit (RFC 6455).
        TooBig => (1009, Reconnect::No),
        /// The request was malformed.
        BadRequest => (4400, Reconnect::No),
        /// The token is missing, invalid or expired.
        Unauthorized => (4401, Reconnect::WithNewToken),
        /// The origin or the session was refused.
        Forbidden => (4403, Reconnect::No),
        /// There is no such tenant.
        Unknown => (4404, Reconnect::No),
        /// The room was full, and another client took the place of one that had been silent.
        Replaced => (4409, Reconnect::No),
        /// The user has as many connections as a user may have.
        UserFull => (4413, Reconnect::No),
        /// The client continued to send more frames than it may.
        TooFast => (4429, Reconnect::No),
        /// The room is full, is busy or has failed.
        Unavailable => (4503, Reconnect::Yes),
        /// The client has been silent for too long.
        Silent => (4504, Reconnect::Yes),
        /// The client does not read what it is sent.
        Slow => (4508, Reconnect::Yes),
        /// There were too many attempts from the client's address.
        TryLater => (4529, Reconnect::Yes),
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
        /// No: it would be closed again in the same way.
        No => "no",
        /// Yes: with its position, after a pause.
        Yes => "yes",
        /// Once, with a new token.
        WithNewToken => "with a new token",
    }
}

impl Reconnect {
    /// The words in the vectors and in the types of the client.
    pub const fn words(self) -> &'static str {
        self.row()
    }
}

/// Whether a client should come back after a close with this code, whoever chose the code.
pub fn reconnect(code: u16) -> Reconnect {
    let listed = CloseCode::ALL.iter().find(|listed| listed.number() == code);
    match (listed, code) {
        (Some(listed), _) => listed.reconnect(),
        (None, NORMAL | 4400..=4499) => Reconnect::No,
        (None, _) => Reconnect::Yes,
    }
}

table! {
    /// Why a member is closed for its own fault.
    ClientFault: (&'static str, CloseCode) {
        /// It sent a frame above the size limit.
        FrameTooBig => ("frame_too_big", CloseCode::TooBig),
        /// It continued to send more frames than it may.
        RateLimited => (FrameFault::RateLimited.code(), CloseCode::TooFast),
        /// The room was full, and it had been silent for longest.
        Replaced => ("replaced", CloseCode::Replaced),
        /// It has been silent for too long.
        Silent => ("silent", CloseCode::Silent),
        /// It does not read what it is sent.
        Slow => ("slow", CloseCode::Slow),
    }
}

/// Why a connection is closed, as sent on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(untagged))]
pub enum CloseReason {
    /// The client may not join, or may not stay any longer.
    Refusal(Refusal),
    /// The client is at fault.
    Fault(ClientFault),
}

impl CloseReason {
    /// All reasons.
    pub fn all() -> impl Iterator<Item = Self> {
        let refusals = Refusal::ALL.iter().copied().map(Self::from);
        refusals.chain(ClientFault::ALL.iter().copied().map(Self::from))
    }

    /// The text of the close reason.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.code(),
            Self::Fault(fault) => fault.row().0,
        }
    }

    /// The close code that is sent with it.
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

/// The connection has served its purpose (RFC 6455, section 7.4.1).
pub const NORMAL: u16 = 1000;

/// What the platform reports when a close frame had no code (RFC 6455, section 7.4.1).
pub const NO_CODE: u16 = 1005;

/// What the platform reports when a connection was lost without a close frame (RFC 6455, section 7.4.1).
pub const ABNORMAL: u16 = 1006;

/// The client broke the protocol (RFC 6455, section 7.4.1).
pub const PROTOCOL_ERROR: u16 = 1002;

/// The code that answers a close frame: the same code; [`NORMAL`] if the frame had none; [`PROTOCOL_ERROR`] if its code
/// must not be sent or is not defined (RFC 6455, section 7.4).
pub fn close_answer(received: u16) -> u16 {
    match received {
        NO_CODE => NORMAL,
        // IANA has registered codes up to 1014; 1004 to 1006 must not be sent.
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
