//! Why a request or an upgrade is refused. `auth` and the room decide it.

use super::CloseCode;

/// The row of a refusal.
struct Row {
    code: &'static str,
    status: u16,
    close: CloseCode,
    challenge: Option<&'static str>,
    detail: &'static str,
}

const REALM: Option<&str> = Some(r#"Bearer realm="roomcast""#);
const INVALID_TOKEN: Option<&str> = Some(r#"Bearer realm="roomcast", error="invalid_token""#);
const INSUFFICIENT_SCOPE: Option<&str> =
    Some(r#"Bearer realm="roomcast", error="insufficient_scope""#);

table! {
    /// Why a request or an upgrade is refused.
    Refusal: Row {
        /// The session's name is malformed.
        BadSession => Row {
            code: "bad_session",
            status: 400,
            close: CloseCode::BadRequest,
            challenge: None,
            detail: "The session's name must be 1 to 128 characters out of A-Z a-z 0-9 - _ . : ~ @ + =, \
                     and neither `.` nor `..`.",
        },
        /// `?resume=` is not a position.
        BadPosition => Row {
            code: "bad_position",
            status: 400,
            close: CloseCode::BadRequest,
            challenge: None,
            detail: "`resume` must be <epoch>:<seq> as received in `connected`.",
        },
        /// `?topics=` or `?resume_topics=` is not a list of topics.
        BadTopics => Row {
            code: "bad_topics",
            status: 400,
            close: CloseCode::BadRequest,
            challenge: None,
            detail: "`topics` must be names or patterns such as project:*, separated by commas, of 4,096 bytes in all.",
        },
        /// `?pace=` is not a number of milliseconds, or too many.
        BadPace => Row {
            code: "bad_pace",
            status: 400,
            close: CloseCode::BadRequest,
            challenge: None,
            detail: "`pace` must be a whole number of milliseconds from 0 to 60000.",
        },
        /// None of the four places has a token.
        TokenMissing => Row {
            code: "token_missing",
            status: 401,
            close: CloseCode::Unauthorized,
            challenge: REALM,
            detail: "Send a token: Authorization: Bearer, the subprotocol roomcast.bearer.<jwt>, \
                     the cookie roomcast_token, or ?token=.",
        },
        /// The token is malformed, wrongly signed, or lacks a claim.
        TokenInvalid => Row {
            code: "token_invalid",
            status: 401,
            close: CloseCode::Unauthorized,
            challenge: INVALID_TOKEN,
            detail: "The token is malformed, not signed with this tenant's key, or lacks a claim. \
                     It needs sub, exp and sessions.",
        },
        /// The token, its user, or its user in this session was revoked.
        TokenRevoked => Row {
            code: "token_revoked",
            status: 401,
            close: CloseCode::Unauthorized,
            challenge: INVALID_TOKEN,
            detail: "The token was revoked, or all tokens that its user had then. Get a new one.",
        },
        /// The token has expired or is not valid yet.
        TokenExpired => Row {
            code: "token_expired",
            status: 401,
            close: CloseCode::Unauthorized,
            challenge: INVALID_TOKEN,
            detail: "The token has expired or is not valid yet. Get a new one.",
        },
        /// The origin is not on the tenant's list.
        OriginRefused => Row {
            code: "origin_refused",
            status: 403,
            close: CloseCode::Forbidden,
            challenge: None,
            detail: "This origin is not on the tenant's list (scheme, host and port must match exactly).",
        },
        /// The token does not name this session.
        SessionRefused => Row {
            code: "session_refused",
            status: 403,
            close: CloseCode::Forbidden,
            challenge: INSUFFICIENT_SCOPE,
            detail: "The token's `sessions` does not name this session.",
        },
        /// The token does not allow one of the topics.
        TopicRefused => Row {
            code: "topic_refused",
            status: 403,
            close: CloseCode::Forbidden,
            challenge: INSUFFICIENT_SCOPE,
            detail: "The token does not allow one of the topics.",
        },
        /// The tenant is suspended.
        TenantSuspended => Row {
            code: "tenant_suspended",
            status: 403,
            close: CloseCode::Forbidden,
            challenge: None,
            detail: "This tenant is suspended. Ask the operator of the deployment.",
        },
        /// There is no tenant of this name.
        TenantUnknown => Row {
            code: "tenant_unknown",
            status: 404,
            close: CloseCode::Unknown,
            challenge: None,
            detail: "There is no such tenant. The path /t/<tenant>/, or the host name, names it.",
        },
        /// The user has as many connections as a user may have.
        UserFull => Row {
            code: "user_full",
            status: 429,
            close: CloseCode::UserFull,
            challenge: None,
            detail: "This user has as many connections as a user may have. Close one of them.",
        },
        /// There were too many attempts from this address.
        AttemptsExceeded => Row {
            code: "attempts_exceeded",
            status: 429,
            close: CloseCode::TryLater,
            challenge: None,
            detail: "There were too many attempts to connect from this address. Come back after a minute.",
        },
        /// The address has as many connections as an address may have.
        AddressFull => Row {
            code: "address_full",
            status: 503,
            close: CloseCode::Unavailable,
            challenge: None,
            detail: "There are as many connections from this address as there may be. Close one of them.",
        },
        /// The room has as many members as it may have.
        RoomFull => Row {
            code: "room_full",
            status: 503,
            close: CloseCode::Unavailable,
            challenge: None,
            detail: "The room has as many clients as it may have. Come back later.",
        },
        /// The room has sent others as many states and missed updates as may be unread at once.
        RoomBusy => Row {
            code: "room_busy",
            status: 503,
            close: CloseCode::Unavailable,
            challenge: None,
            detail: "Many clients are being sent what they missed. Come back in some seconds.",
        },
        /// The room did not answer.
        RoomFailed => Row {
            code: "room_failed",
            status: 503,
            close: CloseCode::Unavailable,
            challenge: None,
            detail: "The room did not answer. Come back.",
        },
    }
}

impl Refusal {
    /// The refusal with this code, as it travels between a tenant's object, the front Worker and rooms. A code that only another
    /// release knows counts as [`Self::TokenInvalid`].
    pub fn of_code(code: &str) -> Self {
        let named = Self::ALL.iter().find(|refusal| refusal.code() == code);
        named.copied().unwrap_or(Self::TokenInvalid)
    }

    /// The code in problem documents, close reasons and logs.
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// The header that says what was wrong with the token (RFC 6750, section 3). It names no error if there was no
    /// token.
    pub const fn challenge(self) -> Option<&'static str> {
        self.row().challenge
    }

    /// What is wrong and how to fix it, for a problem document.
    pub const fn detail(self) -> &'static str {
        self.row().detail
    }

    /// The close code for clients that cannot read the status of a failed upgrade.
    pub const fn close(self) -> CloseCode {
        self.row().close
    }
}
