//! The limits of hooks: what a tenant is told of its rooms being looked at.
//!
//! Each has its unit, and says what happens beyond it.

/// Milliseconds for which a room is without a member before it counts as vacated. A page that is loaded again within it causes
/// no hook. Beyond it: the hook `room.vacated` is due.
pub const VACATED_AFTER_MS: u64 = 10_000;

/// Milliseconds after which a room announces again what its tenant's object has not noted; twice as many after each further
/// time. Beyond it: it is announced again.
pub const ANNOUNCE_AGAIN_MS: u64 = 5_000;

/// Milliseconds between two announcements of the same change, at most.
pub const ANNOUNCE_SELDOM_MS: u64 = 15 * 60_000;

/// Rooms of a tenant with a hook that waits to be delivered. Beyond it: the next rooms keep theirs, and announce it again.
pub const HOOKS_WAITING: usize = 1_000;

/// Hooks of a tenant that are under way at the same time, which is also how many connections the runtime opens at once.
/// Beyond it: the next ones wait for these.
pub const HOOKS_AT_ONCE: usize = 6;

/// Milliseconds in which a receiver has to answer. Beyond it: the hook counts as failed.
pub const HOOK_ANSWER_MS: u64 = 10_000;

/// Milliseconds between a failed hook and the next attempt, by how often it has failed. Beyond the last: it is given up.
pub const HOOK_AGAIN_MS: [u64; 7] =
    [5_000, 30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000];
