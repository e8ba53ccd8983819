//! What a room tells its operator: that it reports while it is watched, and how it stands when it is asked. And what is different
//! in the console's own room, to which reports are delivered: it belongs to no tenant.

use std::rc::Rc;

use super::RoomHost;
use crate::auth::operator;
use crate::hop::CONSOLE;
use crate::limits::REPORT_MS;
use crate::protocol::bearer::Bearer;
use crate::protocol::ids::{BadId, RoomName, SessionId};
use crate::protocol::report::{Report, Reported};
use crate::protocol::time::Timestamp;
use crate::room::Verdict;
use crate::runner::RoomFailed;
use crate::shell::console;
use crate::shell::environment::{deployment, now, within};
use crate::shell::record::{write, Line};

/// The session of the console.
const SESSION: &str = "console";

/// The session of the room of this name.
pub(super) fn session(name: &str) -> Result<SessionId, BadId> {
    match name {
        CONSOLE => SESSION.parse(),
        name => name.parse().map(|RoomName { session, .. }| session),
    }
}

impl RoomHost {
    pub(super) fn is_console(&self) -> bool {
        self.name() == CONSOLE
    }

    /// Somebody says until when the operator watches the tenant, if that is so.
    pub(in crate::shell) fn hear_watched(self: &Rc<Self>, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.runner.borrow_mut().watch(until, now());
        }
    }

    /// How the room stands, as JSON; nothing if it has never begun. Then it does not begin.
    pub(in crate::shell) fn survey(self: &Rc<Self>) -> Result<String, RoomFailed> {
        let begun = self.or_fail("begun", self.storage.begun())?;
        let Ok(room) = self.name().parse() else { return Ok(String::new()) };
        if begun.is_none() {
            return Ok(String::new());
        }
        let report = self.runner.borrow_mut().survey(&mut self.clone())?;
        Ok(Reported::of(&room, report).encode())
    }

    /// Sends a report to the console. If it does not get there, the next one will.
    pub(super) fn send_report(self: &Rc<Self>, report: Report) {
        let Ok(room) = self.name().parse::<RoomName>() else { return };
        let env = self.env.clone();
        self.state.wait_until(async move {
            let reported = Reported::of(&room, report);
            if within(REPORT_MS, console::deliver(&env, &reported)).await.is_none() {
                write(&Line::ReportFailed { room: &room.to_string() });
            }
        });
    }

    /// The operator has shown a token again.
    pub(super) fn verify_operator(&self, token: &Bearer) -> Verdict {
        let Ok(deployment) = deployment(&self.env) else { return Verdict::Unanswered };
        match operator::renew(deployment.admin_token.as_ref(), token.as_str(), now()) {
            Ok(grant) => Verdict::Granted(grant),
            Err(refusal) => Verdict::Refused(refusal),
        }
    }
}
