//! A front Worker: an isolate with its copies of the tenant's document and of what pointers said, as `src/shell/tenants.rs` and
//! `src/shell/pointers.rs` keep them.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::rc::Rc;

use roomcast::hop::tenant::{Copy, Known};
use roomcast::protocol::ids::SessionId;
use roomcast::protocol::relay::RelayName;
use roomcast::protocol::time::Timestamp;
use roomcast::tenant::freshness::{freshness, Freshness};
use roomcast::tenant::Tenant;

use crate::documents::tenant;
use crate::events::{Answer, Asker, Call, To};
use crate::system::System;
use crate::undertaking::What;

/// A copy of a document.
#[derive(Clone)]
pub(crate) struct Copied {
    pub(crate) tenant: Rc<Tenant>,
    version: String,
    checked: Timestamp,
}

#[derive(Default)]
pub(crate) struct Front {
    pub(crate) skew: i64,
    pub(crate) copy: Option<Copied>,
    /// The sessions that pointers said, and when.
    pub(crate) seen: BTreeMap<String, (Option<SessionId>, Timestamp)>,
    /// Which relays of a room take members, and until when that is remembered.
    pub(crate) placed: BTreeMap<String, (Vec<(RelayName, usize)>, Timestamp)>,
}

/// What a front Worker does about its copy.
pub(crate) enum Found {
    Tenant(Rc<Tenant>),
    /// It has to ask first.
    Ask(Known),
}

impl System {
    pub(crate) fn front_is_asked(&mut self, front: usize, call: Call, asker: Option<Asker>) {
        match call {
            Call::Live(request) => self.enter(front, *request, asker),
            Call::Post { body, signed } => self.post(front, body, signed, asker),
            other => std::panic::panic_any(format!("no question to a front Worker: {other:?}")),
        }
    }

    /// The tenant, or the question for it.
    pub(crate) fn find(&mut self, front: usize) -> Found {
        let now = self.clock(self.fronts[front].skew);
        let Some(copy) = self.fronts[front].copy.clone() else {
            return Found::Ask(Known { version: None, kid: None });
        };
        let known = Known { version: Some(copy.version.clone()), kid: None };
        match freshness(copy.checked, now) {
            Freshness::Fresh => Found::Tenant(copy.tenant),
            Freshness::Aging => {
                // Only the first request of those that come meanwhile asks.
                self.check_copy(front, now);
                let of = Some(To::Front(front));
                let undertaking =
                    self.begin(of, What::Compare { front, checked: copy.checked, asked: now });
                self.ask((To::Tenant, Call::Document(known)), (undertaking, 0), 3_000);
                Found::Tenant(copy.tenant)
            }
            Freshness::Stale => Found::Ask(known),
        }
    }

    pub(crate) fn front_has_compared(
        &mut self,
        front: usize,
        (checked, asked): (Timestamp, Timestamp),
        answer: Answer,
    ) {
        if self.learn_copy(front, asked, answer).is_none() {
            self.check_copy(front, checked);
        }
    }

    /// Takes the tenant's answer to a question that was asked then.
    pub(crate) fn learn_copy(
        &mut self,
        front: usize,
        asked: Timestamp,
        answer: Answer,
    ) -> Option<Rc<Tenant>> {
        match answer {
            Answer::Copy(Copy::Unchanged) => self.check_copy(front, asked),
            Answer::Copy(Copy::Changed { version, document, .. }) => {
                let tenant = Rc::new(tenant(document));
                self.fronts[front].copy = Some(Copied { tenant, version, checked: asked });
            }
            _ => return None,
        }
        self.fronts[front].copy.as_ref().map(|copy| copy.tenant.clone())
    }

    fn check_copy(&mut self, front: usize, at: Timestamp) {
        if let Some(copy) = &mut self.fronts[front].copy {
            copy.checked = at;
        }
    }
}
