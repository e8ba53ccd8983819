//! End to end: the built Worker in a real workerd, as its users meet it.
//!
//! `scripts/build` makes what is tested here. Each test has a server, a port and a storage of its
//! own. Tests wait for events (a frame, a log line, an exit), never for time to pass; the one test
//! that needs minutes to pass is alone in `alarm`, a name that lets it start first.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`alarm`] | the look at the clients, once a minute |
//! | [`hostile`] | clients that ask for too much and read nothing; captured requests |
//! | [`journeys`] | what a dashboard's user sees |
//! | [`refusals`] | who is not let in, and how they are told |
//! | [`publishing`] | posted events: results, pointers, cost |
//! | [`refused_posts`] | posts that are not believed, too large, or malformed |
//! | [`held`] | clients that never answer a close, never finish a body, or close with no code that there is |
//! | [`reading`] | the state over HTTP |
//! | [`http`] | what HTTP asks of every answer |
//! | [`connections`] | frames of clients, closes, bursts |
//! | [`recovery`] | coming back: what was missed, or the state |
//! | [`waking`] | rooms that wake: large ones, old ones, broken ones |
//! | [`survival`] | eviction and `kill -9` under a running feed |
//! | [`page`] | the dashboard's page in Chromium |
//! | [`command_line`] | the `roomcast` binary |
//! | [`attacks`] | what must not get in, run by other people's tools |
//! | [`curl`] | a backend that has nothing but curl and openssl |
//! | [`bundle`] | the size of what is deployed |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod alarm;
mod attacks;
mod bundle;
mod command_line;
mod connections;
mod curl;
mod held;
mod hostile;
mod http;
mod journeys;
mod page;
mod publishing;
mod reading;
mod recovery;
mod refusals;
mod refused_posts;
mod support;
mod survival;
mod waking;
