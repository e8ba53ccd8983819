//! Counts what a room does: its turns by cause, and the effects that run, with their frames, which only the runner knows.
//!
//! When counts are handed out is decided in `reporting`.

use crate::protocol::details::{Counts, Details};
use crate::protocol::report::{Deeds, Keeps, Turns};
use crate::protocol::time::Timestamp;
use crate::room::outgoing::Message;
use crate::room::row::Stored;
use crate::room::{Effect, Input, Room};

/// Rows that are written when a room begins: its table counts as two.
const BEGIN_ROWS: u64 = 3;

/// What a room has done since its last report.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub(super) did: Deeds,
    pub(super) details: Details,
    pub(super) closes: Counts,
    /// Since when the room cannot rest, and why: `None` if only its report waits.
    busy: Option<(Timestamp, Option<Keeps>)>,
    /// Whether the turn that is under way brings updates.
    publishes: bool,
    unsent: Unsent,
}

/// Updates that have come and were not sent yet.
#[derive(Debug, Default)]
struct Unsent {
    /// Updates that this object has stored since it counts.
    stored: u64,
    /// Those, and the ones that are gathered.
    known: u64,
    /// When updates came, and how many.
    came: Vec<(Timestamp, u64)>,
}

/// What a turn comes from, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Published { events: u64 },
    Joined,
    Left,
    Said,
    Waited,
    Read,
    Told,
    Alarm,
}

impl Cause {
    /// That of an input; `None` if it belongs to another turn.
    pub(super) fn of(input: &Input<'_>) -> Option<Self> {
        Some(match input {
            Input::Published(post) => {
                // Further updates of an event have its id with a number behind it.
                let first = |id: &str| !id.contains('\0');
                let events = post.updates.iter().filter(|update| first(&update.event_id));
                Self::Published { events: events.count() as u64 }
            }
            Input::Connected { .. } => Self::Joined,
            Input::Disconnected { .. } => Self::Left,
            Input::Frame { .. } => Self::Said,
            Input::WindowElapsed
            | Input::StatesDue
            | Input::PaceElapsed
            | Input::PresenceDue
            | Input::FeedDue => Self::Waited,
            Input::Woken { .. } => Self::Alarm,
            Input::Verified { .. }
            | Input::Revoked(_)
            | Input::Ruled(_)
            | Input::Announced { .. }
            | Input::Adopted { .. }
            | Input::Unanswered
            | Input::Fed { .. }
            | Input::Replied { .. }
            | Input::Abolished => Self::Told,
            Input::Pinged(_) | Input::Crowded { .. } => return None,
        })
    }

    fn count(self, turns: &mut Turns) {
        *match self {
            Self::Published { .. } => &mut turns.published,
            Self::Joined => &mut turns.joined,
            Self::Left => &mut turns.left,
            Self::Said => &mut turns.said,
            Self::Waited => &mut turns.waited,
            Self::Read => &mut turns.read,
            Self::Told => &mut turns.told,
            Self::Alarm => &mut turns.alarm,
        } += 1;
    }
}

impl Counting {
    /// A turn begins.
    pub(super) fn turn(&mut self, cause: Cause) {
        cause.count(&mut self.did.turns);
        self.publishes = matches!(cause, Cause::Published { .. });
        if let Cause::Published { events } = cause {
            self.did.events += events;
        }
    }

    /// A turn has ended.
    pub(super) fn end_turn(&mut self, room: &Room, now: Timestamp) {
        let published = std::mem::take(&mut self.publishes);
        self.busy = room.keeps().next().map(|keeps| (now, Some(keeps)));
        let lag = &mut self.details.lag;
        self.unsent.end_turn(room, published, now, |ms, updates| lag.count(ms, updates));
    }

    /// A wait for a report keeps the room, whatever else does.
    pub(super) fn waits(&mut self, now: Timestamp) {
        self.busy.get_or_insert((now, None));
    }

    /// Counts the time for which the room could not rest until now.
    pub(super) fn rest(&mut self, now: Timestamp) {
        let Some((since, keeps)) = self.busy.take() else { return };
        let ms = now.ms_since(since);
        self.did.kept_ms += ms;
        self.details.kept.count(keeps, ms);
    }

    /// An effect runs, which sends so many frames with so many bytes to each of the receivers.
    pub(super) fn effect(
        &mut self,
        effect: &Effect,
        (frames, bytes): (usize, usize),
        receivers: usize,
    ) {
        let did = &mut self.did;
        did.frames += (frames * receivers) as u64;
        did.bytes += (bytes * receivers) as u64;
        match effect {
            Effect::Found(_) => did.rows_written += BEGIN_ROWS,
            Effect::Append { row, .. } => {
                let updates = (row.last + 1).saturating_sub(row.first);
                did.updates += updates;
                self.unsent.stored += updates;
                did.bursts += 1;
                did.rows_written += 1;
            }
            Effect::Checkpoint(row) => did.rows_written += 1 + u64::from(!row.tallies.is_empty()),
            Effect::Adopt(served) => {
                did.rows_written += BEGIN_ROWS + 2 + served.bursts.len() as u64;
            }
            Effect::Retain { .. } | Effect::Occupy(_) | Effect::KeepTree(_) => {
                did.rows_written += 1;
            }
            effect => self.detail(effect),
        }
    }

    fn detail(&mut self, effect: &Effect) {
        let details = &mut self.details;
        match effect {
            Effect::Send { message: Message::Connected(greeting), .. } => {
                details.recoveries.count(greeting.recovery);
            }
            Effect::Close { reason, .. } => self.closes.count(reason.code(), 1),
            Effect::Conflated { updates } => details.conflated += updates,
            _ => {}
        }
    }

    /// What has been counted; from now on it is counted anew.
    pub(super) fn take(&mut self) -> (Deeds, Details, Counts) {
        let Self { did, details, closes, .. } = self;
        (std::mem::take(did), std::mem::take(details), std::mem::take(closes))
    }
}

impl Unsent {
    /// Notes what has come in a turn. If everything was sent, counts how long each update had waited.
    fn end_turn(
        &mut self,
        room: &Room,
        published: bool,
        now: Timestamp,
        mut count: impl FnMut(u64, u64),
    ) {
        let known = self.stored + room.gathered() as u64;
        let came = known.saturating_sub(self.known);
        self.known = known;
        if published && came > 0 {
            self.came.push((now, came));
        }
        if room.has_sent_all() {
            for (at, updates) in self.came.drain(..) {
                count(now.ms_since(at), updates);
            }
        }
    }
}

/// How many clients get the frames of an effect.
pub(super) fn receivers(effect: &Effect, room: Option<&Room>) -> usize {
    let group = |view| room.map_or(0, |room| room.audience(view));
    match effect {
        Effect::Send { .. } | Effect::Replay { .. } | Effect::Close { .. } => 1,
        Effect::SendToEach { to, .. } => to.len(),
        Effect::Broadcast { view, except, .. } => group(view).saturating_sub(except.len()),
        Effect::Refresh { view, .. } => group(view),
        _ => 0,
    }
}

/// The rows that a room has read to restore its log.
pub(super) fn rows_of(stored: &Stored) -> u64 {
    let checkpoint = usize::from(stored.checkpoint.is_some());
    let epoch = usize::from(stored.epoch.is_some());
    (stored.heads.len() + stored.tail.len() + checkpoint + epoch) as u64
}
