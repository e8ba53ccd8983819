//! Limits of rooms that are larger than one object: when they spread, over how many relays, how these are fed.

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

/// Milliseconds after which a relay that was not heard of is forgotten: three of its sweeps, with which it asks for what it
/// lacks. One that still exists is known again with the next.
pub const RELAY_LOST_MS: u64 = 200_000;

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
