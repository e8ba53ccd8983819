//! The limits of budgets: what a tenant may say that a day may cost it, and what it wants beyond that.
//!
//! Each has its unit, and says what happens beyond it.

use std::ops::RangeInclusive;

/// Dollars of a day that a budget may be, at most. Beyond it: the document is refused.
pub const BUDGET_DOLLARS: f64 = 1_000_000.0;

/// The share of its budget from which on a tenant is warned, if it says no other (`warn_at`).
pub const BUDGET_WARN_AT: f64 = 0.8;

/// Milliseconds from one burst of a room to the next that a tenant may want while it is over its budget (`pace_ms`). Below it, a room
/// would hardly store less; beyond it, publishers would give up waiting for their answers. Outside of it: the document is refused.
pub const BUDGET_PACE_MS: RangeInclusive<u32> = 100..=10_000;

/// Milliseconds between two requests to a room below which it is worth gathering them while its tenant is over its budget: a second awake
/// costs as much as 1.6 rows. Rooms with fewer requests are not slowed down, as that would cost more than it saves.
pub const PACE_WORTH_MS: u64 = 500;
