//! Changes inputs in a way that keeps most of their form: of JSON the tokens, of base64 the text within.
//!
//! The same input and seed have the same result.

mod dice;
mod json;
mod text;

use serde_json::Value;

use self::dice::Dice;
use crate::parts::{join, SEPARATOR};

/// Changes an input, of which at most `most` bytes are kept.
pub fn mutate(input: &[u8], seed: u32, most: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut parts: Vec<Vec<u8>> =
        input.split(|byte| *byte == SEPARATOR).map(<[u8]>::to_vec).collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(parts.len());
        parts[at] = part(&parts[at], &mut dice);
    }
    if dice.one_in(16) {
        let (from, to) = (dice.below(parts.len()), dice.below(parts.len()));
        parts.swap(from, to);
    }
    let mut changed = join(&parts);
    changed.truncate(most);
    changed
}

fn part(part: &[u8], dice: &mut Dice) -> Vec<u8> {
    match serde_json::from_slice::<Value>(part) {
        Ok(mut value) if !dice.one_in(4) => {
            json::mutate(&mut value, dice);
            value.to_string().into_bytes()
        }
        _ => text::mutate(part, dice),
    }
}
