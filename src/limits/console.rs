//! The limits of the operator's console.
//!
//! Each has its unit, and says what happens beyond it.

/// Milliseconds for which a tenant is watched after it was asked for. Beyond it: its rooms report no longer.
pub const WATCHED_MS: u64 = 90_000;

/// Milliseconds between two reports of a room. Beyond it: what happens sooner is in the next report.
pub const REPORT_EVERY_MS: u64 = 2_000;

/// Milliseconds in which a report must have arrived. Beyond it: it is lost, and a log line says so.
pub const REPORT_MS: u64 = 10_000;

/// Milliseconds for which a connection of the console is good. Beyond it: it needs the admin token again, so a token that was
/// changed is of no use any more.
pub const CONSOLE_MS: u64 = 3_600_000;

/// Consoles that are connected at once. Beyond it: 503 `room_full`.
pub const CONSOLES: usize = 100;

/// Attempts to open the console's connection in a minute, from one address. Beyond it: 429 `attempts_exceeded`.
pub const CONSOLE_ATTEMPTS: u32 = 60;

/// Names that a page of the list of a tenant's rooms has at most, and if nothing else is asked for. Beyond it: they are on the
/// next page.
pub const ROOMS_PAGE: usize = 1_000;
