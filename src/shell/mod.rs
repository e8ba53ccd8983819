//! The platform, wasm only: the one folder that knows Workers and Durable Objects.
//!
//! Translates and decides nothing. Files with a suffix are entry points: `fetch.rs` for HTTP,
//! `*_do.rs` for the Durable Objects.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`fetch`] | routes; errors → problem documents |
//! | [`live`] | upgrades and state reads: admit, then hand to the room |
//! | [`events`] | posts: verify, decode, dispatch, answer |
//! | [`page`] | the dashboard's files |
//! | [`room_do`] | the Durable Object of a room: one event, one turn |
//! | [`room_host`] | runs the room's effects on sockets, storage and alarm |
//! | [`sockets`] | the connections of a room |
//! | [`storage`] | the tables of a room |
//! | [`pointer_do`] | the Durable Object that remembers an aggregate's session |
//! | [`objects`] | calling both kinds of object from the front Worker |
//! | [`environment`] | settings, clock, randomness |
//! | [`answer`] | responses |
//! | [`record`] | log lines |

mod answer;
mod environment;
mod events;
mod fetch;
mod live;
mod objects;
mod page;
mod pointer_do;
mod record;
mod room_do;
mod room_host;
mod sockets;
mod storage;
