//! The platform, wasm only: the one folder that knows Workers and Durable Objects.
//!
//! Translates and decides nothing. Files with a suffix are entry points: `fetch.rs` for HTTP,
//! `*_do.rs` for the Durable Objects.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`fetch`] | routes; errors → problem documents |
//! | [`live`] | upgrades and state reads: admit, then hand to the room |
//! | [`body`] | the bodies of posts, in time and in bounds |
//! | [`events`] | posts: read, believe, publish, answer |
//! | [`publish`] | a body of events, however it came: decode, map, deliver |
//! | [`page`] | the dashboard's files |
//! | [`room_do`] | the Durable Object of a room: one event, one turn |
//! | [`room_host`] | runs the room's effects on sockets, storage and alarm |
//! | [`sockets`] | the connections of a room |
//! | [`storage`] | the table of a room |
//! | [`schema_1`] | rooms that are older than that table |
//! | [`pointer_do`] | the Durable Object that remembers the sessions of aggregates |
//! | [`objects`] | calling rooms from the front Worker |
//! | [`pointers`] | asking and teaching pointers, and what an isolate remembers of them |
//! | [`environment`] | settings, clock, randomness |
//! | [`answer`] | responses |
//! | [`record`] | log lines |

mod answer;
mod body;
mod environment;
mod events;
mod fetch;
mod live;
mod objects;
mod page;
mod pointer_do;
mod pointers;
mod publish;
mod record;
mod room_do;
mod room_host;
mod schema_1;
mod sockets;
mod storage;
