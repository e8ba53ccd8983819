//! From a posted body to updates: decode, route, map. What maps is a [`preset`](crate::preset).
//!
//! | file | what it does |
//! | --- | --- |
//! | [`source`] | where the events of a post come from, and which of the next four decodes them |
//! | [`envelope`] | bytes of the domain event envelope → events |
//! | [`cloudevents`] | `CloudEvents` → events |
//! | [`mod@github`], [`mod@stripe`] | the webhooks of GitHub and Stripe → events |
//! | `forms` | host only: what posted events look like, for documents of the wire |
//! | `body` | what these have in common |
//! | [`mod@pointer`] | which object remembers the session of an aggregate |
//! | [`queued`] | messages of a queue: whose events are in them, and what becomes of them |
//! | [`report`] | the report of a room → an update of the operator's console |
//! | [`dispatch`] | events → what to deliver to which room, and what to learn |
//!
//! Everything here is pure. The shell looks up pointers between two calls, and delivers the updates.

mod body;
pub mod cloudevents;
pub mod dispatch;
pub mod envelope;
#[cfg(not(target_arch = "wasm32"))]
pub mod forms;
pub mod github;
pub mod pointer;
pub mod queued;
pub mod report;
pub mod source;
pub mod stripe;
