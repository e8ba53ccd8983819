//! The rooms of a run: what is posted to them, and where they are read.
//!
//! Each event says its own id in its data, so that whoever sees an update knows the event. All are about one of a few keys, so that
//! states stay small.

use serde_json::{json, Value};

use super::standing::Update;
use crate::support::checkout;
use crate::support::events::event;

/// How many keys each room has.
pub(crate) const KEYS: u64 = 12;

/// The project that clients subscribe to.
pub(crate) const PROJECT: &str = "p-1";

/// A room that is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// Two sessions, followed by clients of `roomcast.v1`.
    First,
    Second,
    /// The room of the document `projects`, followed in its own frames.
    Projects,
    /// A room that is followed by stock clients of Socket.IO.
    Board,
}

impl Room {
    pub(crate) const ALL: [Self; 4] = [Self::First, Self::Second, Self::Projects, Self::Board];

    /// The session that its tokens name.
    pub(crate) fn session(self) -> &'static str {
        match self {
            Self::First => "s-1",
            Self::Second => "s-2",
            Self::Projects | Self::Board => "all",
        }
    }

    /// The path below which its state and its log are read.
    fn path(self) -> &'static str {
        match self {
            Self::First => "/api/sessions/s-1",
            Self::Second => "/api/sessions/s-2",
            Self::Projects => "/ws/projects",
            Self::Board => "/board",
        }
    }

    /// Where its state is read.
    pub(crate) fn state(self) -> String {
        format!("{}/state", self.path())
    }

    /// Where its log is read, after a number.
    pub(crate) fn log_after(self, seq: u64) -> String {
        format!("{}/log?from={}&limit=1000", self.path(), seq + 1)
    }

    /// An event about one of its keys.
    pub(crate) fn event(self, id: &str, key: u64) -> Value {
        let session = |name: &str| {
            let payload =
                json!({"cycle_id": key.to_string(), "component_type": "part", "summary": id});
            event(id, "component.output_updated", &format!("Session/{name}"), payload)
        };
        match self {
            Self::First | Self::Second => session(self.session()),
            Self::Projects => {
                let payload = json!({"story_id": key.to_string(), "status": id});
                event(id, "story.status.changed", &format!("Project/{PROJECT}"), payload)
            }
            Self::Board => {
                let payload = json!({"id": key.to_string(), "event": id});
                event(id, "job.done", &format!("Job/{key}"), payload)
            }
        }
    }
}

/// Where the data of an update have its key and the id of its event, in each room.
const PLACES: [(&str, &str); 3] =
    [("/cycleId", "/summary"), ("/payload/storyId", "/payload/status"), ("/id", "/event")];

/// The update with these data; `None` if they are none of ours.
pub(crate) fn update(seq: &Value, data: &Value) -> Option<Update> {
    let text = |place: &str| data.pointer(place)?.as_str().map(str::to_owned);
    let named = PLACES.iter().find_map(|(key, id)| Some((text(key)?, text(id)?)));
    let (key, id) = named?;
    Some(Update { key, seq: seq.as_u64()?, id })
}

/// The documents of the tenant.
pub(crate) fn documents() -> Value {
    json!(["sessions", projects(), board()])
}

/// The document `projects`, with frames that have numbers, a state for each client that comes, and paths to read it.
fn projects() -> Value {
    let text = std::fs::read_to_string(checkout("presets/projects.json")).expect("the document");
    let mut document: Value = serde_json::from_str(&text).expect("a document");
    document["wire"]["greeting"] = json!({"type": "hello"});
    document["wire"]["update"]["seq"] = json!("@seq");
    document["wire"]["first"] = json!(["*"]);
    let paths = document["paths"].as_array_mut().expect("its paths");
    paths.push(json!({"path": "/ws/projects/state", "serves": "state"}));
    paths.push(json!({"path": "/ws/projects/log", "serves": "log"}));
    document
}

/// A document for Socket.IO. Its clients are pinged often, so that they notice soon when nobody answers.
fn board() -> Value {
    json!({
        "name": "board",
        "session": "all",
        "paths": [
            {"path": "/socket.io", "serves": "socket_io"},
            {"path": "/board/state", "serves": "state"},
            {"path": "/board/log", "serves": "log"},
        ],
        "socket_io": {
            "args": [{"seq": "@seq", "...": "@data"}],
            "ping_interval_ms": 2_000,
            "ping_timeout_ms": 3_000,
        },
        "events": [
            {"on": "job.done", "emit": "job_done", "key": "job:{id}", "data": {"id": "id", "event": "event"}},
        ],
    })
}
