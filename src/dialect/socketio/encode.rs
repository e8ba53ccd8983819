//! What members over Socket.IO are sent: each update is an event, each answer to an emit its acknowledgement.
//!
//! Which client gets what is decided in the room.

use std::rc::Rc;

use serde_json::json;

use super::super::json::value;
use super::super::Frames;
use super::packet::{ack_text, awaited, connected as connected_text, disconnected, event_text};
use super::recovery::{offset, pid as new_pid, Level};
use super::refusal::is_final;
use crate::protocol::client_frame::BadFrame;
use crate::protocol::codes::CloseReason;
use crate::protocol::company::note::Note;
use crate::protocol::form::Form;
use crate::protocol::ids::Seq;
use crate::protocol::server_frame::Recovery;
use crate::protocol::socket_io::{SocketIo, SocketIoForm};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;
use crate::room::outgoing::{Greeting, Message, Slice, Snapshot};

/// How members in one namespace are spoken to.
#[derive(Debug, Clone, Copy)]
pub struct Speech<'s> {
    /// The description of the document.
    pub form: &'s SocketIoForm,
    /// The namespace.
    pub namespace: &'s str,
}

/// What is sent in place of an offset with updates that leave the position of a client as it is.
const NO_OFFSET: &str = "null";

impl<'s> Speech<'s> {
    /// How a dialect speaks.
    pub fn of(form: &'s SocketIo, namespace: &'s str) -> Self {
        Self { form: form.form(), namespace }
    }

    /// The packets of a message to a client that sees these topics.
    pub fn message(self, message: &Message, topics: &Topics, now: Timestamp) -> Frames {
        match message {
            Message::Connected(greeting) => self.connected(greeting),
            Message::State(snapshot) => self.state(snapshot, topics, now),
            Message::Updates(updates) => self.each(&updates.each, topics, now),
            Message::Subscribed { reference, topics, added } => {
                self.subscribed(reference.as_deref(), topics, (added, now))
            }
            Message::Unsubscribed { reference, topics, seen } => {
                self.unsubscribed(reference.as_deref(), topics, *seen)
            }
            Message::Paced { reference, ms } => {
                self.answer(reference.as_deref(), json!({"ms": ms}))
            }
            Message::Refreshed { reference, expires, topics, .. } => {
                let expires = expires.map(Timestamp::rfc3339);
                self.answer(reference.as_deref(), json!({"expiresAt": expires, "topics": topics}))
            }
            Message::Expiring { expires } => {
                self.event("auth.expiring", &json!({"expiresAt": expires.rfc3339()}))
            }
            Message::Done { reference } => self.answer(Some(reference), json!({})),
            Message::Company(note) => self.note(note),
            // Its heartbeat is of its session.
            Message::Pong | Message::Returning { .. } => Frames::new(),
            Message::Error { bad, .. } => self.error(bad),
        }
    }

    /// The answer to CONNECT. A client that gets the `pid` again that it has shown has recovered.
    fn connected(self, greeting: &Greeting) -> Frames {
        let Greeting { client, head, recovery, pid, shown, .. } = greeting;
        let sid = client.as_str();
        let pid = match (recovery, pid) {
            (Recovery::Replayed, Some(pid)) => pid.clone(),
            // It has not seen the state that follows.
            (Recovery::Snapshot, _) => new_pid(head, client, (Level::Not, *shown)),
            (Recovery::None | Recovery::Replayed, _) => new_pid(head, client, (Level::Is, *shown)),
        };
        let answer =
            if self.form.recovery { json!({"sid": sid, "pid": pid}) } else { json!({"sid": sid}) };
        vec![connected_text(self.namespace, &answer.to_string()).into()]
    }

    /// The state, as events. Only the last has an offset, that of the whole: a client that is lost before has no state yet, and one
    /// that had asked for it anew goes on from where it was.
    fn state(self, snapshot: &Snapshot, topics: &Topics, now: Timestamp) -> Frames {
        let seq = snapshot.head.seq;
        let whole = offset(seq, topics);
        let mut frames = Frames::new();
        for (left, slice) in (0..snapshot.each.len()).rev().zip(&snapshot.each) {
            let last = if left == 0 { &whole } else { NO_OFFSET };
            frames.extend(self.update(slice, last, now));
        }
        let counts = frames.last().is_some_and(|text| awaited(text).is_none());
        if self.form.recovery && !counts {
            frames.push(self.position(seq, &whole));
        }
        frames
    }

    /// One event per update.
    pub fn each(self, slices: &[Slice], topics: &Topics, now: Timestamp) -> Frames {
        let mut frames = Frames::new();
        for slice in slices {
            let offset = offset(slice.seq, topics);
            let event = self.update(slice, &offset, now);
            let has_id = event.as_deref().is_some_and(|text| awaited(text).is_some());
            frames.extend(event);
            if has_id && self.form.recovery {
                frames.push(self.position(slice.seq, &offset));
            }
        }
        frames
    }

    /// An offset in an event of its own, where no update carries it. A client takes none from an event with a callback, so it follows
    /// an update that has to be acknowledged.
    fn position(self, seq: Seq, offset: &str) -> Rc<str> {
        let args = format!("{},{offset}", json!({"seq": seq}));
        event_text(self.namespace, None, "position", &args).into()
    }

    /// The event of an update. `None` if a stored update cannot be read.
    fn update(self, slice: &Slice, last: &str, now: Timestamp) -> Option<Rc<str>> {
        let slices = slice.values()?;
        let fill = |arg: &Form| arg.fill(&|name| value(name, &slices, slice.seq, now));
        let args = self.form.args.iter().map(fill);
        let mut args: Vec<String> = args.collect();
        if self.form.recovery {
            args.push(last.to_owned());
        }
        let name = slices.kind()?;
        let id = self.form.acknowledged.contains_key(name).then_some(slice.seq);
        Some(event_text(self.namespace, id, name, &args.join(",")).into())
    }

    /// The state of topics that are new to a client, then all of its topics, then the acknowledgement. The offset goes on with the
    /// last but one: a client that is lost before that comes back with the topics that it had.
    fn subscribed(
        self,
        reference: Option<&str>,
        topics: &Topics,
        (added, now): (&Snapshot, Timestamp),
    ) -> Frames {
        let added_updates = added.each.iter();
        let mut frames: Frames =
            added_updates.filter_map(|slice| self.update(slice, NO_OFFSET, now)).collect();
        frames.push(self.now_has("subscribed", topics, Some(added.head.seq)));
        frames.extend(self.ack(reference, &json!({"status": "ok", "topics": topics})));
        frames
    }

    /// The topics that are left, then the acknowledgement. A client that is lost after that comes back with these topics.
    fn unsubscribed(self, reference: Option<&str>, topics: &Topics, seen: Option<Seq>) -> Frames {
        let mut frames = vec![self.now_has("unsubscribed", topics, seen)];
        frames.extend(self.ack(reference, &json!({"status": "ok", "topics": topics})));
        frames
    }

    /// The event that tells a client its topics, with the offset of what it has been sent of them.
    fn now_has(self, name: &str, topics: &Topics, seen: Option<Seq>) -> Rc<str> {
        let mut args = json!({"topics": topics}).to_string();
        if self.form.recovery {
            let offset = seen.map_or(NO_OFFSET.into(), |seq| offset(seq, topics));
            args = format!("{args},{offset}");
        }
        event_text(self.namespace, None, name, &args).into()
    }

    /// What answers an emit that did what it asked for.
    fn answer(self, reference: Option<&str>, fields: serde_json::Value) -> Frames {
        let mut answer = json!({"status": "ok"});
        if let (Some(answer), serde_json::Value::Object(fields)) = (answer.as_object_mut(), fields)
        {
            answer.extend(fields);
        }
        self.ack(reference, &answer)
    }

    /// An error about an emit: its acknowledgement, or the event `exception` if it wants none.
    fn error(self, bad: &BadFrame) -> Frames {
        let error = json!({
            "status": "error",
            "code": bad.fault.code(),
            "message": bad.message,
            "retryable": bad.fault.is_retryable(),
        });
        match bad.reference.as_deref() {
            Some(id) => self.ack(Some(id), &error),
            None => self.event("exception", &error),
        }
    }

    /// Something about the others: an event of its type, or the acknowledgement of who asked for it.
    fn note(self, note: &Note) -> Frames {
        let (name, body) = (note.kind(), note.body());
        let asked = note.field("ref");
        let id = asked.and_then(|id| serde_json::from_str::<String>(id).ok());
        let text = match (asked, id) {
            (Some(asked), Some(id)) => {
                let body = body.replacen(&format!(r#""ref":{asked}"#), r#""status":"ok""#, 1);
                ack_text(self.namespace, &id, &body)
            }
            _ => event_text(self.namespace, None, name, &body),
        };
        vec![text.into()]
    }

    fn ack(self, reference: Option<&str>, answer: &serde_json::Value) -> Frames {
        let ack = |id| ack_text(self.namespace, id, &answer.to_string()).into();
        reference.map(ack).into_iter().collect()
    }

    /// An event without an offset.
    fn event(self, name: &str, data: &serde_json::Value) -> Frames {
        vec![event_text(self.namespace, None, name, &data.to_string()).into()]
    }

    /// What a member is sent before it is closed.
    pub fn notice(self, reason: CloseReason) -> Frames {
        let (code, number) = (reason.code(), reason.close().number());
        let error = json!({"status": "error", "code": code, "close": number});
        let mut frames = self.event("exception", &error);
        if is_final(reason) {
            frames.push(disconnected(self.namespace).into());
        }
        frames
    }
}

#[cfg(test)]
mod tests;
