//! A pointer of a run: which session earlier events of an aggregate named, as `src/shell/pointer_do.rs` keeps it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use roomcast::hop::lesson::Lesson;
use roomcast::protocol::ids::SessionId;
use roomcast::protocol::time::Timestamp;

use crate::events::{Answer, Asker, Call};
use crate::system::System;

/// What is stored: the session of each aggregate, and when its event occurred.
#[derive(Default)]
pub(crate) struct Pointer(BTreeMap<String, (SessionId, Timestamp)>);

impl System {
    pub(crate) fn pointer_is_asked(&mut self, name: &str, call: &Call, asker: Option<Asker>) {
        let fails = self.chance.happens(self.weather.fails);
        let Pointer(known) = self.pointers.entry(name.to_owned()).or_default();
        let sessions = match call {
            Call::Find(names) => {
                let names: Vec<String> = serde_json::from_str(names).unwrap();
                names
                    .iter()
                    .map(|name| known.get(name).map(|(session, _)| session.clone()))
                    .collect()
            }
            Call::Learn(_) if fails => return,
            Call::Learn(lessons) => {
                let lessons: Vec<Lesson> = serde_json::from_str(lessons).unwrap();
                lessons.into_iter().map(|lesson| Some(learn(known, lesson))).collect()
            }
            other => std::panic::panic_any(format!("no question to a pointer: {other:?}")),
        };
        self.reply(asker, Answer::Sessions(sessions));
    }
}

fn learn(known: &mut BTreeMap<String, (SessionId, Timestamp)>, lesson: Lesson) -> SessionId {
    if let Some((session, at)) = known.get(&lesson.name) {
        if *at > lesson.at || *session == lesson.session {
            return session.clone();
        }
    }
    known.insert(lesson.name, (lesson.session.clone(), lesson.at));
    lesson.session
}
