//! How a connection can end, and whether to connect again.
//!
//! This module only decides. `tail` waits and connects again, and the codes are those of
//! [`roomcast::protocol::codes`]. If connecting again would not help, the message says how to fix what is wrong.

use roomcast::deployment::failure::Failure;
use roomcast::protocol::codes::{reconnect, CloseCode, ProblemCode, Reconnect, Refusal, NORMAL};
use roomcast::protocol::ids::Seq;
use roomcast::protocol::problem::Problem;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server closed it.
    Closed {
        /// The close code; 1005 if there was none.
        code: u16,
        /// The close reason.
        reason: String,
    },
    /// The network ended it, or something between us and the server.
    Broken(String),
    /// A ping was not answered.
    Dead,
    /// Something was missing from what the server sent.
    Gap(String),
    /// The server answered the upgrade with something other than a WebSocket.
    Declined {
        /// The HTTP status.
        status: u16,
        /// The body, if there was one.
        body: Vec<u8>,
    },
    /// The server could not be reached.
    Unreachable(String),
    /// As many updates were shown as were asked for; this was the last.
    Enough(Seq),
    /// Nobody reads stdout any more.
    Unread,
}

/// What else decides what to do after an ending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    /// The server's address, as shown to the user.
    pub(crate) server: &'a str,
    /// The setting that tokens are minted with, unless a token was given.
    pub(crate) minted_with: Option<&'a str>,
    /// This connection received `connected` before it ended.
    pub(crate) welcomed: bool,
    /// The server has been reached before, so it exists.
    pub(crate) reached: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Connect again with the position, after a pause. The text says why.
    Again(String),
    /// End the command with success.
    Done,
    /// End the command with this failure.
    Stop(Failure),
}

impl Ending {
    /// What to do after this ending.
    pub(crate) fn next(&self, known: &Circumstances<'_>) -> Next {
        match self {
            Self::Enough(_) | Self::Unread | Self::Closed { code: NORMAL, .. } => Next::Done,
            Self::Closed { code, reason } => closed(*code, reason, known),
            Self::Broken(why) => Next::Again(format!("the connection broke: {why}")),
            Self::Dead => Next::Again("a ping was not answered".to_owned()),
            Self::Gap(why) => Next::Again(why.clone()),
            Self::Declined { status, body } => declined(*status, body),
            Self::Unreachable(cause) if known.reached => {
                Next::Again(format!("{} cannot be reached: {cause}", known.server))
            }
            Self::Unreachable(cause) => {
                let url = known.server.to_owned();
                Next::Stop(Failure::Unreachable { url, cause: cause.clone() })
            }
        }
    }
}

/// Decides about a close code. A minted token that was accepted at first has only expired, and the next connection
/// gets a new one.
fn closed(code: u16, reason: &str, known: &Circumstances<'_>) -> Next {
    let text = format!("the server closed the connection with {}", named(code, reason));
    let again = match reconnect(code) {
        Reconnect::No => false,
        Reconnect::WithNewToken => known.welcomed && known.minted_with.is_some(),
        Reconnect::Yes => true,
    };
    if again {
        return Next::Again(text);
    }
    Next::Stop(Failure::Refused(format!("{text}.{}{}", meaning(reason), mending(code, known))))
}

fn named(code: u16, reason: &str) -> String {
    if reason.is_empty() {
        code.to_string()
    } else {
        format!("{code} {reason}")
    }
}

/// The protocol's own description of the reason, if it is one of its codes.
fn meaning(reason: &str) -> String {
    let refusal = Refusal::ALL.iter().find(|refusal| refusal.code() == reason);
    refusal.map(|refusal| format!(" {}", refusal.detail())).unwrap_or_default()
}

fn mending(code: u16, known: &Circumstances<'_>) -> String {
    const TOO_BIG: u16 = CloseCode::TooBig.number();
    const UNAUTHORIZED: u16 = CloseCode::Unauthorized.number();
    const FORBIDDEN: u16 = CloseCode::Forbidden.number();
    match (code, known.minted_with) {
        (TOO_BIG, _) => " This command sent too long a frame, which is a bug in it.".to_owned(),
        (UNAUTHORIZED, Some(setting)) => {
            format!(" {setting} must be the one the server has, and this clock must be right.")
        }
        (UNAUTHORIZED | FORBIDDEN, None) => {
            " Mint another one: roomcast token --session SESSION --user USER.".to_owned()
        }
        _ => String::new(),
    }
}

/// Decides about an HTTP answer. A client that offers `roomcast.v1` learns of a refusal from a close code, so an HTTP
/// status comes from something before the room, or from a server that is not Roomcast.
fn declined(status: u16, body: &[u8]) -> Next {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let text = match &problem {
        Some(Problem { code, detail, .. }) => {
            format!("the server answered {status} {code}: {detail}")
        }
        None => format!("the server answered {status}, without opening a WebSocket"),
    };
    let code = problem.as_ref().map(|problem| problem.code.as_str());
    let configured = code != Some(ProblemCode::Misconfigured.code());
    if (matches!(status, 408 | 429) || status >= 500) && configured {
        return Next::Again(text);
    }
    let hint = if problem.is_none() { ". Does --url lead to a Roomcast server?" } else { "" };
    Next::Stop(Failure::Refused(format!("{text}{hint}")))
}

#[cfg(test)]
mod tests;
