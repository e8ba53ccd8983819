//! A room's report to the operator's console: how it stands, and what it did since its last report.
//!
//! Amounts only: the console knows the prices. A room reports while its tenant is watched and the room is in memory anyway, so
//! nothing here is ever stored with the room.

use serde::{Deserialize, Serialize};

use super::amounts::amounts;
use super::details::{Counts, Details};
use super::ids::{Epoch, RoomName, Seq};
use super::time::Timestamp;

/// A report, as the room makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Report {
    /// When the period began of which it says what the room did.
    pub since: Timestamp,
    /// When the period ended.
    pub at: Timestamp,
    /// How the room stands then.
    pub room: Standing,
    /// What it did in the period.
    pub did: Deeds,
    /// The same in more detail, for the tenant's meter: the console is not told this.
    #[serde(skip)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    pub details: Details,
    /// Connections that it closed, by reason. Likewise.
    #[serde(skip)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    pub closes: Counts,
}

/// A report with the name of its room, as the console gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Reported {
    /// The tenant of the room.
    pub tenant: String,
    /// The name of the room among those of its tenant: `session`, or `preset/session`.
    pub name: String,
    /// The document; `-` for the first of the tenant, whose rooms are called like their sessions.
    pub document: String,
    /// The session.
    pub session: String,
    /// The report.
    #[serde(flatten)]
    pub report: Report,
}

impl Reported {
    /// The report of this room.
    pub fn of(room: &RoomName, report: Report) -> Self {
        let document = room.preset.as_ref().map_or("-".to_owned(), ToString::to_string);
        let (tenant, session) = (room.tenant.to_string(), room.session.to_string());
        Self { tenant, name: room.within(), document, session, report }
    }

    /// The report as JSON.
    pub fn encode(&self) -> String {
        // Texts and numbers only, so encoding cannot fail. Nobody could read an empty report.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How a room stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Standing {
    /// The epoch; `None` while the log is not in memory.
    pub epoch: Option<Epoch>,
    /// The number of the last update; `None` while the log is not in memory.
    pub head: Option<Seq>,
    /// Its members.
    pub members: Census,
    /// What keeps it in memory.
    pub keeps: Vec<Keeps>,
    /// Its next alarm.
    pub alarm: Option<NextAlarm>,
}

/// The members of a room, by dialect and by how well they keep up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Census {
    /// All.
    pub all: usize,
    /// Those that speak `roomcast.v1`.
    pub v1: usize,
    /// Those that speak no subprotocol.
    pub plain: usize,
    /// Those whose document describes their frames.
    pub json: usize,
    /// Clients of Socket.IO.
    pub socket_io: usize,
    /// Those that are sent conflated frames, because they cannot keep up.
    pub conflated: usize,
    /// Those that are sent nothing until they have acknowledged.
    pub held: usize,
}

amounts!(Census { all, v1, plain, json, socket_io, conflated, held });

/// What keeps a room in memory: something that it has to do within seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Keeps {
    /// A burst is gathered.
    Window,
    /// Members are owed the state.
    States,
    /// Updates wait for the pace of members.
    Pace,
    /// Changes of who is here are gathered.
    Presence,
    /// The tenant is asked about a token.
    Token,
    /// Relays are fed, or told something.
    Relays,
}

/// The next alarm of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NextAlarm {
    /// When it goes off.
    pub at: Timestamp,
    /// Why.
    pub why: Why,
}

/// Why a room has an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The minute's check of its members.
    Sweep,
    /// Members want updates again.
    Refresh,
    /// A grant or a topic ends.
    Ends,
    /// The tenant has to be told who is there.
    Occupancy,
    /// The end of the room.
    End,
}

/// What a room did in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deeds {
    /// Its turns, by cause.
    pub turns: Turns,
    /// Its alarms, by reason. One alarm may have several.
    pub alarms: Alarms,
    /// Events that were posted to it, repeats included.
    pub events: u64,
    /// Updates that it stored.
    pub updates: u64,
    /// Bursts that it stored.
    pub bursts: u64,
    /// Frames that it sent, once for each receiver.
    pub frames: u64,
    /// Bytes of these frames.
    pub bytes: u64,
    /// Rows that it wrote, alarms included.
    pub rows_written: u64,
    /// Rows that it read.
    pub rows_read: u64,
    /// Milliseconds for which it could not rest.
    pub kept_ms: u64,
}

amounts!(Deeds {
    turns,
    alarms,
    events,
    updates,
    bursts,
    frames,
    bytes,
    rows_written,
    rows_read,
    kept_ms,
});

/// The turns of a room, by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Turns {
    /// Events were posted.
    pub published: u64,
    /// A client joined.
    pub joined: u64,
    /// A connection ended.
    pub left: u64,
    /// A client sent a frame.
    pub said: u64,
    /// A wait of its own was over.
    pub waited: u64,
    /// Somebody read the state, the log, or who is here.
    pub read: u64,
    /// Its tenant, or who counts its connections, told or asked it something.
    pub told: u64,
    /// Its alarm went off.
    pub alarm: u64,
}

amounts!(Turns { published, joined, left, said, waited, read, told, alarm });

/// The alarms of a room, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Alarms {
    /// The minute's check of its members.
    pub sweep: u64,
    /// Members wanted updates again.
    pub refresh: u64,
    /// A grant or a topic ended.
    pub ends: u64,
    /// The tenant had to be told who is there.
    pub occupancy: u64,
    /// Its end was due.
    pub end: u64,
}

amounts!(Alarms { sweep, refresh, ends, occupancy, end });

impl Alarms {
    /// Counts an alarm for a reason.
    pub fn count(&mut self, why: Why) {
        let counted = match why {
            Why::Sweep => &mut self.sweep,
            Why::Refresh => &mut self.refresh,
            Why::Ends => &mut self.ends,
            Why::Occupancy => &mut self.occupancy,
            Why::End => &mut self.end,
        };
        *counted += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_report_is_unchanged() {
        let text = concat!(
            r#"{"tenant":"acme","name":"admin/s-1","document":"admin","session":"s-1","since":1,"at":2,"#,
            r#""room":{"epoch":"0e0e0e0e0e0e0e0e","head":7,"members":{"all":1,"v1":1,"plain":0,"json":0,"#,
            r#""socketIo":0,"conflated":0,"held":0},"keeps":["window"],"alarm":{"at":9,"why":"sweep"}},"#,
            r#""did":{"turns":{"published":1,"joined":0,"left":0,"said":0,"waited":0,"read":0,"told":0,"#,
            r#""alarm":0},"alarms":{"sweep":0,"refresh":0,"ends":0,"occupancy":0,"end":0},"events":1,"#,
            r#""updates":1,"bursts":1,"frames":1,"bytes":80,"rowsWritten":1,"rowsRead":0,"keptMs":3}}"#
        );
        let read: Reported = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let room = "acme/admin/s-1".parse().unwrap();
        assert_eq!(Reported::of(&room, read.report.clone()), read);
    }
}
