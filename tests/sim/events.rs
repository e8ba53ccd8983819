//! Everything that can happen in a run, and everything that programs ask each other.

use roomcast::hop::seat::{RevokeUser, Take, Taken};
use roomcast::hop::tenant::{Begun, Change, Copy, Known};
use roomcast::protocol::ids::{ClientId, SessionId};
use roomcast::protocol::lease::RollCall;
use roomcast::protocol::revocation::Revocation;
use roomcast::protocol::rule::Rule;
use roomcast::protocol::time::Timestamp;
use roomcast::room::publish::Outcomes;
use roomcast::room::tree::company::letters::Reply;
use roomcast::room::tree::feeding::Ate;
use roomcast::room::tree::placing::Placement;

use crate::connecting::Request;

/// Who is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Front(usize),
    Room(String),
    Seat(String),
    Pointer(String),
    Tenant,
}

/// What is asked. Where the programs encode it, it is a text here, too.
#[derive(Debug)]
pub(crate) enum Call {
    /// To a front Worker: a client wants to connect.
    Live(Box<Request>),
    /// To a front Worker: a backend posts a body that it signed then.
    Post {
        body: String,
        signed: Timestamp,
    },
    /// To a room: [`roomcast::hop::join::Join`] as a header.
    Join {
        header: String,
        agent: usize,
    },
    /// To a room: [`roomcast::hop::delivery`] as a body.
    Deliver(String),
    /// To a room: which of its objects take members, as JSON.
    Place(String),
    /// To the parent of a relay: what it lacks, as JSON.
    Hunger(String),
    /// To a relay: [`roomcast::hop::feed`] as a body.
    Feed(String),
    /// To another object of a room: [`roomcast::hop::company`] as a body.
    Letter(String),
    Present(RollCall),
    Revoke(Revocation),
    Rule(Rule),
    /// To a seat.
    Take(Take),
    RevokeUser(RevokeUser),
    /// To a pointer: names of aggregates, and lessons, as JSON.
    Find(String),
    Learn(String),
    /// To the tenant's object.
    Document(Known),
    Begun(Begun),
    /// That somebody is in a room, or nobody any more.
    Announce(Change),
    /// A room has ended.
    Ended(String),
}

/// What is answered.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nothing: the question or the answer was lost, or came too late.
    Lost,
    /// Refused, and why.
    Refused(&'static str),
    Joined,
    Connected(ClientId),
    Delivered(Outcomes),
    /// Of a front Worker to a backend: for each event, the room and the number; `None` if it was ignored.
    Posted(Vec<(String, Option<(String, u64)>)>),
    Present(Vec<ClientId>),
    Placed(Placement),
    Served(String),
    Ate(Ate),
    Written(Reply),
    Closed,
    Ruled(bool),
    Taken(Taken),
    Sessions(Vec<Option<SessionId>>),
    Copy(Copy),
    Welcome(Rule),
    Noted,
}

/// To whom an answer goes: which undertaking, and which of its questions.
pub(crate) type Asker = (u64, u32);

/// What a client sends over its connection.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Frame(String),
    Ping,
    Close,
    /// Nothing: by now a client has taken the connection, or none ever will.
    Untaken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waited {
    Window,
    States,
    Presence,
    Feed,
    Pace,
}

#[derive(Debug)]
pub(crate) enum Event {
    Arrive {
        to: To,
        call: Call,
        asker: Option<Asker>,
    },
    Reply {
        asker: Asker,
        answer: Answer,
    },
    /// The next frame reaches the client at the end of a connection.
    Down(ClientId),
    Up(ClientId, Said),
    /// The room learns that a connection has ended.
    Ended(ClientId, u16),
    /// What a room has written is durable.
    Durable(String, u64),
    /// A room's object is lost before that.
    Loss(String, u64),
    Alarm(String, Timestamp),
    Waited(String, Waited, u64),
    /// The tenant answers a room about a token.
    Verdict(String),
    SeatStep(String, u64),
    SeatAlarm(String),
    TenantAlarm,
    Agent(usize),
    Stock(String),
    Backend(usize),
    Fault,
}
