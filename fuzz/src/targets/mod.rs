//! The targets: what decodes, and what has to hold whatever the input is.
//!
//! | file | targets |
//! | --- | --- |
//! | `posts.rs` | `envelope` |
//! | `frames.rs` | `frames` |
//! | `packets.rs` | `packets` |
//! | `documents.rs` | `preset`, `tenant` |
//! | `rows.rs` | `rows` |
//! | `hops.rs` | `hops` |
//! | `requests.rs` | `admission`, `addresses`, `origins` |
//! | `sealing.rs` | `sealing` |
//! | `tokens.rs` | `token`, `keys` |
//! | `sources.rs` | `sources`, `signatures`, `secrets` |

mod documents;
mod frames;
mod hops;
mod packets;
mod posts;
mod requests;
mod rows;
mod sealing;
mod sources;
mod tokens;

/// What is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Runs it with one input. Panics if something does not hold.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const ALL: &[Target] = &[
    Target { name: "envelope", run: posts::envelope, seeds: posts::envelopes },
    Target { name: "frames", run: frames::frames, seeds: frames::seeds },
    Target { name: "packets", run: packets::packets, seeds: packets::seeds },
    Target { name: "preset", run: documents::preset, seeds: documents::presets },
    Target { name: "tenant", run: documents::tenant, seeds: documents::tenants },
    Target { name: "rows", run: rows::rows, seeds: rows::seeds },
    Target { name: "hops", run: hops::hops, seeds: hops::seeds },
    Target { name: "admission", run: requests::admission, seeds: requests::admissions },
    Target { name: "addresses", run: requests::addresses, seeds: requests::urls },
    Target { name: "origins", run: requests::origins, seeds: requests::lists },
    Target { name: "sealing", run: sealing::sealing, seeds: sealing::seeds },
    Target { name: "token", run: tokens::token, seeds: tokens::tokens },
    Target { name: "keys", run: tokens::keys, seeds: tokens::key_texts },
    Target { name: "sources", run: sources::sources, seeds: sources::posts },
    Target { name: "signatures", run: sources::signatures, seeds: sources::posts },
    Target { name: "secrets", run: sources::secret_texts, seeds: sources::settings },
];

/// The target of this name.
pub fn named(name: &str) -> Option<Target> {
    ALL.iter().find(|target| target.name == name).copied()
}
