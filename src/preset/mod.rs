//! Presets: documents that describe one kind of dashboard completely.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`presets`] | the documents of a tenant |
//! | [`event`] | a domain event, independent of its format |
//! | [`session`] | which session an event belongs to |
//! | [`row`] | one event type: the update that it becomes |
//! | [`tally`] | counters that a room keeps from events |
//! | [`source`] | how a row finds a value in an event |
//! | [`path`] | where clients connect and read |
//! | [`faults`] | what is wrong with a document, and where |
//!
//! How frames look that are not Roomcast's own is [`crate::protocol::wire`]. A preset is a file in `presets/`; a new kind of
//! dashboard is a document and no code. A test checks the built-in presets, so that a wrong one cannot be released.

#[cfg(not(target_arch = "wasm32"))]
pub mod data_type;
pub mod event;
pub mod faults;
pub mod path;
pub mod presets;
pub mod row;
pub mod session;
pub mod source;
pub mod tally;

use serde::Deserialize;
use serde_json::{Map, Value};

use self::event::{Aggregate, Event, FieldFault};
use self::faults::{read_large, Fault, Faults};
use self::path::{Path, Serves};
use self::row::Row;
use self::session::{Route, SessionRule};
use self::tally::Tally;
use crate::limits::{SOCKET_IO_BYTES, TREE_CLIENTS, WIRE_BYTES};
use crate::protocol::capacity::Capacity;
use crate::protocol::company::Company;
use crate::protocol::gather::gathered;
use crate::protocol::ids::{PresetName, SessionId};
use crate::protocol::socket_io::{Engine, SocketIo, SocketIoForm};
use crate::protocol::topics::Topics;
use crate::protocol::update::Update;
use crate::protocol::wire::{First, Wire, WireForm};

/// The built-in presets: name and file.
pub const BUILT_IN: [(&str, &str); 7] = [
    ("sessions", include_str!("../../presets/sessions.json")),
    ("admin", include_str!("../../presets/admin.json")),
    ("projects", include_str!("../../presets/projects.json")),
    ("stats", include_str!("../../presets/stats.json")),
    ("github", include_str!("../../presets/github.json")),
    ("tasks", include_str!("../../presets/tasks.json")),
    ("console", include_str!("../../presets/console.json")),
];

/// A document that describes one kind of dashboard.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Preset {
    /// Where the schema of such documents is, for editors. Roomcast does not read it.
    #[serde(rename = "$schema")]
    #[expect(dead_code, reason = "only editors read it")]
    schema: Option<String>,
    /// Its name: 1 to 32 characters out of `a-z 0-9 -`. Part of the names of its rooms.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub name: PresetName,
    /// Which session an event belongs to: one name for all events, or where events name it.
    session: SessionRule,
    /// What events become.
    #[serde(default)]
    events: Vec<Row>,
    /// Counters that the room keeps from events.
    #[serde(default)]
    tallies: Vec<Tally>,
    /// Where clients connect and read, beside `/api/sessions/…`, which the first document of a tenant has.
    #[serde(default)]
    pub paths: Vec<Path>,
    /// How frames look for clients that do not offer `roomcast.v1`. By default like Roomcast's plain frames.
    wire: Option<WireForm>,
    /// The same, ready for use.
    #[serde(skip)]
    ready: Option<Wire>,
    /// How clients of Socket.IO are spoken to, at paths that serve `socket_io`.
    #[serde(default)]
    socket_io: SocketIoForm,
    /// Whether clients see who else is here, and are seen, where a path does not say otherwise. Not by default.
    #[serde(default)]
    presence: bool,
    /// Whether clients may send signals to each other, where a path does not say otherwise. Not by default.
    #[serde(default)]
    signals: bool,
    /// How many members a room may have.
    #[serde(default)]
    pub room: Capacity,
    /// What happens to an event that does not have what its row needs.
    #[serde(default)]
    pub invalid: Invalid,
}

/// What happens to an event that does not have what its row needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Invalid {
    /// The whole request is refused with 422, so that its sender notices.
    #[default]
    Refuse,
    /// The event is ignored, counted and logged.
    Skip,
}

impl Preset {
    /// The built-in preset of this name.
    ///
    /// # Errors
    /// The names that exist, or what is wrong with the preset.
    pub fn built_in(name: &str) -> Result<Self, Vec<Fault>> {
        let file = BUILT_IN.iter().find(|(known, _)| *known == name);
        let (_, text) = file.ok_or_else(|| {
            let names: Vec<_> = BUILT_IN.iter().map(|(known, _)| *known).collect();
            let reason = format!("must be a document or one of: {}", names.join(", "));
            vec![Fault { place: String::new(), reason }]
        })?;
        Self::parse(text)
    }

    /// Parses a document and checks it.
    ///
    /// # Errors
    /// Everything that is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let whole = |reason: serde_json::Error| {
            vec![Fault { place: String::new(), reason: reason.to_string() }]
        };
        Self::read(serde_json::from_str(text).map_err(whole)?)
    }

    /// Reads a document and checks it.
    ///
    /// # Errors
    /// Everything that is wrong with it, and where.
    pub fn read(document: Value) -> Result<Self, Vec<Fault>> {
        let mut preset: Self = read_large(document).map_err(|fault| vec![fault])?;
        preset.ready = preset.completed().map(Wire::from);
        let mut found = Vec::new();
        preset.check(&mut Faults::new(&mut found));
        if found.is_empty() {
            Ok(preset)
        } else {
            Err(found)
        }
    }

    fn check(&self, faults: &mut Faults<'_>) {
        let kinds = self.kinds();
        faults.check("events", !kinds.is_empty(), "a document needs `events` or `tallies`");
        for (index, row) in self.events.iter().enumerate() {
            row.check(&mut faults.at("events").at(&format!("[{index}]")));
        }
        for (index, tally) in self.tallies.iter().enumerate() {
            tally.check(&mut faults.at("tallies").at(&format!("[{index}]")));
        }
        for (index, path) in self.paths.iter().enumerate() {
            path.check(&self.session, &kinds, &mut faults.at("paths").at(&format!("[{index}]")));
            let shown = self.has_presence() || !matches!(path.serves, Serves::Presence);
            let place = format!("paths[{index}].serves");
            faults.check(&place, shown, "no live path has `presence`");
        }
        for (place, reason) in self.wire.iter().flat_map(WireForm::faults) {
            faults.at("wire").at(&place).add(reason);
        }
        for (place, reason) in self.socket_io.faults() {
            faults.at("socket_io").at(&place).add(reason);
        }
        let bytes = self.socket_io(Engine::SocketIo).bytes();
        if bytes > SOCKET_IO_BYTES {
            let reason = format!("it takes {bytes} bytes, and may take {SOCKET_IO_BYTES}");
            faults.at("socket_io").add(reason);
        }
        let bytes = self.ready.as_ref().map_or(0, Wire::bytes);
        if bytes > WIRE_BYTES {
            faults.at("wire").add(format!("it takes {bytes} bytes, and may take {WIRE_BYTES}"));
        }
        let clients = self.room.clients.is_none_or(|clients| (1..=TREE_CLIENTS).contains(&clients));
        faults.check("room.clients", clients, &format!("must be 1 to {TREE_CLIENTS}"));
        let refreshed = self.wire.iter().filter_map(|wire| wire.refresh.as_ref());
        for kind in refreshed.flat_map(|refresh| &refresh.types) {
            if !kinds.contains(&kind.as_str()) {
                faults.at("wire.refresh.types").add(format!("nothing emits `{kind}`"));
            }
        }
    }

    /// How its clients of Engine.IO are spoken to.
    pub fn socket_io(&self, engine: Engine) -> SocketIo {
        let rows = self.events.iter();
        let acknowledged = rows.filter_map(|row| Some((row.emit.clone(), row.acknowledged?)));
        let acknowledged = gathered(acknowledged);
        SocketIoForm { acknowledged, engine, ..self.socket_io.clone() }.into()
    }

    /// The types of its updates.
    fn kinds(&self) -> Vec<&str> {
        let rows = self.events.iter().map(|row| row.emit.as_str());
        rows.chain(self.tallies.iter().map(|tally| tally.emit.as_str())).collect()
    }

    /// Whether an event becomes an update.
    pub fn takes(&self, event: &Event) -> bool {
        let row = self.events.iter().any(|row| row.takes(event));
        row || self.tallies.iter().any(|tally| tally.counts(&event.kind))
    }

    /// How an event says which session it belongs to.
    ///
    /// # Errors
    /// The session that it names is malformed.
    pub fn route(&self, event: &Event) -> Result<Route, FieldFault> {
        self.session.route(event)
    }

    /// What clients may do besides watching at a path; without one, at `/api/sessions/…`.
    pub fn company(&self, path: Option<&Path>) -> Company {
        let presence = path.and_then(|path| path.presence).unwrap_or(self.presence);
        let signals = path.and_then(|path| path.signals).unwrap_or(self.signals);
        Company { presence, signals }
    }

    /// Whether clients see at any path who else is here.
    pub fn has_presence(&self) -> bool {
        self.presence || self.paths.iter().any(|path| path.presence == Some(true))
    }

    /// The only session of the document, if all events belong to one.
    pub fn only_session(&self) -> Option<&SessionId> {
        match &self.session {
            SessionRule::One(session) => Some(session),
            SessionRule::Named { .. } => None,
        }
    }

    /// The updates that an event becomes in a session, in the order of the document. The first has the id of the event; the others
    /// have ids of their own, so that the room does not take them for repeats.
    ///
    /// # Errors
    /// The field that is missing or malformed.
    pub fn map(&self, event: &Event, session: &SessionId) -> Result<Vec<Update>, FieldFault> {
        let rows = self.events.iter().filter(|row| row.takes(event));
        let mut updates: Vec<Update> =
            rows.map(|row| row.map(event, session)).collect::<Result<_, _>>()?;
        for tally in &self.tallies {
            updates.extend(tally.map(event, session)?);
        }
        for (number, update) in updates.iter_mut().enumerate().skip(1) {
            update.event_id = format!("{}\0{number}", update.event_id);
        }
        Ok(updates)
    }

    /// What is known of the data of its updates, by type: once for each row and each tally.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn data_types(&self) -> impl Iterator<Item = (String, data_type::DataType)> + '_ {
        let rows = self.events.iter().map(|row| (row.emit.clone(), row.data.data_type()));
        rows.chain(self.tallies.iter().map(Tally::data_type))
    }

    /// How frames look for clients that do not offer `roomcast.v1`, if the document says.
    pub fn wire(&self) -> Option<Wire> {
        self.ready.clone()
    }

    /// The wire with what a tally shows before the first event, which is sent first.
    fn completed(&self) -> Option<WireForm> {
        let mut form = self.wire.clone()?;
        for first in &mut form.first {
            let First::Type(kind) = first else { continue };
            let tally = self.tallies.iter().find(|tally| tally.emit == kind.0);
            if let Some(tally) = tally.filter(|tally| tally.is_for_everyone()) {
                *first = tally.first();
            }
        }
        Some(form)
    }

    /// The data of the latest update of a type before the first event, for someone who sees these topics.
    pub fn initial(&self, kind: &str, topics: &Topics) -> Option<Map<String, Value>> {
        let mut tallies = self.tallies.iter().filter(|tally| tally.emit == kind);
        tallies.find(|tally| tally.is_seen_with(topics)).map(Tally::initial)
    }

    /// The name under which the session of an aggregate is remembered: each document remembers its own.
    pub fn own(&self, aggregate: Aggregate) -> Aggregate {
        Aggregate { kind: format!("{}\0{}", self.name, aggregate.kind), ..aggregate }
    }
}

#[cfg(test)]
mod tests;
