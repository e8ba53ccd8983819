//! From a posted body to updates: decode, route, map.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`event`] | the event as the bus means it |
//! | [`envelope`] | bytes of the domain event envelope → events |
//! | [`preset`] | the event map, as data from `presets/` |
//! | [`source`] | how a preset's row finds a value in an event |
//! | [`mod@pointer`] | where the sessions of aggregates are remembered |
//! | [`dispatch`] | events → what to deliver to which room, and what to learn |
//!
//! Pure: looking up learned pointers and delivering are the shell's work, between two calls.

pub mod dispatch;
pub mod envelope;
pub mod event;
pub mod pointer;
pub mod preset;
pub mod source;
