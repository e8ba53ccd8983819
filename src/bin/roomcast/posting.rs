//! Posting events, for the commands that do: a batch becomes a signed request, which is sent until it is answered.
//!
//! It does not know where events come from, nor what is shown to the user beyond the texts that it hands out; `terminal` has where.

pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod counts;
pub(crate) mod sending;
pub(crate) mod terminal;
