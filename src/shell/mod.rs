//! The platform, wasm only: the one folder that knows Workers and Durable Objects.
//!
//! Translates between the platform and the pure code, and decides nothing. The entry points are `fetch.rs` for HTTP and
//! `*_do.rs` for the Durable Objects.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`fetch`] | routes; errors → problem documents |
//! | [`live`] | upgrades: admit, then connect to the room |
//! | [`engine`] | requests of Engine.IO: checks them, passes them on to the room |
//! | [`seats`] | what an upgrade needs beside its token: attempts, places, no revocation |
//! | [`reads`] | reads of the state or of one update |
//! | [`asked`] | what a client asks for when it connects or reads |
//! | [`headers`] | reads the headers of requests |
//! | [`body`] | reads bodies of posts, within time and size |
//! | [`events`] | posts: read, verify, publish, answer |
//! | [`queue`] | messages of a queue: reads, publishes, and acknowledges each |
//! | [`throttle`] | how many events a tenant and a room take in a second |
//! | [`revocations`] | posts that revoke tokens |
//! | [`publish`] | publishes a body of events: decode, map, deliver |
//! | [`page`] | the dashboard's files |
//! | [`room_do`] | the Durable Object of a room: one event, one turn |
//! | [`room_host`] | the platform of a room: sockets, storage, waits, alarm, tenant |
//! | [`sockets`] | the connections of a room |
//! | [`attachment`] | what is kept with a connection |
//! | [`sessions`] | its sessions of Socket.IO |
//! | [`storage`] | the table of a room |
//! | [`schema_1`] | moves rooms of schema 1 into that table |
//! | [`pointer_do`] | the Durable Object that remembers the sessions of aggregates |
//! | [`seat_do`] | the Durable Object of a user, an address, or a tenant's events: it counts |
//! | [`seat_host`] | its alarm, and the rooms that it asks and tells |
//! | [`seat_store`] | its storage |
//! | [`tenants`] | the tenant of a request, and an isolate's copies of documents |
//! | [`admin`] | the admin API |
//! | [`console`] | the operator's console: its upgrade, and the reports that it shows |
//! | [`admin_rooms`] | its part about rooms: watch a tenant, list rooms, ask one |
//! | [`tenant_do`] | the Durable Object of a tenant: its document and the names of its rooms |
//! | [`tenant_rooms`] | what it does with its rooms |
//! | [`tenant_store`] | its storage |
//! | `hooks` | the hooks of a tenant: notes and delivers them |
//! | [`issuers`] | the keys of a tenant's issuers: fetches their JWKS |
//! | [`directory_do`] | the Durable Object that lists the tenants |
//! | [`objects`] | calls from the front Worker to objects |
//! | [`pointers`] | questions and lessons for pointers, and an isolate's cache of their answers |
//! | [`timer`] | timers that can be given up |
//! | [`environment`] | settings, clock, randomness |
//! | [`answer`] | responses |
//! | [`record`] | log lines |

mod admin;
mod admin_metrics;
mod admin_rooms;
mod analytics;
mod answer;
mod asked;
mod attachment;
mod body;
mod console;
mod directory_do;
mod engine;
mod environment;
mod events;
mod fetch;
mod headers;
mod hooks;
mod issuers;
mod live;
mod meter;
mod objects;
mod page;
mod placement;
mod pointer_do;
mod pointers;
mod publish;
mod query;
mod queue;
mod reads;
mod record;
mod refusals;
mod revocations;
mod room_do;
mod room_host;
mod schema_1;
mod seat_do;
mod seat_host;
mod seat_store;
mod seats;
mod sessions;
mod sockets;
mod storage;
mod tenant_do;
mod tenant_rooms;
mod tenant_store;
mod tenants;
mod throttle;
mod timer;
