//! The limits of the ladder: what a client that cannot keep up is sent, by how much it has not acknowledged.
//!
//! Each has its unit, and says what happens beyond it. The last rung is [`super::UNREAD_BYTES`].

/// Bytes that may be sent to a `roomcast.v1` connection beyond what it has acknowledged. Beyond it: the connection is
/// sent a frame every [`LADDER_PACE_MS`], in which later updates take the place of earlier ones of their key. A client pings after
/// each mebibyte, and reads on meanwhile: with less than twice that, one that reads a flood would be taken for slow.
pub const LADDER_CONFLATE_BYTES: usize = 2 * 1024 * 1024;

/// Bytes that may be sent to a `roomcast.v1` connection beyond what it has acknowledged. Beyond it: the connection is
/// sent no updates until it has acknowledged the last one, and the state then.
pub const LADDER_HOLD_BYTES: usize = 4 * 1024 * 1024;

/// Milliseconds between two frames of a connection that has more than [`LADDER_CONFLATE_BYTES`] to acknowledge, unless
/// it asked for fewer frames itself.
pub const LADDER_PACE_MS: u32 = 2_000;

/// Milliseconds that a connection stays conflated at least, so that a client at the edge does not move to and fro. After
/// them, it is sent all frames again once less than half of [`LADDER_CONFLATE_BYTES`] is unacknowledged.
pub const LADDER_STAY_MS: u64 = 5_000;

/// Milliseconds that a connection may be sent nothing because it has not acknowledged. Beyond it: the next sweep closes
/// it with 4508.
pub const LADDER_HELD_MS: u64 = 60_000;

/// Milliseconds between two log lines about the members of a room that cannot keep up.
pub const LADDER_LOGGED_MS: u64 = 60_000;
