//! Metering: what rooms and front Workers tell the meter of their tenant, and what it keeps.

/// Milliseconds after a report or a row of a ledger in which the next one waits. Longer: an object that is kept awake for it costs more than
/// what it saves. Pauses double while there is always more.
pub const QUIET_MS: u64 = 600;

/// The longest pause between two reports of a metered room, in milliseconds. Longer: a room that crashes loses more of its counts. Shorter: busy rooms report more
/// often.
pub const METER_LONGEST_PAUSE_MS: u64 = 16_000;

/// Frames of clients that are billed as one request. Fewer of them, and nothing else, are no reason for a report: they go with the
/// next one, or are lost if the room goes to sleep before.
pub const BILLED_FRAMES: u64 = 20;

/// The longest pause between two writes of a tenant's ledger, in milliseconds. Longer: a tenant's object that crashes loses more of what it has
/// not written.
pub const LEDGER_LONGEST_PAUSE_MS: u64 = 5_000;

/// Milliseconds after its last report for which a room's members count. Rooms with members report at least each minute, so one that
/// has missed two sweeps is gone.
pub const CROWD_MS: u64 = 150_000;

/// Rooms with members that a ledger remembers. Beyond it: the members of further rooms are not counted.
pub const CROWDS: usize = 10_000;

/// Days for which the usage of a tenant is kept. Beyond it: the oldest is deleted.
pub const USAGE_DAYS: u64 = 400;

/// Days of usage that one answer has at most. Beyond it: 422.
pub const USAGE_PAGE: u64 = USAGE_DAYS;

/// Tenants that one answer of `/admin/metrics` has at most, as each is a request to its object. Beyond it: the answer says so, and each
/// tenant can be asked for by name.
pub const METERED_TENANTS: usize = 500;

/// Milliseconds in which a tenant's object must have answered a request for metrics. Beyond it: `roomcast_tenant_up` is 0.
pub const METER_ANSWER_MS: u64 = 5_000;

/// Milliseconds for which a front Worker gathers refusals before it tells the tenants' objects. Beyond it: one request for each tenant.
pub const REFUSALS_EVERY_MS: u64 = 5_000;

/// Days of usage in an answer to who does not say how many.
pub const USAGE_MONTH: u64 = 31;

/// Tenants' objects that are asked for their metrics at the same time. More: the answer comes sooner, and takes more memory.
pub const TENANTS_AT_ONCE: usize = 20;
