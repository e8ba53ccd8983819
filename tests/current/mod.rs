//! Files in the repository that are made from the Rust types, and must be what these make now.

use std::fs;

/// The file is what was made of the types; else says where it differs and which command makes it.
pub(crate) fn is_current(file: &str, made: &str, command: &str) {
    let kept = fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let differs = made.lines().zip(kept.lines()).position(|(made, kept)| made != kept);
    let line = differs.unwrap_or_else(|| made.lines().count().min(kept.lines().count())) + 1;
    assert!(
        made == kept,
        "{file} is not what the types of the wire are, from line {line} on. To mend it: \
         cargo run --bin roomcast -- {command} > {file}"
    );
}
