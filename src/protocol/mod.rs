//! The types of the wire: ids, frames, codes. `docs/protocol.md` specifies them.
//!
//! Text from outside is parsed into these types once, at the edge, and is well formed from there on. Nothing here
//! decides anything, except how a client follows its position (`follow`).

pub mod address;
pub mod amounts;
pub mod answers;
pub mod bearer;
pub mod capacity;
pub mod client_frame;
pub mod codes;
pub mod company;
pub mod cost;
pub mod data;
pub mod defaults;
pub mod deflate;
pub mod details;
pub mod dialect;
pub mod etag;
pub mod follow;
pub mod form;
pub mod gather;
pub mod grant;
pub mod ids;
pub mod json;
pub mod label;
pub mod latin1;
pub mod lease;
pub mod media;
pub mod occupancy;
pub mod page;
pub mod parts;
pub mod pattern;
pub mod pause;
pub mod post;
pub mod problem;
pub mod relay;
pub mod report;
pub mod results;
pub mod revocation;
pub mod route;
pub mod rule;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
pub mod server_frame;
pub mod shared;
pub mod socket_io;
pub mod surrogates;
pub mod tally;
pub mod template;
pub mod time;
pub mod topics;
pub mod trace;
#[cfg(not(target_arch = "wasm32"))]
pub mod typescript;
pub mod update;
pub mod wire;
