//! Every limit: its unit, its default, and what happens beyond it.
//!
//! Numbers only. The code that enforces a limit uses the constant from here and does not repeat the number.

pub mod budget;
pub mod company;
pub mod console;
pub mod hooks;
pub mod ladder;
pub mod metering;
pub mod queue;
pub mod quota;
pub mod relays;
pub mod socket_io;
pub mod trust;

pub use self::budget::*;
pub use self::company::*;
pub use self::console::*;
pub use self::hooks::*;
pub use self::ladder::*;
pub use self::metering::*;
pub use self::queue::*;
pub use self::quota::*;
pub use self::relays::*;
pub use self::socket_io::*;
pub use self::trust::*;

/// Bytes in one `POST /api/events`. Beyond it: 413 `too_large`, nothing is applied.
pub const POST_BYTES: usize = 256 * 1024;

/// Bytes up to which a body over [`POST_BYTES`] is still read and discarded, so that the sender receives the 413.
/// Beyond it: the rest is not read, and the runtime cuts the connection.
pub const PASSED_OVER_BYTES: usize = 32 * 1024 * 1024;

/// Bytes of updates on their way to a room that are sent in a header, which costs less than a body (docs/performance.md).
/// Beyond it: they are a body.
pub const DELIVERY_HEADER_BYTES: usize = 4 * 1024;

/// Milliseconds in which the body of a post must arrive, discarded bytes included. A backend normally needs less
/// than a second. Beyond it: 408 `body_late`, and the connection ends.
pub const BODY_MS: u64 = 10_000;

/// Events in one `POST /api/events`. Beyond it: 413 `too_large`, nothing is applied.
pub const POST_EVENTS: usize = 500;

/// Entries in the `errors` of a 422. Beyond it: the other malformed events are refused too, but not listed.
pub const LISTED_ERRORS: usize = 20;

/// Characters of an event id, an event type, an aggregate's type or id, a session's name, and each value that
/// becomes part of a key. Beyond it: 422 `malformed`; for the session that a client asks for, 400 `bad_session`.
pub const NAME_CHARS: usize = 128;

/// Pairs of a listed signature with a private key (`v1a`) and a public key that are tried for one request. Each takes
/// 0.4 ms, and whoever sends it has not been authenticated yet. While both sides replace a key there are four. Beyond it:
/// they are not looked at.
pub const KEY_CHECKS: usize = 16;

/// Characters of a token's `sub`. Beyond it: 401 `token_invalid`.
pub const USER_CHARS: usize = 256;

/// Milliseconds in which a refused client must answer the close. Beyond it: the connection is cut.
pub const REFUSED_CLOSE_MS: u32 = 5_000;

/// Bytes of a frame from a client. Beyond it: the connection is closed with 1009.
pub const FRAME_BYTES: usize = 4 * 1024;

/// Members of a group that asked for compressed frames, from which on it gets them. Below it: it is sent texts, because compressing
/// would cost more than sending less saves (docs/performance.md), and 0.3 MB of memory.
pub const DEFLATE_MEMBERS: usize = 8;

/// Groups of a room that are sent compressed frames. Each takes 0.3 MB. Beyond it: the groups that had enough members later are
/// sent texts.
pub const DEFLATE_GROUPS: usize = 8;

/// How hard to compress, 0 to 10. Beyond 3, frames are a tenth smaller for half as much CPU again.
pub const DEFLATE_LEVEL: i32 = 3;

/// Characters of the `ref` of a client's frame. Beyond it: the error `bad_frame`.
pub const REF_CHARS: usize = 64;

/// Members of one room. The platform allows 32,768 sockets. Beyond it: 503 `room_full`.
pub const ROOM_CLIENTS: usize = 10_000;

/// Bytes that the updates of one `POST /api/events` may take as stored. Only numbers such as `1e15` take more bytes
/// stored than posted. Beyond it: 413 `too_large`, nothing is applied.
pub const POST_STORED_BYTES: usize = 512 * 1024;

/// Milliseconds during which a signed request can be repeated: its signature is valid from
/// [`SIGNATURE_TOLERANCE_S`] before its timestamp until as long after it. Beyond it: 401 `signature_stale`.
pub const REPLAY_WINDOW_MS: u64 = 2 * SIGNATURE_TOLERANCE_S.unsigned_abs() * 1_000;

/// Bursts that the log of a room keeps; at most [`crate::room::row::RING_SLOTS`]. Beyond it: a client that is
/// further behind gets the state instead of the missed updates, and an event that is also older than
/// [`REPLAY_WINDOW_MS`] is accepted as new if it is repeated.
pub const LOG_BURSTS: u64 = 512;

/// Event ids that a room remembers. Each takes 11 bytes in storage and about 45 in memory, which is 6 MB. Beyond
/// it: the room forgets the oldest ids, and requests signed no later than those get 401 `signature_stale`, because
/// they may be repeats. At 1,000 events/s in one room this concerns requests older than two minutes.
pub const SEEN_IDS: usize = 131_072;

/// Ids among [`SEEN_IDS`] whose bursts have left the log. They are stored with the checkpoint, and a row of the
/// platform may have 2 MB. Beyond it: as with [`SEEN_IDS`].
pub const SEEN_IDS_WITHOUT_BURST: usize = 80_000;

/// Bursts between two checkpoints; at most [`LOG_BURSTS`]. A checkpoint is one row, so this costs 1/64 row per
/// burst. A room that wakes decodes at most this many bursts. Beyond it: the next burst is preceded by a
/// checkpoint.
pub const CHECKPOINT_BURSTS: u64 = 64;

/// Bytes of burst bodies after which a checkpoint is stored even before [`CHECKPOINT_BURSTS`]. A room that wakes
/// reads at most this much, plus one burst. In a flood of 100 events per request a burst has about 200 KB, so that a
/// checkpoint follows thirty of them and costs 1/30 row per burst.
pub const CHECKPOINT_BYTES: usize = 6 * 1024 * 1024;

/// Bytes of updates in one burst, which is one row. Beyond it: the burst is stored and sent before its window ends.
/// The request that reaches the limit can add about [`POST_STORED_BYTES`]; a row of the platform may have 2 MB.
pub const BURST_BYTES: usize = 512 * 1024;

/// Bytes of missed updates that are sent to a returning client. Beyond it: the client gets the state, which is no
/// larger.
pub const REPLAY_BYTES: usize = 1024 * 1024;

/// Bytes of updates in one frame of a replay. Beyond it: the replay is split into several frames, but never within
/// a burst.
pub const REPLAY_FRAME_BYTES: usize = 256 * 1024;

/// Updates on one page of the log, unless the reader asks for fewer or more.
pub const PAGE_UPDATES: usize = 500;

/// Updates that a reader may have on one page of the log. More are refused with 400.
pub const PAGE_UPDATES_MAX: usize = 1_000;

/// Bytes of stored bursts that are read for one page of the log. Beyond it: the page ends, and the next one goes on.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// Bytes of a room's state as stored in one row: its updates, their keys and numbers. Beyond it: the oldest updates
/// leave the state, but not the log. A dashboard that needs more should use fewer keys or smaller updates.
pub const STATE_BYTES: usize = 1024 * 1024;

/// Microseconds that the runtime needs at least to send a frame to one client. It sets when a window is first looked at. How late
/// that look comes shows how long sending really took; the window lasts as long, so that the updates that arrive meanwhile
/// share the next burst.
pub const SEND_US: u64 = 25;

/// Milliseconds until the first look at a window, at most. Rooms of over 1,000 clients need longer to send; then
/// the first look comes late, which counts as busy (see [`WINDOW_LATE_MS`]).
pub const WINDOW_MS: u64 = 25;

/// Milliseconds between two looks at an open window.
pub const WINDOW_LOOK_MS: u64 = 2;

/// Milliseconds without a new request after which a window ends, even if fewer requests came than were last
/// answered.
pub const WINDOW_QUIET_MS: u64 = 6;

/// Milliseconds of delay from which a look at a window shows that the runtime is busy. A busy window is not quiet.
pub const WINDOW_LATE_MS: u64 = 3;

/// Milliseconds of sending from which a window waits for the next request of a single publisher: in a room of 200
/// clients or more. In a smaller room the publisher would lose more by waiting than the room saves by sending less
/// often.
pub const WINDOW_LONE_MS: u64 = 5;

/// Milliseconds after a burst within which an update waits until that burst is durable, because more may be coming, with which it will share a row. With a larger number, updates
/// wait in vain; with a smaller one, requests that come together take more rows. If the last two bursts came within it too and held one update each, nobody is expected, and the next is sent at once.
pub const WINDOW_SOON_MS: u64 = 50;

/// Every how many such bursts the next waits all the same, so that a room notices that requests come together again. With a larger number, these would
/// take more rows until it does; with a smaller one, a lone publisher would pay for more windows.
pub const WINDOW_TRY: u64 = 4;

/// Laps of a window: how often it stores and answers before it sends everything. More laps make frames fewer and
/// larger, and updates later. Beyond it: the window ends. No lap begins after this many times the duration of
/// sending.
pub const WINDOW_LAPS: u64 = 3;

/// Users, and permissions, that the audience of an event may name. Beyond it: the event is malformed.
pub const AUDIENCE_NAMES: usize = 50;

/// Characters of a topic or of a pattern of topics. Beyond it: the event, the frame or the request is refused.
pub const TOPIC_CHARS: usize = 128;

/// Bytes, as JSON, that the topics of one connection take, and as many again the topics, and the permissions, of its token. They
/// are kept with the connection, where there is room for 16 KiB. Beyond it: the frame or the token is refused.
pub const TOPICS_BYTES: usize = 4096;

/// Milliseconds that a client may ask to be between two frames. Beyond it: the frame or the request is refused.
pub const PACE_MAX_MS: u32 = 60_000;

/// Milliseconds to whose multiples a pace is rounded up, so that clients with similar paces share their frames.
pub const PACE_STEP_MS: u32 = 250;

/// Bytes of a document's `wire`. It is kept with each connection that speaks it, where there is room for 16 KiB in all.
/// Beyond it: the document is refused.
pub const WIRE_BYTES: usize = 3 * 1024;

/// The shortest time between two refreshes of an update, in milliseconds. Each wakes the room and is sent to everyone.
/// Below it: the document is refused.
pub const REFRESH_MIN_MS: u64 = 1_000;

/// Things of which one tally knows the last step. Each takes about 70 bytes in storage. Beyond it: the
/// oldest stay counted but can no longer change, those in final buckets first.
pub const TALLY_ENTITIES: usize = 10_000;

/// The largest amount of a tally, either way, which JavaScript can still count exactly. Beyond it: the event is malformed.
pub const TALLY_AMOUNT: i64 = (1 << 53) - 1;

/// Milliseconds between two log lines about the updates of a room that were never sent, because later ones took their
/// place.
pub const CONFLATED_EVERY_MS: u64 = 60_000;

/// Snapshots at the head that a room keeps in memory, each for another view. Beyond it: the snapshot is put together again
/// for the next client with that view.
pub const SNAPSHOTS: usize = 8;

/// Bytes of the topics and audiences that a room remembers though all their updates have left the state. Beyond it: a
/// client of such a topic that comes back may be sent the state although it has missed nothing.
pub const EMPTY_SHELVES_BYTES: usize = 64 * 1024;

/// Milliseconds that a window can last after its first look, where sending takes no longer than that; else as long as sending takes,
/// up to [`WINDOW_LONGEST_MS`]. Beyond it: the window ends, however many requests come. So an update waits for others at most this
/// long plus [`WINDOW_MS`].
pub const WINDOW_LONGER_MS: u64 = 50;

/// Milliseconds that a window can last after its first look, however long sending takes: in a very large room, or after the
/// machine has stood still.
pub const WINDOW_LONGEST_MS: u64 = 150;

/// Milliseconds between two sweeps of a room. Each sweep wakes the room and costs one row.
pub const SWEEP_EVERY_MS: u64 = 60_000;

/// Milliseconds that a member may be silent: three missed pings, or one missed ping of a hidden tab, whose timers
/// browsers run only once a minute. Beyond it: the next sweep closes the member with 4504.
pub const SILENT_AFTER_MS: u64 = 90_000;

/// How many clients should come back in a second to a room that all have lost at once, as in a deploy. Members of a room with more are told to
/// take longer. Beyond it: upgrades wait for each other, and the first updates come late.
pub const RETURNS_PER_SECOND: u64 = 1_000;

/// Milliseconds within which clients come back by themselves (`quickMs` of the client). A room whose members may all come back within it tells
/// them nothing.
pub const RETURN_MS: u64 = 500;

/// Members of a room that tells all of them once more over how much time to come back: those who came early know too little. Beyond it: 1,900 of
/// 10,000 come back in the first second. Had nobody been told again, it would be 3,300; had all known the number of members, 1,000.
pub const RETOLD_MEMBERS: u64 = 4_000;

/// Milliseconds that a room is kept without an event or a member, if its tenant sets no other time (`retention_days`).
/// Beyond it: its storage is deleted, and clients that come back later start from nothing.
pub const ROOM_RETENTION_MS: u64 = 30 * DAY_MS;

/// Days for which a tenant can let its rooms be kept (`retention_days`), at most. Beyond it: the document is refused.
pub const RETENTION_DAYS: u64 = 365;

/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * 3_600_000;

/// Bytes that may be sent to a client after its last ping that the runtime answered. Beyond it: the client is
/// closed with 4508. At 280 KB/s this takes a minute, so clients of very busy rooms also ping after each MiB.
pub const UNREAD_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of states and missed updates that a room has sent and that may still be unread: clients prove with two
/// later pings that they have read them. Beyond it: clients that need a state or missed updates get 503 `room_busy`
/// and come back, and requests for the state wait. One recovery is always allowed, whatever its size.
pub const RECOVERY_BYTES: usize = 32 * 1024 * 1024;

/// Bytes queued for closed connections that may never end because their clients do not read. Beyond it: the room
/// ends all its connections, because nothing else frees these bytes. The clients come back and miss nothing.
pub const STUCK_BYTES: usize = 64 * 1024 * 1024;

/// Milliseconds that each frame of a client costs: 20 frames a second. For what happens beyond it, see
/// [`FRAMES_AHEAD_MS`].
pub const FRAME_EVERY_MS: u64 = 50;

/// Milliseconds by which a client's frames may run ahead of the clock: 40 frames at once. Beyond it: each frame is
/// answered with the error `rate_limited` and has no other effect.
pub const FRAMES_AHEAD_MS: u64 = 40 * FRAME_EVERY_MS;

/// Milliseconds by which a client's frames may run ahead, errors included: 40 more frames. Beyond it: the client is
/// closed with 4429.
pub const FRAMES_FLOOD_MS: u64 = 2 * FRAMES_AHEAD_MS;

/// Milliseconds between two states that are sent to one client. Requests that come sooner share the next state.
pub const STATE_EVERY_MS: u64 = 1_000;

/// Rooms, or pointer objects, that one POST calls at the same time. Beyond it: the others wait their turn.
pub const ROOMS_AT_ONCE: usize = 6;

/// Milliseconds after the last recorded use of a pointer. Beyond it: the pointer is deleted.
pub const POINTER_RETENTION_MS: u64 = 30 * 24 * 3_600_000;

/// Milliseconds after which a new use of a pointer is recorded, which costs a row. Also the shortest time between
/// two clean-ups of a pointer object.
pub const POINTER_USED_MS: u64 = 24 * 3_600_000;

/// Aggregates whose session, or lack of one, an isolate remembers. Beyond it: the isolate forgets all of them and
/// asks again, at the price of one request each.
pub const CACHED_POINTERS: usize = 10_000;

/// Milliseconds for which an isolate remembers the session of an aggregate. If the aggregate moves to another
/// session meanwhile, events that do not name it may go to the old one. Beyond it: the pointer is asked again.
pub const POINTER_CACHE_MS: u64 = 60_000;

/// Bytes of one text in a log line: a user, a requested session, an origin. Beyond it: the text is cut and ends in
/// `…`.
pub const LOG_TEXT_BYTES: usize = 256;

/// The limits of one room as one value, so that tests can use small ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomLimits {
    /// [`ROOM_CLIENTS`]
    pub clients: usize,
    /// [`LOG_BURSTS`]
    pub log_bursts: u64,
    /// [`SEEN_IDS`]
    pub seen_ids: usize,
    /// [`SEEN_IDS_WITHOUT_BURST`]
    pub seen_ids_without_burst: usize,
    /// [`CHECKPOINT_BURSTS`]
    pub checkpoint_bursts: u64,
    /// [`CHECKPOINT_BYTES`]
    pub checkpoint_bytes: usize,
    /// [`BURST_BYTES`]
    pub burst_bytes: usize,
    /// [`REPLAY_BYTES`]
    pub replay_bytes: usize,
    /// [`STATE_BYTES`]
    pub state_bytes: usize,
    /// [`LADDER_CONFLATE_BYTES`]
    pub conflate_bytes: usize,
    /// [`LADDER_HOLD_BYTES`]
    pub hold_bytes: usize,
    /// [`UNREAD_BYTES`]
    pub unread_bytes: usize,
    /// [`RECOVERY_BYTES`]
    pub recovery_bytes: usize,
    /// [`STUCK_BYTES`]
    pub stuck_bytes: usize,
    /// [`PRESENCE_LISTED`]
    pub presence_listed: usize,
    /// [`SIGNAL_BEHIND_BYTES`]
    pub signal_behind_bytes: usize,
    /// [`DEFLATE_MEMBERS`]
    pub deflate_members: usize,
    /// [`ROOM_RETENTION_MS`], or what the tenant sets in its place
    pub retention_ms: u64,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            clients: ROOM_CLIENTS,
            log_bursts: LOG_BURSTS,
            seen_ids: SEEN_IDS,
            seen_ids_without_burst: SEEN_IDS_WITHOUT_BURST,
            checkpoint_bursts: CHECKPOINT_BURSTS,
            checkpoint_bytes: CHECKPOINT_BYTES,
            burst_bytes: BURST_BYTES,
            replay_bytes: REPLAY_BYTES,
            state_bytes: STATE_BYTES,
            conflate_bytes: LADDER_CONFLATE_BYTES,
            hold_bytes: LADDER_HOLD_BYTES,
            unread_bytes: UNREAD_BYTES,
            recovery_bytes: RECOVERY_BYTES,
            stuck_bytes: STUCK_BYTES,
            presence_listed: PRESENCE_LISTED,
            signal_behind_bytes: SIGNAL_BEHIND_BYTES,
            deflate_members: DEFLATE_MEMBERS,
            retention_ms: ROOM_RETENTION_MS,
        }
    }
}
