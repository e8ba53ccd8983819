//! What a month uses, by what causes it: posts, new rooms, connects, counting, pings, sweeps, storage.
//!
//! Units only: `bill` applies the prices. Where Cloudflare or the case leaves something open, the more
//! expensive reading is used. `docs/cost.md` lists these assumptions.

use roomcast::limits::{CHECKPOINT_BURSTS, LOG_BURSTS, SWEEP_EVERY_MS};
use roomcast::metering::usage::{exact, Usage, MOMENT_MS, PING_EVERY_MS};

/// A month of 30 days.
const MONTH_MS: f64 = 30.0 * 24.0 * 3_600_000.0;

/// Rows that a room reads when it wakes, apart from bursts: those of its table, for how long it is kept, its epoch and its
/// checkpoint.
const ROWS_BESIDE_LOG: f64 = 6.0;

/// Rows that a room writes and reads when it begins, apart from its first burst. The end-to-end tests check both
/// numbers, except for one of the rows written: the alarm at which the room ends.
const BEGIN_WRITES: f64 = 4.0;
const BEGIN_READS: f64 = 4.0;

/// A deployment's month, as its owner describes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Case {
    /// Events in the month.
    pub(crate) events: f64,
    /// Events in a post.
    pub(crate) batch: f64,
    /// Rooms that a post has events for.
    pub(crate) rooms_per_post: f64,
    /// Posts that share a burst.
    pub(crate) posts_per_burst: f64,
    /// Rooms that begin in the month.
    pub(crate) new_sessions: f64,
    /// Rooms with someone in them, on average at the same time.
    pub(crate) sessions: f64,
    /// Clients in all rooms, on average at the same time.
    pub(crate) clients: f64,
    /// Upgrades in the month.
    pub(crate) connects: f64,
    /// Seats that count each connection: of its user, of its address.
    pub(crate) seats: f64,
    /// The share of counted connections for which a seat stores a row.
    pub(crate) new_places: f64,
    /// Milliseconds that a room is awake for a burst.
    pub(crate) awake_ms: f64,
    /// Milliseconds of CPU in the front Worker, for a post and for an upgrade.
    pub(crate) cpu_ms: f64,
    /// The share of bursts that find their room out of memory.
    pub(crate) asleep: f64,
    /// Gigabytes that all rooms keep.
    pub(crate) stored_gb: f64,
}

/// What a room uses when it begins.
const BEGIN: Usage = Usage { rows_written: BEGIN_WRITES, rows_read: BEGIN_READS, ..NOTHING };

const NOTHING: Usage = Usage {
    worker_requests: 0.0,
    cpu_ms: 0.0,
    object_requests: 0.0,
    messages: 0.0,
    awake_ms: 0.0,
    rows_read: 0.0,
    rows_written: 0.0,
    stored_gb: 0.0,
};

/// The causes of usage, each with what it uses.
pub(crate) type Causes = [(&'static str, Usage); 7];

impl Case {
    /// What the month uses.
    pub(crate) fn month(&self) -> Causes {
        [
            ("posts", self.posts()),
            ("new rooms", BEGIN * self.new_sessions),
            ("connects", self.upgrade() * self.connects),
            ("counting", self.place() * (self.seats * self.connects)),
            ("pings", self.pings()),
            ("sweeps", Self::sweep() * (self.sessions * MONTH_MS / exact(SWEEP_EVERY_MS))),
            ("storage", Usage { stored_gb: self.stored_gb, ..NOTHING }),
        ]
    }

    fn posts(&self) -> Usage {
        let posts = self.events / self.batch;
        let deliveries = posts * self.rooms_per_post;
        let received = Usage {
            worker_requests: posts,
            cpu_ms: posts * self.cpu_ms,
            object_requests: deliveries,
            ..NOTHING
        };
        received + self.burst() * (deliveries / self.posts_per_burst)
    }

    fn burst(&self) -> Usage {
        let rows = 1.0 + 1.0 / exact(CHECKPOINT_BURSTS);
        Usage {
            awake_ms: self.awake_ms,
            rows_written: rows,
            // Writing a row also reads the row that it replaces.
            rows_read: rows + self.restored(),
            ..NOTHING
        }
    }

    /// The row is the alarm, which is set when the first client joins a room. It is not known which
    /// clients are the first, so every client is counted as one.
    fn upgrade(&self) -> Usage {
        Usage { worker_requests: 1.0, cpu_ms: self.cpu_ms, ..Self::sweep() }
    }

    /// The seat may replace the row of a connection that has gone, which reads it.
    fn place(&self) -> Usage {
        Usage {
            object_requests: 1.0,
            awake_ms: MOMENT_MS,
            rows_written: self.new_places,
            rows_read: self.new_places,
            ..NOTHING
        }
    }

    /// The runtime answers pings without waking the room. Cloudflare does not say whether it
    /// charges for them as for other messages, so they are counted.
    fn pings(&self) -> Usage {
        let messages = self.clients * MONTH_MS / PING_EVERY_MS;
        Usage { messages, ..NOTHING }
    }

    /// The alarm is a request, and the row is the next alarm. Nothing is read.
    fn sweep() -> Usage {
        Usage { object_requests: 1.0, awake_ms: MOMENT_MS, rows_written: 1.0, ..NOTHING }
    }

    /// A room that was out of memory reads its whole log, which is assumed to be full. It reads the bursts that its
    /// checkpoint does not cover a second time: on average, half of the bursts between two checkpoints.
    fn restored(&self) -> f64 {
        let behind = exact(CHECKPOINT_BURSTS) / 2.0;
        self.asleep * (exact(LOG_BURSTS) + behind + ROWS_BESIDE_LOG)
    }
}

#[cfg(test)]
pub(crate) mod tests;
