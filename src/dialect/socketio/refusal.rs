//! How requests of Engine.IO and clients of Socket.IO are refused.

use serde_json::json;

use crate::protocol::codes::{CloseReason, Refusal};

/// Why a request of Engine.IO is refused. The numbers and texts are those of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRequest {
    /// The query names no transport that there is.
    UnknownTransport,
    /// There is no session of this id, or not any more.
    UnknownSession,
    /// The method does not fit.
    BadMethod,
    /// Anything else.
    Other,
    /// The origin is refused.
    Forbidden,
    /// The query names another version of the protocol.
    UnsupportedVersion,
}

impl BadRequest {
    /// The status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            _ => 400,
        }
    }

    /// The body of the answer, which is JSON.
    pub fn body(self) -> String {
        let (code, message) = match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSession => (1, "Session ID unknown"),
            Self::BadMethod => (2, "Bad handshake method"),
            Self::Other => (3, "Bad request"),
            Self::Forbidden => (4, "Forbidden"),
            Self::UnsupportedVersion => (5, "Unsupported protocol version"),
        };
        json!({"code": code, "message": message}).to_string()
    }
}

/// What a client that cannot connect can do about it.
fn action(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::TokenMissing | Refusal::TokenInvalid | Refusal::TokenRevoked => "log_in",
        Refusal::TokenExpired => "refresh",
        Refusal::UserFull
        | Refusal::AddressFull
        | Refusal::AttemptsExceeded
        | Refusal::RoomFull
        | Refusal::RoomBusy
        | Refusal::RoomFailed => "wait",
        _ => "none",
    }
}

/// Whether the transport is closed instead of refusing the client, so that it tries again by itself: a client of Socket.IO that
/// is refused does not.
pub fn passes(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::RoomBusy | Refusal::RoomFailed)
}

/// How long a refused client should wait, as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wait {
    /// Milliseconds.
    pub ms: Option<u64>,
    /// Its place in the line before the room.
    pub position: Option<usize>,
}

/// The `CONNECT_ERROR` of a refused client, as JSON.
pub fn connect_error(refusal: Refusal, wait: Wait) -> String {
    let mut data = json!({
        "code": refusal.code(),
        "status": refusal.status(),
        "detail": refusal.detail(),
        "action": action(refusal),
    });
    if let Some(fields) = data.as_object_mut() {
        fields.extend(wait.ms.map(|ms| ("retryAfterMs".to_owned(), ms.into())));
        fields.extend(wait.position.map(|place| ("queuePosition".to_owned(), place.into())));
    }
    json!({"message": refusal.code(), "data": data}).to_string()
}

/// Whether a member that is closed for this reason is disconnected for good. Else its transport is closed, so that it comes back
/// by itself. Who comes back with an expired token asks its app for a new one first.
pub fn is_final(reason: CloseReason) -> bool {
    let number = reason.close().number();
    (4400..4500).contains(&number) && reason.code() != Refusal::TokenExpired.code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_client_is_told_what_to_do() {
        let wait = Wait { ms: Some(5), position: Some(3) };
        let error: serde_json::Value =
            serde_json::from_str(&connect_error(Refusal::TokenExpired, wait)).unwrap();
        assert_eq!(error["message"], "token_expired");
        assert_eq!(error["data"]["action"], "refresh");
        assert_eq!(
            (&error["data"]["retryAfterMs"], &error["data"]["queuePosition"]),
            (&5.into(), &3.into())
        );
        let error = |refusal| connect_error(refusal, Wait::default());
        assert!(error(Refusal::TokenMissing).contains(r#""action":"log_in""#));
        assert!(error(Refusal::RoomFull).contains(r#""action":"wait""#));
        assert!(error(Refusal::SessionRefused).contains(r#""action":"none""#));
    }

    #[test]
    fn only_who_has_to_change_something_is_disconnected_for_good() {
        assert!(
            is_final(Refusal::TokenRevoked.into()) && is_final(Refusal::TenantSuspended.into())
        );
        assert!(!is_final(Refusal::TokenExpired.into()) && !is_final(Refusal::RoomFailed.into()));
    }
}
