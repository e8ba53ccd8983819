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

/// Bursts that the log of a room keeps. An event repeated later than that is taken for a new one,
/// and a client further behind gets the state instead of the missed updates.
pub const LOG_BURSTS: u64 = 512;

/// Bursts between two checkpoints. One row is written for each, so this costs 1/64 row per burst;
/// waking a room decodes at most that many bursts. Must not be above [`LOG_BURSTS`].
pub const CHECKPOINT_BURSTS: u64 = 64;

/// Bytes of updates in one burst, that is in one row and in one frame. A window that has gathered
/// as much closes early. A row may hold 2 MB on Cloudflare, and a single POST maps to less.
pub const BURST_BYTES: usize = 512 * 1024;

/// Bytes of missed updates that a returning client is sent. One that missed more gets the state.
pub const REPLAY_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of updates in one frame of a replay. More are sent as several frames.
pub const REPLAY_FRAME_BYTES: usize = 256 * 1024;

/// Bytes of updates in a room's state, which is one row. Beyond it the oldest updates leave the
/// state (never the log); a dashboard that needs more wants fewer keys or smaller updates.
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

/// Laps of a crowd's window: how often it stores and answers before it sends all that came. Each makes
/// frames fewer and larger, and updates later by as long as it lasts. No lap begins later than this
/// many times what sending takes.
pub const WINDOW_LAPS: u64 = 3;

/// Milliseconds that a window can last after its first look. An update waits no longer than this and
/// [`WINDOW_MS`] for others, however many come.
pub const WINDOW_LONGER_MS: u64 = 50;

/// Milliseconds between two looks at a room's clients. Each look wakes the room and costs one row.
pub const LOOK_EVERY_MS: u64 = 60_000;

/// Milliseconds of silence after which a look closes a client with 4504: three missed pings, or one
/// of a hidden tab, whose timers browsers let run only once a minute.
pub const SILENT_AFTER_MS: u64 = 90_000;

/// Rooms that one POST is delivered to at the same time.
pub const ROOMS_AT_ONCE: usize = 6;

/// Learned pointers from an aggregate to its session that an isolate remembers. Beyond it they are
/// all forgotten and looked up again, at the price of one request each.
pub const CACHED_POINTERS: usize = 10_000;

/// Milliseconds for which an isolate trusts a pointer that it has seen. An aggregate that moves to
/// another session may be taken for the old one's for as long, where its events do not say.
pub const POINTER_CACHE_MS: u64 = 60_000;

/// The limits of one room, as one value, so that tests can make them small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomLimits {
    /// [`ROOM_CLIENTS`]
    pub clients: usize,
    /// [`LOG_BURSTS`]
    pub log_bursts: u64,
    /// [`CHECKPOINT_BURSTS`]
    pub checkpoint_bursts: u64,
    /// [`BURST_BYTES`]
    pub burst_bytes: usize,
    /// [`REPLAY_BYTES`]
    pub replay_bytes: usize,
    /// [`STATE_BYTES`]
    pub state_bytes: usize,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            clients: ROOM_CLIENTS,
            log_bursts: LOG_BURSTS,
            checkpoint_bursts: CHECKPOINT_BURSTS,
            burst_bytes: BURST_BYTES,
            replay_bytes: REPLAY_BYTES,
            state_bytes: STATE_BYTES,
        }
    }
}
