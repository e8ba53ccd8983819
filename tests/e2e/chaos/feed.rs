//! Backends that post, each body until it is answered 202, as backends should. What was answered is what must never be lost.
//!
//! It does not look at rooms: the [audit](super::audit) compares them with the answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use roomcast::protocol::time::Timestamp;
use serde_json::Value;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::rooms::{Room, KEYS};
use crate::support::clock::now;
use crate::support::publisher::Publisher;
use crate::support::worker_config::WEBHOOK_SECRET;

/// Backends, each with a body of three events at a time.
const BACKENDS: usize = 4;
const EVENTS: usize = 3;

/// The pause of a backend between two bodies. Together they post about 50 events a second.
const PAUSE: Duration = Duration::from_millis(220);

/// The pause before a body is repeated.
const AGAIN: Duration = Duration::from_millis(20);

/// What an event was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) room: Room,
    pub(crate) id: String,
    pub(crate) seq: u64,
}

/// What the backends have been answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Those that nobody has compared with the log yet.
    pub(crate) unchecked: Vec<Answered>,
    /// How many events were answered in all.
    pub(crate) events: u64,
    /// How often a post was answered so: the status with the code of its problem, or that there was no answer.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// The last body of each backend, with its answers.
    pub(crate) last: BTreeMap<usize, (Vec<Value>, Vec<Answered>)>,
    /// Answers that nobody should get.
    pub(crate) wrong: Vec<String>,
}

#[derive(Debug)]
struct Shared {
    publisher: Publisher,
    rooms: &'static [Room],
    answers: Mutex<Answers>,
    ended: AtomicBool,
    /// How far the clock that backends sign by is ahead of ours, in seconds.
    ahead_s: AtomicU64,
}

/// Running backends.
#[derive(Debug)]
pub(crate) struct Feed {
    shared: Arc<Shared>,
    /// Each backend holds it while a body is under way.
    gate: Arc<RwLock<()>>,
    backends: Vec<JoinHandle<()>>,
}

impl Feed {
    /// Starts backends that post to these rooms. The ids of their events begin with `name`.
    pub(crate) fn start(publisher: Publisher, rooms: &'static [Room], name: &'static str) -> Self {
        let (answers, ended, ahead_s) =
            (Mutex::default(), AtomicBool::new(false), AtomicU64::new(0));
        let shared = Arc::new(Shared { publisher, rooms, answers, ended, ahead_s });
        let gate = Arc::new(RwLock::new(()));
        let start = |backend| tokio::spawn(run(shared.clone(), gate.clone(), (name, backend)));
        let backends = (0..BACKENDS).map(start).collect();
        Self { shared, gate, backends }
    }

    /// Waits until every body under way is answered, and lets none begin as long as what is returned lives.
    pub(crate) async fn pause(&self) -> OwnedRwLockWriteGuard<()> {
        self.gate.clone().write_owned().await
    }

    /// Ends the backends when their bodies are answered.
    pub(crate) async fn end(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        for backend in self.backends.drain(..) {
            backend.await.expect("a backend that is through");
        }
    }

    /// The answers so far.
    pub(crate) fn answers(&self) -> MutexGuard<'_, Answers> {
        self.shared.answers()
    }

    /// Makes the backends sign by a clock that is so many seconds ahead.
    pub(crate) fn sign_ahead(&self, seconds: u64) {
        self.shared.ahead_s.store(seconds, Ordering::Relaxed);
    }

    /// Posts these events once more. Returns what they are answered.
    pub(crate) async fn again(&self, events: &[Value]) -> Value {
        self.shared.until_taken(events).await
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.backends.iter().for_each(JoinHandle::abort);
    }
}

async fn run(shared: Arc<Shared>, gate: Arc<RwLock<()>>, (name, backend): (&str, usize)) {
    let mut number = backend;
    loop {
        let under_way = gate.clone().read_owned().await;
        if shared.ended.load(Ordering::Relaxed) {
            return;
        }
        let (events, rooms) = body(shared.rooms, &format!("{name}-{backend}-{number}"), number);
        let results = shared.until_taken(&events).await;
        shared.answers().note((backend, events), &rooms, &results);
        drop(under_way);
        number += 1;
        sleep(PAUSE).await;
    }
}

/// A body, and the room of each of its events.
fn body(rooms: &[Room], name: &str, number: usize) -> (Vec<Value>, Vec<Room>) {
    let room = |place: usize| rooms[(number + place) % rooms.len()];
    let event = |place: usize| {
        let key = (number * EVENTS + place) as u64 % KEYS;
        room(place).event(&format!("{name}-{place}"), key)
    };
    ((0..EVENTS).map(event).collect(), (0..EVENTS).map(room).collect())
}

impl Shared {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until_taken(&self, events: &[Value]) -> Value {
        let body = serde_json::to_string(events).expect("JSON");
        loop {
            let ahead = self.ahead_s.load(Ordering::Relaxed);
            let at = Timestamp(now().0 + ahead * 1_000);
            let sent = self.publisher.signed_with(WEBHOOK_SECRET, at, body.clone()).send().await;
            let (status, answer) = match sent {
                Ok(response) => (response.status().as_u16(), response.json::<Value>().await.ok()),
                Err(_) => (0, None),
            };
            self.answers().count(status, answer.as_ref());
            match answer {
                Some(answer) if status == 202 => return answer,
                _ => sleep(AGAIN).await,
            }
        }
    }
}

impl Answers {
    /// Counts an answer. Besides 202, only "come again" is honest.
    fn count(&mut self, status: u16, answer: Option<&Value>) {
        let code = answer.and_then(|answer| answer["code"].as_str()).unwrap_or_default();
        let named = match (status, answer) {
            (0, _) | (_, None) => "no answer".to_owned(),
            _ => format!("{status} {code}").trim().to_owned(),
        };
        let honest = matches!(
            (status, code),
            (0 | 202, _) | (503, "room_failed") | (401, "signature_stale")
        );
        if !honest && answer.is_some() {
            self.wrong.push(format!("a post was answered {named}: {answer:?}"));
        }
        *self.statuses.entry(named).or_default() += 1;
    }

    fn note(&mut self, (backend, events): (usize, Vec<Value>), rooms: &[Room], answer: &Value) {
        let results = answer["results"].as_array().cloned().unwrap_or_default();
        if results.len() != events.len() {
            self.wrong.push(format!("{} events were answered {answer}", events.len()));
        }
        let mut noted = Vec::new();
        for ((event, room), result) in events.iter().zip(rooms).zip(&results) {
            match answered(event, *room, result) {
                Some(answered) => noted.push(answered),
                None => self.wrong.push(format!("{event} was answered {result}")),
            }
        }
        self.events += noted.len() as u64;
        self.unchecked.extend(noted.iter().cloned());
        self.last.insert(backend, (events, noted));
    }
}

/// The answer to an event that was taken.
fn answered(event: &Value, room: Room, result: &Value) -> Option<Answered> {
    let taken = result["status"] == "accepted" || result["status"] == "duplicate";
    let id =
        event["event_id"].as_str().filter(|_| taken && result["eventId"] == event["event_id"])?;
    Some(Answered { room, id: id.to_owned(), seq: result["seq"].as_u64()? })
}
