//! The tenant's object of a run: its document, and the rooms that it tells its rule, as `src/shell/tenant_rooms.rs` does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use roomcast::hop::tenant::Copy;
use roomcast::limits::{ENDING_AT_ONCE, TELL_MS};
use roomcast::protocol::codes::Refusal;
use roomcast::protocol::rule::Rule;
use roomcast::room::Verdict;
use roomcast::tenant::telling::Telling;
use roomcast::tenant::Tenant;
use serde_json::Value;

use crate::documents::{document, tenant};
use crate::events::{Answer, Asker, Call, Event, To};
use crate::system::System;
use crate::undertaking::What;

pub(crate) struct TenantObject {
    pub(crate) skew: i64,
    pub(crate) version: u64,
    pub(crate) document: Value,
    /// The same, read.
    pub(crate) parsed: Rc<Tenant>,
    pub(crate) suspended: bool,
    /// When it was last opened or suspended.
    pub(crate) since: u64,
    pub(crate) rooms: BTreeSet<String>,
    pub(crate) telling: Option<Telling>,
    /// Where somebody is, as rooms have announced last.
    pub(crate) occupied: BTreeMap<String, bool>,
    /// Whether it is telling some rooms.
    tells: bool,
}

/// Some rooms are told a rule.
pub(crate) struct Passing {
    rooms: Vec<String>,
    telling: Telling,
    silent: bool,
}

impl TenantObject {
    pub(crate) fn new(skew: i64) -> Self {
        let document = document(false, 1);
        let parsed = Rc::new(tenant(document.clone()));
        Self {
            parsed,
            skew,
            version: 1,
            document,
            suspended: false,
            since: 0,
            rooms: BTreeSet::new(),
            telling: None,
            occupied: BTreeMap::new(),
            tells: false,
        }
    }
}

impl System {
    pub(crate) fn tenant_is_asked(&mut self, call: Call, asker: Option<Asker>) {
        match call {
            Call::Document(known) => {
                let version = self.tenant.version.to_string();
                let same = known.version.as_ref() == Some(&version);
                let document = self.tenant.document.clone();
                let changed = || Copy::Changed { version, document, keys: Vec::new() };
                let copy = if same { Copy::Unchanged } else { changed() };
                self.reply(asker, Answer::Copy(copy));
            }
            Call::Begun(begun) => {
                self.tenant.rooms.insert(begun.room);
                let told = self.tenant.telling.as_ref().map(Telling::rule);
                self.reply(asker, Answer::Welcome(told.unwrap_or_default()));
            }
            Call::Ended(room) => drop(self.tenant.rooms.remove(&room)),
            Call::Announce(change) => {
                self.tenant.occupied.insert(change.room, change.occupied);
                self.reply(asker, Answer::Noted);
            }
            other => std::panic::panic_any(format!("no question to a tenant: {other:?}")),
        }
    }

    /// The document changes.
    pub(crate) fn change_document(&mut self, suspended: bool, days: u64) {
        let now = self.clock(self.tenant.skew);
        let object = &mut self.tenant;
        object.document = document(suspended, days);
        object.version += 1;
        if object.suspended != suspended {
            (object.suspended, object.since) = (suspended, self.now);
        }
        object.parsed = Rc::new(tenant(object.document.clone()));
        let rule: Rule = object.parsed.rule();
        if let Some(telling) = Telling::changed(object.telling.as_ref(), rule, now) {
            object.telling = Some(telling);
        }
        self.later(1, Event::TenantAlarm);
    }

    pub(crate) fn tenant_wakes(&mut self) {
        let now = self.clock(self.tenant.skew);
        let Some(telling) = self.tenant.telling.clone().filter(|_| !self.tenant.tells) else {
            return;
        };
        match telling.due() {
            Some(due) if due <= now => self.pass(telling),
            Some(due) => {
                let at = self.when(due, self.tenant.skew) + 1;
                self.calendar.enter(at, Event::TenantAlarm);
            }
            None => {}
        }
    }

    fn pass(&mut self, telling: Telling) {
        let after = telling.after().to_owned();
        let rooms = self.tenant.rooms.iter().filter(|room| **room > after);
        let rooms: Vec<String> = rooms.take(ENDING_AT_ONCE).cloned().collect();
        let rule = telling.rule();
        self.tenant.tells = true;
        let mut passing = Passing { rooms: rooms.clone(), telling, silent: false };
        if rooms.is_empty() {
            self.pass_goes_on(&mut passing);
            return;
        }
        let number = self.begin(Some(To::Tenant), What::Pass(passing));
        for (question, room) in (0..).zip(rooms) {
            self.ask((To::Room(room), Call::Rule(rule)), (number, question), TELL_MS);
        }
    }

    pub(crate) fn room_was_told(&mut self, passing: &mut Passing, question: u32, answer: &Answer) {
        match answer {
            Answer::Ruled(true) => {}
            Answer::Ruled(false) => {
                if let Some(room) = passing.rooms.get(question as usize) {
                    self.tenant.rooms.remove(room);
                }
            }
            _ => passing.silent = true,
        }
    }

    pub(crate) fn pass_goes_on(&mut self, passing: &mut Passing) {
        let now = self.clock(self.tenant.skew);
        self.tenant.tells = false;
        // Something else may have to be told by now.
        if self.tenant.telling.as_ref() == Some(&passing.telling) {
            let last = passing.rooms.last().map(String::as_str);
            let mut told = passing.telling.clone();
            told.told(last, passing.silent, now);
            self.tenant.telling = Some(told);
        }
        self.later(1, Event::TenantAlarm);
    }

    /// The object is lost. All that it has is stored; what it was doing, its alarm does again.
    pub(crate) fn lose_tenant(&mut self) {
        self.tenant.tells = false;
        self.give_up(&To::Tenant);
        self.later(2_000, Event::TenantAlarm);
    }

    /// Answers a room about tokens.
    pub(crate) fn tenant_judges(&mut self, name: &str) {
        let now = self.clock(self.tenant.skew);
        let tenant = self.tenant.parsed.clone();
        let judge = |text: &str| match roomcast::auth::token::verify(&tenant.tokens, text, now) {
            Ok(grant) => Verdict::Granted(grant),
            Err(distrust) => Verdict::Refused(Refusal::from(distrust)),
        };
        let unanswered = self.is_lost();
        self.turn(name, "Verified", |sessions| {
            let world = &mut sessions.world;
            for (token, _) in &world.asked {
                let verdict = if unanswered { Verdict::Unanswered } else { judge(token) };
                world.verdicts.insert(token.clone(), verdict);
            }
            if !world.asked.is_empty() {
                world.answer_next();
            }
        });
    }

    /// Whether nobody may be connected by now, whatever was under way when the tenant was suspended.
    pub(crate) fn is_shut(&self) -> bool {
        let told = self.tenant.telling.as_ref().is_some_and(|one| one.due().is_none());
        self.tenant.suspended && told && self.now - self.tenant.since > 50_000
    }
}
