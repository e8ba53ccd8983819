//! What crosses the wire, as types: ids, frames, codes. Specified in `docs/protocol.md`.
//!
//! Nothing here decides anything, except for what a client makes of its position (`follow`). Text from outside
//! becomes one of these types once, at the edge; from there on it is known to be well formed.

pub mod client_frame;
pub mod codes;
pub mod cost;
pub mod dialect;
pub mod etag;
pub mod follow;
pub mod grant;
pub mod ids;
pub mod media;
pub mod parts;
pub mod problem;
pub mod results;
pub mod server_frame;
pub mod surrogates;
pub mod time;
pub mod update;
