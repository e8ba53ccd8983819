//! Limits of rooms that are larger than one object: when they spread, over how many relays, how these are fed.

use super::{LEASE_MS, SWEEP_EVERY_MS};

/// Members from which a room spreads over relays, if its tenant sets no other number (`spread_above`). It is also how many a relay
/// takes. Beyond it: further members are connected to relays, each of which costs what a room costs.
pub const SPREAD_ABOVE: usize = 5_000;

/// Members that a room may have in all (`room.clients` of a document), at most: about as many as relays in all regions take. Beyond it: the
/// document is refused.
pub const TREE_CLIENTS: usize = 5_000_000;

/// Relays of a region that the root feeds itself. Those beyond are fed by these. With more, a burst costs the root more calls; with
/// fewer, a region is fed later.
pub const RELAYS_FIRST: u16 = 6;

/// Relays that one relay feeds, at most. It sets how many there can be in a region.
pub const RELAYS_EACH: u16 = 30;

/// Relays of a room in one region, at most. Beyond it: relays of other regions take the members, and if there are none, the room is
/// full.
pub const RELAYS_IN_REGION: u16 = RELAYS_FIRST * (1 + RELAYS_EACH);

/// Milliseconds that a relay is kept without a member and without a relay that it feeds. Beyond it: its storage is deleted.
pub const RELAY_KEPT_MS: u64 = 60_000;

/// Milliseconds for which a relay goes on when its parent has not answered a question, which it asks with each sweep. Beyond it: its
/// members are closed, and come back to other objects, because they would be shown nothing new and be counted by nobody.
pub const RELAY_ALONE_MS: u64 = 50_000;

/// Milliseconds after which a relay that was not heard of is asked what it has: more than one of its sweeps. One that has ended says so.
pub const RELAY_SILENT_MS: u64 = 100_000;

/// Milliseconds after which a relay that was not heard of is thought to have ended: four of its sweeps. It has closed its members
/// by then. One that still exists is known again with its next question.
pub const RELAY_LOST_MS: u64 = 240_000;

const _: () = assert!(
    2 * (SWEEP_EVERY_MS + RELAY_ALONE_MS) < RELAY_LOST_MS,
    "nobody is at a relay that is thought to have ended"
);

/// Milliseconds for which nobody else gets the places of a relay that has ended: longer than a front Worker may take to hear of
/// them, remembers them, and has a client on its way.
pub const RELAY_CLOSED_MS: u64 = 30_000;

const _: () = assert!(
    LEASE_MS + PLACEMENT_MS + LEASE_MS < RELAY_CLOSED_MS,
    "a relay that has ended and is joined again still has its places"
);

/// Milliseconds for which a front Worker remembers which relays of a room take members. A relay that is full meanwhile refuses, and
/// the root is asked at once.
pub const PLACEMENT_MS: u64 = 4_000;

/// Rooms of which an isolate remembers that. Beyond it: the root is asked for each client of a further one.
pub const PLACEMENTS: usize = 1_000;

/// How often a front Worker looks for a relay that is not full, before its client is told to come back.
pub const PLACEMENT_TRIES: usize = 8;

/// Milliseconds until a relay that did not take a burst is fed again. They double each time.
pub const FEED_AGAIN_MS: u64 = 250;

/// How often a relay is fed again that does not answer. Beyond it: it is fed with the next burst, or when it asks.
pub const FEED_TIMES: u32 = 6;
