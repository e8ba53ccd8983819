//! Everything that can happen to a room.
//!
//! One input is one event of the platform. How the room handles it is in the other files of this folder.

use super::publish::Post;
use super::tree::company::letters::Reply;
use super::tree::company::roll::Addressee;
use super::tree::feeding::{Ate, Guest, Served};
use super::view::View;
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::Refusal;
use crate::protocol::company::Company;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{ClientId, Position};
use crate::protocol::revocation::Revocation;
use crate::protocol::rule::Rule;
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// Everything that can happen to a room.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// A client's connection was accepted.
    Connected {
        /// The new id of the connection, unique in the room.
        client: ClientId,
        /// What its token allows. The front Worker has checked that it allows this session.
        grant: Grant,
        /// Its view.
        view: View,
        /// What it may do besides watching.
        company: Company,
        /// What it has seen.
        resume: Resume,
        /// The topics of which it has seen that, if they are not those of its view.
        resume_topics: Option<Topics>,
        /// The seat that counts it for its address, if one does.
        address: Option<String>,
    },
    /// A client sent something that the runtime did not answer.
    Frame {
        /// The client.
        client: &'a ClientId,
        /// What it sent.
        said: Said,
    },
    /// A connection has ended.
    Disconnected {
        /// The client.
        client: &'a ClientId,
        /// The close code that the platform reports.
        code: u16,
    },
    /// A request with updates arrived.
    Published(Post),
    /// The tenant has answered [`super::Effect::Verify`]. The client may have left meanwhile.
    Verified {
        /// The client.
        client: ClientId,
        /// The `ref` of its frame.
        reference: Option<String>,
        /// What the tenant says of the token.
        verdict: Verdict,
    },
    /// Tokens count no longer.
    Revoked(Revocation),
    /// The tenant has a rule for its rooms. Not for a room that has never begun.
    Ruled(Rule),
    /// The tenant has noted what [`super::Effect::Announce`] told it.
    Announced {
        /// Which change it was.
        number: u64,
    },
    /// The room is to end, whoever is in it, because its tenant has ended.
    Abolished,
    /// To a relay: what its parent has sent.
    Adopted {
        /// What that is.
        served: Served,
        /// Whether it is the answer to a question.
        asked: bool,
    },
    /// To a relay: its parent has not answered its question.
    Unanswered,
    /// A relay has answered what it was fed with.
    Fed {
        /// The relay.
        guest: Guest,
        /// What it has now; `None` if it did not answer.
        ate: Option<Ate>,
    },
    /// Another object of the room has answered a letter of [`super::Effect::Write`].
    Replied {
        /// The object, and the number of the letter.
        to: Addressee,
        /// What it answers; `None` if it did not.
        reply: Option<Reply>,
    },
    /// The wait of [`super::Effect::FeedLater`] is over.
    FeedDue,
    /// The wait of [`super::Effect::OpenWindow`] is over.
    WindowElapsed,
    /// The wait of [`super::Effect::OweStates`] is over.
    StatesDue,
    /// The wait of [`super::Effect::Pace`] is over.
    PaceElapsed,
    /// The wait of [`super::Effect::GatherPresence`] is over.
    PresenceDue,
    /// The alarm of [`super::Effect::WakeAt`] went off.
    Woken {
        /// When the runtime last answered a ping of each client that has pinged.
        pinged: Vec<(ClientId, Timestamp)>,
    },
    /// A client wants to join a room that may have so many members and no more.
    Crowded {
        /// The members that the room may have.
        clients: usize,
        /// When the runtime last answered a ping of each client that has pinged.
        pinged: Vec<(ClientId, Timestamp)>,
    },
    /// The answer to [`super::Effect::AskPings`].
    Pinged(Vec<(ClientId, Timestamp)>),
}

/// What a joining client has seen, or wants to see first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// The client has seen everything up to this position.
    From(Position),
    /// The same, and it comes back under a name, which the greeting repeats.
    As {
        /// The name.
        pid: String,
        /// Its position.
        position: Position,
    },
    /// The client wants the state.
    State,
    /// The client will ask for the state if it wants it.
    OnRequest,
}

impl Resume {
    /// The position up to which the client has seen everything.
    pub fn position(&self) -> Option<&Position> {
        match self {
            Self::From(position) | Self::As { position, .. } => Some(position),
            Self::State | Self::OnRequest => None,
        }
    }

    /// The name under which it comes back.
    pub fn pid(&self) -> Option<&str> {
        match self {
            Self::As { pid, .. } => Some(pid),
            Self::From(_) | Self::State | Self::OnRequest => None,
        }
    }
}

/// What a client sent, decoded by its dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A well-formed frame.
    Frame {
        /// The frame.
        frame: ClientFrame,
        /// Its `ref`, which an error repeats.
        reference: Option<String>,
    },
    /// A malformed frame.
    Bad(BadFrame),
    /// A frame over the size limit, which was not decoded.
    TooLong,
}

/// What a tenant says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is good for this grant.
    Granted(Grant),
    /// It is refused.
    Refused(Refusal),
    /// The tenant did not answer.
    Unanswered,
}
