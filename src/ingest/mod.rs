//! From a posted body to updates: decode, route, map. What maps is a [`preset`](crate::preset).
//!
//! | file | what it does |
//! | --- | --- |
//! | [`envelope`] | bytes of the domain event envelope → events |
//! | [`mod@pointer`] | which object remembers the session of an aggregate |
//! | [`dispatch`] | events → what to deliver to which room, and what to learn |
//!
//! Everything here is pure. The shell looks up pointers between two calls, and delivers the updates.

pub mod dispatch;
pub mod envelope;
pub mod pointer;
