//! Every limit: its unit, its default, and what happens beyond it.
//!
//! Numbers only. Whoever enforces one names it from here; none is repeated elsewhere in the code.

/// Bytes in one `POST /api/events`. Beyond it: 413 `too_large`, nothing is applied.
pub const POST_BYTES: usize = 256 * 1024;

/// Bytes of a body that is too large which are read and forgotten, so that its sender is still there
/// to see the 413. Beyond it the connection is cut.
pub const PASSED_OVER_BYTES: usize = 32 * 1024 * 1024;

/// Milliseconds in which the body of a post must have arrived, what is passed over included. Beyond
/// it: 408 `body_late`, and the connection ends. A backend sends the most there may be in a second.
pub const BODY_MS: u64 = 10_000;

/// Events in one `POST /api/events`. Beyond it: 413 `too_large`, nothing is applied.
pub const POST_EVENTS: usize = 500;

/// Malformed events that a 422 lists. The rest are refused just the same, unlisted.
pub const LISTED_ERRORS: usize = 20;

/// Characters of an event id, an event type, an aggregate's type or id, and of each value that
/// becomes part of a key. Beyond it: 422 `malformed`.
pub const NAME_CHARS: usize = 128;

/// Seconds that the clock of a webhook's sender may differ from ours, either way. Beyond it: 401.
/// The tolerance of the Standard Webhooks reference libraries.
pub const SIGNATURE_TOLERANCE_S: i64 = 300;

/// Bytes of a token. Beyond it: 401 `token_invalid`, unparsed.
pub const TOKEN_BYTES: usize = 8 * 1024;

/// Characters of a token's `sub`. Beyond it: 401 `token_invalid`.
pub const USER_CHARS: usize = 256;

/// Seconds that the clock of a token's issuer may differ from ours.
pub const TOKEN_LEEWAY_S: i64 = 60;

/// Milliseconds in which a refused client has to answer the close. Beyond it the connection is cut.
pub const REFUSED_CLOSE_MS: u32 = 5_000;

/// Bytes of a frame from a client. Beyond it: the connection is closed with 1009.
pub const FRAME_BYTES: usize = 4 * 1024;

/// Characters of the `ref` of a client's frame. Beyond it: `bad_frame`.
pub const REF_CHARS: usize = 64;

/// Clients in one room. Beyond it: 503 `room_full`. The platform's own limit is 32,768 sockets.
pub const ROOM_CLIENTS: usize = 10_000;

/// Bytes that the events of one `POST /api/events` may become, as they are stored. Beyond it: 413
/// `too_large`, nothing is applied. Only numbers such as `1e15` take more room than they came in.
pub const POST_STORED_BYTES: usize = 512 * 1024;

/// Milliseconds between the first and the last moment at which a signed request can be believed: if its
/// sender's clock is ahead as far as it may be, and the request is held back as long as it can be.
pub const REPLAY_WINDOW_MS: u64 = 2 * SIGNATURE_TOLERANCE_S.unsigned_abs() * 1_000;

/// Bursts that the log of a room keeps. A client further behind gets the state instead of the missed
/// updates. An event that is repeated later than that, and later than [`REPLAY_WINDOW_MS`], is taken
/// for a new one. At most the slots of the ring, [`crate::room::row::RING_SLOTS`].
pub const LOG_BURSTS: u64 = 512;

/// Event ids that a room remembers, at 8 bytes in storage and some 45 in memory each: 3 MB in all. Beyond it the
/// oldest are forgotten, and requests that were signed before them are refused with 401 `signature_stale`,
/// because they may be repeats: at 1,000 events/s in one room, those older than a minute.
pub const SEEN_IDS: usize = 65_536;

/// Bursts between two checkpoints. One row is written for each, so this costs 1/64 row per burst;
/// waking a room decodes at most that many bursts. Must not be above [`LOG_BURSTS`].
pub const CHECKPOINT_BURSTS: u64 = 64;

/// Bytes of bursts after which a checkpoint comes even before [`CHECKPOINT_BURSTS`]. Waking a room reads
/// at most this and one burst more.
pub const CHECKPOINT_BYTES: usize = 2 * 1024 * 1024;

/// Bytes of updates in one burst, that is in one row and in one frame. A window that has gathered
/// as much closes early. With the POST that reaches it, a row has at most [`POST_STORED_BYTES`] more; Cloudflare's
/// may have 2 MB.
pub const BURST_BYTES: usize = 512 * 1024;

/// Bytes of missed updates that a returning client is sent. One that missed more gets the state, which
/// is no larger.
pub const REPLAY_BYTES: usize = 1024 * 1024;

/// Bytes of updates in one frame of a replay. More are sent as several frames.
pub const REPLAY_FRAME_BYTES: usize = 256 * 1024;

/// Bytes of a room's state as it is stored, which is one row: its updates, their keys and numbers. Beyond it
/// the oldest updates leave the state (never the log); a dashboard that needs more wants fewer keys or
/// smaller updates.
pub const STATE_BYTES: usize = 1024 * 1024;

/// Microseconds that sending a frame to one client costs the runtime, measured. A burst's window lasts
/// as long as sending the burst, so that what comes meanwhile can share the next.
pub const SEND_US: u64 = 25;

/// Milliseconds that a window lasts at most before it is looked at. In a larger room sending takes
/// longer, which shows at the look.
pub const WINDOW_MS: u64 = 25;

/// Milliseconds between two looks at a window that goes on.
pub const WINDOW_LOOK_MS: u64 = 2;

/// Milliseconds without a request after which a window is over, even if fewer came than were answered.
pub const WINDOW_QUIET_MS: u64 = 6;

/// Milliseconds late at which a look says that the runtime is busy.
pub const WINDOW_LATE_MS: u64 = 3;

/// Milliseconds that sending a frame takes at least in a room that waits for the next request of a single publisher:
/// 200 clients. Below, it would lose more by waiting than the room gains by sending less often.
pub const WINDOW_LONE_MS: u64 = 5;

/// Laps of a crowd's window: how often it stores and answers before it sends all that came. Each makes
/// frames fewer and larger, and updates later by as long as it lasts. No lap begins later than this
/// many times what sending takes.
pub const WINDOW_LAPS: u64 = 3;

/// Milliseconds that a window can last after its first look. An update waits no longer than this and
/// [`WINDOW_MS`] for others, however many come.
pub const WINDOW_LONGER_MS: u64 = 50;

/// Milliseconds between two sweeps of a room's members. Each wakes the room and costs one row.
pub const SWEEP_EVERY_MS: u64 = 60_000;

/// Milliseconds of silence after which a sweep closes a member with 4504: three missed pings, or one
/// of a hidden tab, whose timers browsers let run only once a minute.
pub const SILENT_AFTER_MS: u64 = 90_000;

/// Milliseconds without an event or a member after which a room's storage is deleted. Clients that come back
/// later start from nothing.
pub const ROOM_RETENTION_MS: u64 = 30 * 24 * 3_600_000;

/// Bytes that a client may have been sent since the runtime last answered a ping of it. Beyond it: closed with
/// 4508. At 280 KB/s it takes a minute, so clients of very busy rooms ping after each MiB as well.
pub const UNREAD_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of states and missed updates that a room has sent to clients of which it is not certain that they have
/// read them: two pings after it. Beyond it, clients that need either are refused with 503 `room_busy` and come
/// back, and requests for the state wait.
pub const RECOVERY_BYTES: usize = 32 * 1024 * 1024;

/// Bytes that connections hold which are closed and may never end, because nobody reads what is queued for them.
/// Only ending all of the room's connections frees them: beyond it, that is done, and everyone comes back
/// and misses nothing.
pub const STUCK_BYTES: usize = 64 * 1024 * 1024;

/// Milliseconds that each frame of a client pays for: 20 a second.
pub const FRAME_EVERY_MS: u64 = 50;

/// Milliseconds of frames that a client may send ahead of time: a burst of 40. Each one beyond it is answered
/// with the error `rate_limited` and not acted on.
pub const FRAMES_AHEAD_MS: u64 = 40 * FRAME_EVERY_MS;

/// Milliseconds of frames at which a client that goes on in spite of the errors is closed with 4429.
pub const FRAMES_FLOOD_MS: u64 = 2 * FRAMES_AHEAD_MS;

/// Milliseconds between two states that one client is sent. Requests that come sooner share the next one.
pub const STATE_EVERY_MS: u64 = 1_000;

/// Rooms that one POST is delivered to at the same time.
pub const ROOMS_AT_ONCE: usize = 6;

/// Milliseconds for which an isolate takes it that an aggregate has no session, once a pointer has said so. Where
/// another isolate learns one meanwhile, events that do not name it are ignored for as long.
pub const UNKNOWN_POINTER_MS: u64 = 1_000;

/// Milliseconds without an event of an aggregate after which its pointer is deleted.
pub const POINTER_RETENTION_MS: u64 = 30 * 24 * 3_600_000;

/// Milliseconds after which the use of a pointer is written down again, which costs a row.
pub const POINTER_USED_MS: u64 = 24 * 3_600_000;

/// Learned pointers from an aggregate to its session that an isolate remembers. Beyond it they are
/// all forgotten and looked up again, at the price of one request each.
pub const CACHED_POINTERS: usize = 10_000;

/// Milliseconds for which an isolate trusts a pointer that it has seen. An aggregate that moves to
/// another session may be taken for the old one's for as long, where its events do not say.
pub const POINTER_CACHE_MS: u64 = 60_000;

/// Bytes that a text may take in a log line: a user, a session as it was asked for, an origin. Beyond it
/// the text is cut and ends in `…`.
pub const LOG_TEXT_BYTES: usize = 256;

/// The limits of one room, as one value, so that tests can make them small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomLimits {
    /// [`ROOM_CLIENTS`]
    pub clients: usize,
    /// [`LOG_BURSTS`]
    pub log_bursts: u64,
    /// [`SEEN_IDS`]
    pub seen_ids: usize,
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
    /// [`UNREAD_BYTES`]
    pub unread_bytes: usize,
    /// [`RECOVERY_BYTES`]
    pub recovery_bytes: usize,
    /// [`STUCK_BYTES`]
    pub stuck_bytes: usize,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            clients: ROOM_CLIENTS,
            log_bursts: LOG_BURSTS,
            seen_ids: SEEN_IDS,
            checkpoint_bursts: CHECKPOINT_BURSTS,
            checkpoint_bytes: CHECKPOINT_BYTES,
            burst_bytes: BURST_BYTES,
            replay_bytes: REPLAY_BYTES,
            state_bytes: STATE_BYTES,
            unread_bytes: UNREAD_BYTES,
            recovery_bytes: RECOVERY_BYTES,
            stuck_bytes: STUCK_BYTES,
        }
    }
}
