//! What a room tells its operator: that it reports while it is watched, and how it stands when it is asked. And what is different
//! in the console's own room, to which reports are delivered: it belongs to no tenant.

use std::rc::Rc;

use futures::future::join;
use worker::Env;

use super::RoomHost;
use crate::auth::operator;
use crate::hop::CONSOLE;
use crate::limits::REPORT_MS;
use crate::metering::ledger::{Entry, Metered};
use crate::protocol::bearer::Bearer;
use crate::protocol::ids::{BadId, RoomName, SessionId};
use crate::protocol::report::{Report, Reported, Standing};
use crate::protocol::time::Timestamp;
use crate::room::Verdict;
use crate::runner::{Readers, RoomFailed};
use crate::shell::environment::{deployment, now, within};
use crate::shell::record::{write, Line};
use crate::shell::{analytics, console, objects};

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

    /// Whether the room tells a meter what it does.
    pub(super) fn has_meter(&self) -> bool {
        !self.is_console() && deployment(&self.env).is_ok_and(|deployment| deployment.metering)
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

    /// Sends a report to the console, or to the tenant's meter, or both. What does not get there is lost there.
    pub(super) fn send_report(self: &Rc<Self>, report: Report, readers: Readers) {
        let Ok(room) = self.name().parse::<RoomName>() else { return };
        let env = self.env.clone();
        self.state.wait_until(async move {
            let watched = to_console(&env, &room, &report, readers.console);
            let metered = to_meter(&env, &room, &report, readers.meter);
            if join(watched, metered).await != (true, true) {
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

/// Says whether the report has arrived, or was not wanted.
async fn to_console(env: &Env, room: &RoomName, report: &Report, wanted: bool) -> bool {
    if !wanted {
        return true;
    }
    let reported = Reported::of(room, report.clone());
    within(REPORT_MS, console::deliver(env, &reported)).await.is_some()
}

/// Likewise. It goes to Analytics Engine as well.
async fn to_meter(env: &Env, room: &RoomName, report: &Report, wanted: bool) -> bool {
    if !wanted {
        return true;
    }
    let written = analytics::write(env, room, report);
    let Report { room: Standing { members, .. }, did, details, closes, .. } = report.clone();
    let metered = Metered { object: room.within(), members, did, details, closes };
    let entry = Entry::Report(Box::new(metered));
    written && within(REPORT_MS, objects::meter(env, &room.tenant, &entry)).await.is_some()
}
