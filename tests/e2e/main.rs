//! End to end: the built Worker in a real workerd, as its users use it.
//!
//! `scripts/build` makes the Worker. Each test has a server, a port and a storage of its own. Tests wait for events
//! (a frame, a log line, an exit) and never for time to pass. The one test that needs minutes to pass is alone in
//! `alarm`, because the first name in the alphabet starts first.
//!
//! | file | what it tests |
//! | --- | --- |
//! | [`alarm`] | the sweep of the members, once a minute |
//! | [`hostile`] | clients that ask for too much and read nothing; captured requests |
//! | [`journeys`] | what the user of a dashboard sees |
//! | [`refusals`] | clients that are not let in, and how they learn it |
//! | [`publishing`] | posted events: results, pointers, cost |
//! | [`refused_posts`] | posts that are not signed well, too large, or malformed |
//! | [`sources`] | events of other people's programs: `CloudEvents`, GitHub, Stripe |
//! | [`held`] | clients that never answer a close, never finish a body, or close with a code that must not be sent |
//! | [`reading`] | the state over HTTP |
//! | [`http`] | what HTTP requires of every answer |
//! | [`connections`] | frames of clients, closes, bursts |
//! | [`recovery`] | clients that come back: they get what they missed, or the state |
//! | [`documents`] | documents: their paths, frames, tallies, refreshes, capacity |
//! | [`rules`] | what a tenant tells its rooms: that it is suspended, for how long they are kept |
//! | [`scenarios`] | the scenarios of one of them that only its operator sees |
//! | [`seats`] | as many connections, attempts and events as there may be, and no more |
//! | [`seeds`] | dashboards of three teams, with their own clients |
//! | [`presence`] | who is here, and what clients tell each other |
//! | [`lobby`] | the same in the frames of a document |
//! | [`socketio`] | Socket.IO: stock clients, conformance suites, recovery, hibernation |
//! | [`views`] | topics and audiences: who is sent what |
//! | [`waking`] | rooms that wake: large ones, old ones, broken ones |
//! | [`survival`] | eviction and `kill -9` under a running feed |
//! | [`chaos`] | the same for long, with every dialect at once: `scripts/chaos` |
//! | [`pages`], [`dashboards`] | the pages in Chromium: each state of the connection, each dashboard fed to its end |
//! | [`console`] | the operator's console |
//! | [`runtimes`] | the client in a runtime that is no browser |
//! | [`client`] | the client in node, while its server is killed |
//! | [`client_journeys`] | the client in Chromium |
//! | [`choices`] | what readers choose in the pages |
//! | [`command_line`] | the `roomcast` binary |
//! | [`backup`] | a copy of the storage, put back |
//! | [`selfhost`] | a machine of one's own: the container image, the units of systemd, the proxy in front |
//! | [`conformance`] | the suite with which anyone checks a deployment from outside |
//! | [`attacks`] | attacks that must not get in, run with other people's tools |
//! | [`bridge`] | `roomcast bridge`, with real buses |
//! | [`relays`] | rooms that are larger than one object |
//! | [`ladder`] | a client that stops reading, and what becomes of the others |
//! | [`hooks`] | what backends are told of who looks at their sessions |
//! | [`console`] | the operator's console: who may look, and what rooms report to it |
//! | [`spec`] | the documents of the wire, and the Worker that they describe |
//! | [`manual`] | the commands of the documentation, as a reader runs them |
//! | [`curl`] | a backend that has only curl and openssl |
//! | [`publishers`] | backends in five languages: `examples/publish/` |
//! | [`monitoring`] | the dashboard of Grafana and the alerts, with a real Prometheus |
//! | [`bundle`] | the size of the deployed bundle |
//! | [`deploy`] | `scripts/deploy`: checks, secrets, going back |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod alarm;
mod attacks;
mod backup;
mod bridge;
mod bundle;
mod chaos;
mod choices;
mod client;
mod client_journeys;
mod command_line;
mod conformance;
mod connections;
mod console;
mod curl;
mod dashboards;
mod deflate;
mod deploy;
mod documents;
mod held;
mod history;
mod hooks;
mod hostile;
mod http;
mod journeys;
mod ladder;
mod lobby;
mod manual;
mod metrics;
mod monitoring;
mod pages;
mod presence;
mod publishers;
mod publishing;
mod queue;
mod reading;
mod recovery;
mod refusals;
mod refused_posts;
mod relays;
mod rules;
mod runtimes;
mod scenarios;
mod seats;
mod seeds;
mod selfhost;
mod socketio;
mod sources;
mod spec;
mod support;
mod survival;
mod tenants;
mod trust;
mod uncounted;
mod views;
mod waking;
