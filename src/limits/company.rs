//! The limits of what clients tell each other: presence and signals.
//!
//! Each has its unit, and says what happens beyond it.

/// Bytes, as JSON, of what a person shows of itself with `presence.set`. It is kept with the connection. Beyond it: the error
/// `bad_frame`.
pub const PRESENCE_BYTES: usize = 1024;

/// Persons that are listed by name. Beyond it: members are told how many there are, and a sample of so many.
pub const PRESENCE_LISTED: usize = 200;

/// Milliseconds for which changes of who is here are gathered after a frame that said so. Beyond it: the next frame says all of
/// them. A change after a quiet time is sent at once.
pub const PRESENCE_GATHER_MS: u64 = 1_000;

/// Milliseconds between two lists of who is here that one client asks for. Beyond it: the error `rate_limited`.
pub const PRESENCE_EVERY_MS: u64 = 1_000;

/// Bytes, as JSON, of the data of a signal. Beyond it: the error `bad_frame`.
pub const SIGNAL_BYTES: usize = 256;

/// Milliseconds that a signal costs: a client may send ten in a second.
pub const SIGNAL_EVERY_MS: u64 = 100;

/// Milliseconds by which a client's signals may run ahead of the clock, so that it may send ten at once. Beyond it: the
/// error `rate_limited`.
pub const SIGNALS_AHEAD_MS: u64 = 10 * SIGNAL_EVERY_MS;

/// Bytes sent to a client since its last ping, as far as the room knows, with which it counts as behind. A client that reads
/// pings after each mebibyte. Beyond it: it is sent no signals.
pub const SIGNAL_BEHIND_BYTES: usize = 2 * 1024 * 1024;

/// Milliseconds between two looks at the pings, because somebody who is behind was not sent a signal. Beyond it: the room looks
/// again with the next signal.
pub const SIGNAL_LOOK_MS: u64 = 1_000;

/// Bytes of an attachment that a member may take when it has as many topics as it may. The platform allows 16 KiB. Beyond it:
/// what the member wants to show of itself is refused.
pub const MEMBER_BYTES: usize = 16_000;

/// Members that a room may have in all where its clients see who is here, over all its relays: the room itself holds all persons, at up to
/// 1 KiB each. Beyond it: the refusal `room_full`.
pub const PRESENCE_CLIENTS: usize = 50_000;

/// Milliseconds for which a room that comes back into memory waits for its relays to say who is there, before it tells its members.
/// Beyond it: persons at relays that have not answered count as gone until they do.
pub const ROLL_MS: u64 = 2_000;

/// How often the time is doubled after which an object of the room is written to again that has not answered. The first is one
/// second. Beyond it: it stays the same.
pub const COMPANY_AGAIN: u32 = 4;

/// Seconds after which a relay asks again for the list of who is here, while members wait for it.
pub const LIST_AGAIN_TICKS: u32 = 4;
