//! The codes that tell a client what went wrong, and whether to come back.
//!
//! One table for refusals (HTTP status and close code), one for closes, one for frame errors. The
//! meaning of each is in `docs/protocol.md`; the vectors pin the numbers.

/// Why a request or an upgrade is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The session's name is not well formed.
    BadSession,
    /// `?resume=` is not a position.
    BadPosition,
    /// No token in any of the four places.
    TokenMissing,
    /// The token is malformed, wrongly signed, or lacks a claim.
    TokenInvalid,
    /// The token has ended, or has not begun.
    TokenExpired,
    /// The origin is not on the tenant's list.
    OriginRefused,
    /// The token does not name this session.
    SessionRefused,
    /// The room has as many clients as it takes.
    RoomFull,
    /// The room has sent as much to others who come as it can have under way.
    RoomBusy,
    /// The room did not answer.
    RoomFailed,
}

impl Refusal {
    /// The code in problem documents, close reasons and logs.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadSession => "bad_session",
            Self::BadPosition => "bad_position",
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::OriginRefused => "origin_refused",
            Self::SessionRefused => "session_refused",
            Self::RoomFull => "room_full",
            Self::RoomBusy => "room_busy",
            Self::RoomFailed => "room_failed",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::BadSession | Self::BadPosition => 400,
            Self::TokenMissing | Self::TokenInvalid | Self::TokenExpired => 401,
            Self::OriginRefused | Self::SessionRefused => 403,
            Self::RoomFull | Self::RoomBusy | Self::RoomFailed => 503,
        }
    }

    /// How the holder of a token is told what was wrong with it (RFC 6750, section 3). Who sent none is
    /// told no error: the request did not claim to be anyone's.
    pub fn challenge(self) -> Option<&'static str> {
        match self {
            Self::TokenMissing => Some(r#"Bearer realm="roomcast""#),
            Self::TokenInvalid | Self::TokenExpired => {
                Some(r#"Bearer realm="roomcast", error="invalid_token""#)
            }
            Self::SessionRefused => Some(r#"Bearer realm="roomcast", error="insufficient_scope""#),
            _ => None,
        }
    }

    /// The close code for clients that cannot read the status of a failed upgrade.
    pub fn close(self) -> CloseCode {
        match self.status() {
            400 => CloseCode::BadRequest,
            401 => CloseCode::Unauthorized,
            403 => CloseCode::Forbidden,
            _ => CloseCode::Unavailable,
        }
    }

    /// What is wrong and how to mend it, for a problem document.
    pub fn detail(self) -> &'static str {
        match self {
            Self::BadSession => {
                "The session's name must be 1 to 128 characters out of A-Z a-z 0-9 - _ . : ~ @ + =, \
                 and neither `.` nor `..`."
            }
            Self::BadPosition => "`resume` must be <epoch>:<seq> as received in `connected`.",
            Self::TokenMissing => {
                "Send a token: Authorization: Bearer, the subprotocol roomcast.bearer.<jwt>, \
                 the cookie roomcast_token, or ?token=."
            }
            Self::TokenInvalid => {
                "The token is malformed, not signed with this tenant's key, or lacks a claim. \
                 It needs sub, exp and sessions."
            }
            Self::TokenExpired => "The token is outside its time. Get a new one.",
            Self::OriginRefused => {
                "This origin is not on the tenant's list (scheme, host and port must match exactly)."
            }
            Self::SessionRefused => "The token's `sessions` does not name this session.",
            Self::RoomFull => "The room has as many clients as it takes. Come back later.",
            Self::RoomBusy => "Many clients are being sent what they missed. Come back in some seconds.",
            Self::RoomFailed => "The room did not answer. Come back.",
        }
    }
}

/// The close codes that Roomcast sends. From 4400 the same request would fail in the same way;
/// from 4500 the client should come back with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// A frame above the size limit (RFC 6455).
    TooBig,
    /// The request was malformed.
    BadRequest,
    /// Token missing, invalid or expired.
    Unauthorized,
    /// Origin or session refused.
    Forbidden,
    /// Room full or failed.
    Unavailable,
    /// The client goes on sending more frames than it may.
    TooFast,
    /// Nothing was heard from the client for too long.
    Silent,
    /// The client does not read what it is sent.
    Slow,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::TooBig => 1009,
            Self::BadRequest => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::TooFast => 4429,
            Self::Unavailable => 4503,
            Self::Silent => 4504,
            Self::Slow => 4508,
        }
    }
}

/// What can be wrong with a client's frame. The connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameFault {
    /// Not a JSON object, a field missing or of the wrong type, or not text.
    BadFrame,
    /// A `type` that the protocol does not have.
    UnknownType,
    /// An `ack` beyond the head.
    BadPosition,
    /// More frames than a client may send.
    RateLimited,
}

impl FrameFault {
    /// The code in the `error` frame.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadFrame => "bad_frame",
            Self::UnknownType => "unknown_type",
            Self::BadPosition => "bad_position",
            Self::RateLimited => "rate_limited",
        }
    }

    /// Whether the same frame may do later.
    pub fn is_retryable(self) -> bool {
        self == Self::RateLimited
    }
}

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
        NO_CODE => 1000,
        // Up to 1014 as registered with IANA; 1004 and 1006 are reserved.
        1000..=1003 | 1007..=1014 | 3000..=4999 => received,
        _ => PROTOCOL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::{close_answer, NO_CODE};

    #[test]
    fn a_close_is_answered_with_its_own_code_if_it_may_be_sent() {
        for code in (1000..=1003).chain(1007..=1014).chain(3000..=4999) {
            assert_eq!(close_answer(code), code);
        }
        assert_eq!(close_answer(NO_CODE), 1000);
    }

    #[test]
    fn a_code_that_may_not_be_sent_is_answered_as_a_protocol_error() {
        let undefined = (0..=999).chain(1015..=2999).chain(5000..=u16::MAX);
        for code in undefined.chain([1004, 1006]) {
            assert_eq!(close_answer(code), 1002, "{code}");
        }
    }
}
