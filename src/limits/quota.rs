//! The limits of counting: connections, attempts, events, revocations.
//!
//! Each has its unit, and says what happens beyond it.

/// Connections of one user or one address that are counted, whatever the tenant allows. Beyond it: `user_full`,
/// `address_full`.
pub const SEAT_LEASES: usize = 1_000;

/// Rooms of one user that are remembered for revocations, where connections of users are not counted. Beyond it: a
/// revocation says that it may not have reached all of the user's rooms.
pub const SEAT_ROOMS: usize = 1_000;

/// Milliseconds that a connection has to join its room before that is asked about it. If the limit is reached by
/// connections that are younger, one more attempt waits for so long. Beyond it: a connection that is still on its way when its
/// room is asked is refused with 503 `room_failed`, and comes back.
pub const LEASE_JOINS_MS: u64 = 1_000;

/// Milliseconds between two rounds in which a seat asks the rooms of its connections. Attempts that come meanwhile wait
/// and share the next round, so a user who hammers causes five rounds a second.
pub const VERIFY_EVERY_MS: u64 = 200;

/// Milliseconds in which a room has to say which connections it has. Beyond it: they count as present.
pub const VERIFY_ROOM_MS: u64 = 2_000;

/// Milliseconds for which a round of questions can last. Beyond it: another one may begin.
pub const VERIFY_LONGEST_MS: u64 = 2 * VERIFY_ROOM_MS;

/// Milliseconds for which an attempt waits for a place. Beyond it: it is refused, as if all connections were present.
pub const SEAT_PATIENCE_MS: u64 = 5_000;

/// Attempts of one user or one address that wait for a place. Beyond it: the next is refused at once.
pub const SEAT_WAITING: usize = 100;

/// Milliseconds after which an idle seat asks the rooms of its connections, and is deleted if nothing is left.
pub const SEAT_IDLE_MS: u64 = 24 * 3_600_000;

/// Milliseconds after which the room of a user is noted again, which costs a row.
pub const VISITED_AGAIN_MS: u64 = 24 * 3_600_000;

/// Milliseconds for which an isolate remembers that a user whose connections are not counted was let into a room. Beyond it: the
/// seat is asked again.
pub const VERDICT_MS: u64 = 4_000;

/// Such answers that an isolate remembers of one tenant. Beyond it: the next are not remembered.
pub const VERDICTS: usize = 10_000;

/// Revocations of one user that are kept. Beyond it: all tokens of the user that there are then are revoked instead.
pub const REVOCATIONS: usize = 200;

/// Milliseconds after which rooms are told of a revocation once more: longer than [`super::LEASE_MS`], so that no connection is on
/// its way any more that had a place before.
pub const REVOKE_AGAIN_MS: u64 = 9_000;

/// Milliseconds for which rooms that do not answer are told of a revocation again and again. Beyond it: a room that has been
/// silent for so long has failed, which closes its connections.
pub const REVOKE_TRIED_MS: u64 = 10 * 60_000;

/// Steps of a span of time in which what was taken is counted. More make the count finer and take more memory.
pub const RATE_STEPS: u64 = 50;

/// Milliseconds of inactivity after which the platform may evict an object, which then forgets the attempts of its address.
pub const EVICTED_AFTER_MS: u64 = 10_000;

/// Milliseconds within which an isolate uses up what it has borrowed of a tenant's events.
pub const SLICE_MS: u64 = 100;

/// Tenants of which an isolate remembers what it has borrowed. Beyond it: it forgets all, and borrows anew.
pub const BORROWERS: usize = 1_000;
