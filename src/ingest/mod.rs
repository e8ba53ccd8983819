//! From a posted body to updates: decode, route, map.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`event`] | a domain event, independent of its format |
//! | [`envelope`] | bytes of the domain event envelope → events |
//! | [`preset`] | the event map, as data from `presets/` |
//! | [`source`] | how a preset's row finds a value in an event |
//! | [`template`] | names that are put together from fields |
//! | [`mod@pointer`] | which object remembers the session of an aggregate |
//! | [`dispatch`] | events → what to deliver to which room, and what to learn |
//!
//! Everything here is pure. The shell looks up pointers between two calls, and delivers the updates.

pub mod dispatch;
pub mod envelope;
pub mod event;
pub mod pointer;
pub mod preset;
pub mod source;
pub mod template;
