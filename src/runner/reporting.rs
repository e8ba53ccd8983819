//! Reports: what a room did while its tenant is watched, for the operator's console.
//!
//! Whoever posts to a watched room, or joins it, tells it until when it is watched. From then on each turn is counted, with what
//! it stored and sent; at its end the room hands out a report, if the last one is [`REPORT_EVERY_MS`] ago. What happens
//! sooner is reported by a wait. A room is neither woken for a report nor kept by one: an eviction loses the counts and that
//! the room is watched, and nothing else. A room that is not watched counts nothing and allocates nothing.
//!
//! Counted here and not in the room, because only the runner knows the frames.

use super::{Alarm, Awaited, Platform, RoomFailed, Runner};
use crate::limits::REPORT_EVERY_MS;
use crate::protocol::report::{Deeds, Report, Turns};
use crate::protocol::time::Timestamp;
use crate::room::row::Stored;
use crate::room::{Effect, Input, Room};

/// Rows that are written when a room begins: its table counts as two.
const BEGIN_ROWS: u64 = 3;

/// What is counted while a room is watched.
#[derive(Debug)]
pub(super) struct Reporting {
    until: Timestamp,
    /// When the period began.
    since: Timestamp,
    /// When the last report was handed out.
    last: Option<Timestamp>,
    did: Deeds,
    /// Whether something has happened in the period.
    changed: bool,
    /// Whether a wait will report it.
    waits: bool,
    /// Since when the room cannot rest.
    busy: Option<Timestamp>,
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
    fn of(input: &Input<'_>) -> Option<Self> {
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

impl Reporting {
    fn begin(until: Timestamp, now: Timestamp) -> Self {
        let (last, did) = (None, Deeds::default());
        Self { until, since: now, last, did, changed: false, waits: false, busy: None }
    }

    fn turn(&mut self, cause: Cause) {
        self.changed = true;
        cause.count(&mut self.did.turns);
        if let Cause::Published { events } = cause {
            self.did.events += events;
        }
    }

    /// Counts the time for which the room could not rest until now.
    fn rest(&mut self, now: Timestamp) {
        let busy = self.busy.take();
        self.did.kept_ms += busy.map_or(0, |since| now.ms_since(since));
    }

    fn effect(&mut self, effect: &Effect, (frames, bytes): (usize, usize), receivers: usize) {
        let did = &mut self.did;
        did.frames += (frames * receivers) as u64;
        did.bytes += (bytes * receivers) as u64;
        match effect {
            Effect::Found(_) => did.rows_written += BEGIN_ROWS,
            Effect::Append { row, .. } => {
                did.updates += (row.last + 1).saturating_sub(row.first);
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
            _ => {}
        }
    }

    /// Milliseconds until the next report may be handed out.
    fn early(&self, now: Timestamp) -> Option<u64> {
        let due = self.last?.plus_ms(REPORT_EVERY_MS);
        (due > now).then(|| due.ms_since(now))
    }

    fn hand_out(&mut self, room: &Room, now: Timestamp) -> Report {
        self.rest(now);
        self.busy = (!room.is_resting()).then_some(now);
        let did = std::mem::take(&mut self.did);
        let since = std::mem::replace(&mut self.since, now);
        (self.last, self.changed) = (Some(now), false);
        Report { since, at: now, room: room.survey(), did }
    }
}

/// How many clients get the frames of an effect.
fn receivers(effect: &Effect, room: Option<&Room>) -> usize {
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

impl Runner {
    /// The room's tenant is watched until then. A time that has passed, or is before one that is known, changes nothing.
    pub fn watch(&mut self, until: Timestamp, now: Timestamp) {
        match &mut self.reporting {
            Some(reporting) => reporting.until = reporting.until.max(until),
            None if until > now => {
                self.reporting = Some(Box::new(Reporting::begin(until, now)));
            }
            None => {}
        }
    }

    /// How the room stands, and what it did since its last report, if it is watched. The log is read if it is not in memory.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn survey(&mut self, platform: &mut impl Platform) -> Result<Report, RoomFailed> {
        let now = platform.now();
        let room = self.room(platform).and_then(|room| {
            room.wake_log(|| platform.load())?;
            Ok(room.survey())
        });
        let room = self.or_fail(room, platform)?;
        let known = self.reporting.as_ref().map(|known| (known.since, known.did));
        let (since, did) = known.unwrap_or((now, Deeds::default()));
        Ok(Report { since, at: now, room, did })
    }

    /// A turn begins.
    pub(super) fn count_turn(&mut self, input: &Input<'_>, now: Timestamp) {
        let Some(reporting) = &mut self.reporting else { return };
        reporting.rest(now);
        if let Some(cause) = Cause::of(input) {
            reporting.turn(cause);
        }
    }

    /// Somebody has read the room, or asked it something, which is no turn.
    pub(super) fn count_question(&mut self, cause: Cause, platform: &mut impl Platform) {
        if let Some(reporting) = &mut self.reporting {
            reporting.turn(cause);
            self.report(platform);
        }
    }

    /// An effect runs, which sends so many frames with so many bytes to each receiver.
    pub(super) fn count_effect(&mut self, effect: &Effect, sent: (usize, usize)) {
        if let Some(reporting) = &mut self.reporting {
            reporting.effect(effect, sent, receivers(effect, self.room.as_ref()));
        }
    }

    pub(super) fn count_read(&mut self, rows: u64) {
        if let Some(reporting) = &mut self.reporting {
            reporting.did.rows_read += rows;
        }
    }

    /// A turn has ended, and does this with the alarm.
    pub(super) fn end_turn(&mut self, was_alarm: bool, alarm: Alarm, platform: &mut impl Platform) {
        let (Some(reporting), Some(room)) = (&mut self.reporting, &self.room) else { return };
        if alarm == Alarm::End {
            self.reporting = None;
            return;
        }
        if was_alarm {
            room.rang_for().for_each(|why| reporting.did.alarms.count(why));
        }
        reporting.did.rows_written += u64::from(matches!(alarm, Alarm::Set(_)));
        reporting.busy = (!room.is_resting()).then(|| platform.now());
        self.report(platform);
    }

    /// Hands out a report if something has changed, or waits until it may.
    pub(super) fn report(&mut self, platform: &mut impl Platform) {
        let (Some(reporting), Some(room)) = (&mut self.reporting, &self.room) else { return };
        let now = platform.now();
        if reporting.until <= now {
            self.reporting = None;
            return;
        }
        match reporting.early(now) {
            _ if !reporting.changed => {}
            None => platform.report(reporting.hand_out(room, now)),
            Some(_) if reporting.waits => {}
            Some(ms) => {
                reporting.waits = true;
                self.wait(ms, Awaited::Report, platform);
            }
        }
    }

    /// The wait for a report is over.
    pub(super) fn report_late(&mut self, platform: &mut impl Platform) {
        if let Some(reporting) = &mut self.reporting {
            reporting.waits = false;
            self.report(platform);
        }
    }
}
