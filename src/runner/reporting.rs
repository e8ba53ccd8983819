//! Reports: what a room did, for the operator's console while its tenant is watched, and for the tenant's meter where the deployment
//! has one.
//!
//! Each turn is counted (`counting`), with what it stored and sent; at its end the room hands out a report, unless the last one was a
//! moment ago. While the tenant is watched, that moment is [`REPORT_EVERY_MS`]. Otherwise it is a [`Pause`], which is short after a quiet
//! time and longer in a busy room, so that a lone event is reported at once.
//! What happens in the pause is reported by a wait. A room is neither woken for a report nor kept by an alarm: an eviction loses the
//! counts since the last one. For the meter, a few frames of clients are no reason to wait, because waiting would cost more than they.
//!
//! Whoever posts to a watched room, or joins it, tells it until when it is watched. A room that is neither watched nor metered counts
//! nothing and allocates nothing.

use super::counting::{receivers, Cause, Counting};
use super::{Alarm, Awaited, Platform, RoomFailed, Runner};
use crate::limits::{BILLED_FRAMES, METER_LONGEST_PAUSE_MS, REPORT_EVERY_MS};
use crate::protocol::pause::Pause;
use crate::protocol::report::{Deeds, Report, Turns};
use crate::protocol::time::Timestamp;
use crate::room::{Effect, Input, Room};

/// What is counted while a room is watched or metered.
#[derive(Debug)]
pub(super) struct Reporting {
    /// Until when the operator watches the tenant.
    watched: Option<Timestamp>,
    metered: bool,
    /// When the period began.
    since: Timestamp,
    /// The pause after the last report.
    pause: Pause,
    counting: Counting,
    /// Whether something has happened in the period.
    changed: bool,
    /// Whether a wait will report it.
    waits: bool,
}

/// For whom a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readers {
    /// The operator's console.
    pub console: bool,
    /// The tenant's meter.
    pub meter: bool,
}

impl Reporting {
    fn begin(watched: Option<Timestamp>, metered: bool, now: Timestamp) -> Self {
        Self {
            watched,
            metered,
            since: now,
            pause: Pause::new(METER_LONGEST_PAUSE_MS),
            counting: Counting::default(),
            changed: false,
            waits: false,
        }
    }

    fn turn(&mut self, cause: Cause) {
        self.changed = true;
        self.counting.turn(cause);
    }

    fn readers(&self, now: Timestamp) -> Readers {
        let console = self.watched.is_some_and(|until| until > now);
        Readers { console, meter: self.metered }
    }

    /// Whether there is something to report.
    fn has_news(&self, readers: Readers) -> bool {
        let Deeds { turns, frames, rows_written, .. } = self.counting.did;
        let Turns { published, joined, left, said, read, told, alarm, .. } = turns;
        let counts = published + joined + left + read + told + alarm + frames + rows_written;
        let failed = self.counting.details.failures > 0;
        self.changed && (readers.console || failed || counts > 0 || said >= BILLED_FRAMES)
    }

    /// Milliseconds until the next report may be handed out.
    fn early(&self, readers: Readers, now: Timestamp) -> Option<u64> {
        if readers.console {
            self.pause.left_of(REPORT_EVERY_MS, now)
        } else {
            self.pause.left(now)
        }
    }

    fn hand_out(&mut self, room: &Room, after_wait: bool, now: Timestamp) -> Report {
        self.counting.rest(now);
        self.counting.end_turn(room, now);
        let (did, details, closes) = self.counting.take();
        let since = std::mem::replace(&mut self.since, now);
        self.changed = false;
        self.pause.begin(after_wait, now);
        Report { since, at: now, room: room.survey(), did, details, closes }
    }
}

impl Runner {
    /// The room's tenant is watched until then. A time that has passed, or is before one that is known, changes nothing.
    pub fn watch(&mut self, until: Timestamp, now: Timestamp) {
        match &mut self.reporting {
            Some(reporting) => reporting.watched = reporting.watched.max(Some(until)),
            None if until > now => {
                let reporting = Reporting::begin(Some(until), false, now);
                self.reporting = Some(Box::new(reporting));
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
        let known = self.reporting.as_ref();
        let known = known.map(|known| (known.since, known.counting.did));
        let (since, did) = known.unwrap_or((now, Deeds::default()));
        let (details, closes) = <_>::default();
        Ok(Report { since, at: now, room, did, details, closes })
    }

    /// A turn begins.
    pub(super) fn count_turn(&mut self, input: &Input<'_>, platform: &impl Platform) {
        let Some(reporting) = self.counts(platform) else { return };
        reporting.counting.rest(platform.now());
        if let Some(cause) = Cause::of(input) {
            reporting.turn(cause);
        }
    }

    /// What is counted, if it is; it begins with the first turn of a metered room.
    fn counts(&mut self, platform: &impl Platform) -> Option<&mut Reporting> {
        if platform.is_metered() {
            let begin = || Box::new(Reporting::begin(None, true, platform.now()));
            self.reporting.get_or_insert_with(begin).metered = true;
        }
        self.reporting.as_deref_mut()
    }

    /// Somebody has read the room, or asked it something, which is no turn.
    pub(super) fn count_question(&mut self, cause: Cause, platform: &mut impl Platform) {
        if let Some(reporting) = self.counts(platform) {
            reporting.turn(cause);
            self.report(false, platform);
        }
    }

    /// The room has failed, and lost what was counted.
    pub(super) fn count_failure(&mut self, platform: &impl Platform) {
        if let Some(reporting) = self.counts(platform) {
            reporting.changed = true;
            reporting.counting.details.failures += 1;
        }
    }

    /// An effect runs, which sends so many frames with so many bytes to each receiver.
    pub(super) fn count_effect(&mut self, effect: &Effect, sent: (usize, usize)) {
        if let Some(reporting) = &mut self.reporting {
            reporting.counting.effect(effect, sent, receivers(effect, self.room.as_ref()));
        }
    }

    pub(super) fn count_read(&mut self, rows: u64) {
        if let Some(reporting) = &mut self.reporting {
            reporting.counting.did.rows_read += rows;
        }
    }

    /// A turn has ended, and does this with the alarm.
    pub(super) fn end_turn(&mut self, was_alarm: bool, alarm: Alarm, platform: &mut impl Platform) {
        let (Some(reporting), Some(room)) = (&mut self.reporting, &self.room) else { return };
        let now = platform.now();
        if was_alarm {
            room.rang_for().for_each(|why| reporting.counting.did.alarms.count(why));
        }
        if alarm == Alarm::End {
            let readers = Readers { console: false, meter: reporting.metered };
            let report = reporting.hand_out(room, false, now);
            self.reporting = None;
            return platform.report(report, readers);
        }
        reporting.counting.did.rows_written += u64::from(matches!(alarm, Alarm::Set(_)));
        reporting.counting.end_turn(room, now);
        if reporting.waits {
            reporting.counting.waits(now);
        }
        self.report(false, platform);
    }

    /// Hands out a report if there is something to report, or waits until it may.
    fn report(&mut self, after_wait: bool, platform: &mut impl Platform) {
        let (Some(reporting), Some(room)) = (&mut self.reporting, &self.room) else { return };
        let now = platform.now();
        let readers = reporting.readers(now);
        if readers == (Readers { console: false, meter: false }) {
            self.reporting = None;
            return;
        }
        match reporting.early(readers, now) {
            _ if !reporting.has_news(readers) => {}
            None => platform.report(reporting.hand_out(room, after_wait, now), readers),
            Some(_) if reporting.waits => {}
            Some(ms) => {
                reporting.waits = true;
                reporting.counting.waits(now);
                self.wait(ms, Awaited::Report, platform);
            }
        }
    }

    /// The wait for a report is over.
    pub(super) fn report_late(&mut self, platform: &mut impl Platform) {
        if let Some(reporting) = &mut self.reporting {
            reporting.waits = false;
            reporting.counting.rest(platform.now());
            self.report(true, platform);
        }
    }
}
