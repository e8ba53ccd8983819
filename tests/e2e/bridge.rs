//! `roomcast bridge` between a real bus and a real server.
//!
//! The buses are the programs that Debian packages; each test starts one of its own, with a storage of its own. `scripts/setup --with-buses` brings
//! them. A test whose bus is not installed fails.
//!
//! | file | what it is for |
//! | --- | --- |
//! | [`bus`] | what the tests want of a bus |
//! | [`scenes`] | what has to hold with any of them |
//! | [`nats`] | NATS, and what holds there alone |
//! | [`postgres`] | Postgres, and what holds there alone |
//! | [`redis`] | Redis, and what holds there alone |

mod bus;
mod nats;
mod postgres;
mod redis;
mod scenes;
