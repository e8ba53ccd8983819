//! A member's part in the company of a room: what it may do, and what it shows. Stored with the member.
//!
//! `presence` and `signals` act on it. Frames for the others need no log, so that a room that was evicted does not read it for
//! them.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::effect::Effect;
use super::input::Said;
use super::members::Members;
use super::outgoing::Message;
use crate::protocol::client_frame::{BadFrame, ClientFrame};
use crate::protocol::codes::FrameFault;
use crate::protocol::company::{Company, CompanyFrame};
use crate::protocol::defaults::is_default;
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// A member's part in the company of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it may do.
    #[serde(flatten)]
    pub may: Company,
    /// What it shows of its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// The time up to which its signals have used its rate: see `signals`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signalled: Timestamp,
    /// When it was last sent the list of who is here because it asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asked: Timestamp,
}

/// What a member shows of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ShownForm", into = "ShownForm")]
pub struct Shown {
    /// When it was set. Later than what other connections of the user have set before.
    pub at: Timestamp,
    /// JSON; `None` for nothing, in place of what other connections show.
    pub data: Option<Rc<str>>,
}

#[derive(Serialize, Deserialize)]
struct ShownForm {
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl From<ShownForm> for Shown {
    fn from(ShownForm { at, data }: ShownForm) -> Self {
        Self { at, data: data.map(|data| data.to_string().into()) }
    }
}

impl From<Shown> for ShownForm {
    fn from(Shown { at, data }: Shown) -> Self {
        Self { at, data: data.and_then(|data| serde_json::from_str(&data).ok()) }
    }
}

impl Members {
    /// Takes a frame for the others.
    pub(super) fn converse(
        &mut self,
        client: &ClientId,
        frame: CompanyFrame,
        reference: Option<String>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let said = Said::Frame { frame: ClientFrame::Company(frame), reference };
        let Some(heard) = self.charge(client, said, now, effects) else { return };
        let answer = match heard {
            Ok((ClientFrame::Company(frame), reference)) => {
                self.answer(client, frame, reference, now)
            }
            Ok(_) => return,
            Err(bad) => Err(bad),
        };
        self.remember(client, effects);
        let refusal = |bad| self.tell(client, Message::Error { bad, at: now });
        effects.extend(answer.unwrap_or_else(refusal));
    }

    pub(super) fn answer(
        &mut self,
        client: &ClientId,
        frame: CompanyFrame,
        reference: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, BadFrame> {
        let asks = matches!(frame, CompanyFrame::GetPresence);
        let answered = match frame {
            CompanyFrame::SetPresence { data } => self.show(client, data, now).map(|()| Vec::new()),
            CompanyFrame::GetPresence => self.ask_who_is_here(client, reference.as_deref(), now),
            CompanyFrame::Signal { topic, data } => {
                self.signal(client, topic.as_deref(), &data, now)
            }
        };
        match answered {
            Ok(mut effects) => {
                effects.extend(self.confirm(client, reference.filter(|_| !asks)));
                Ok(effects)
            }
            Err((fault, message)) => Err(BadFrame { fault, message, reference }),
        }
    }
}

/// Why a frame for the others is refused, and what to do about it.
pub(super) type Refused = (FrameFault, String);
