//! Inputs of several parts, such as headers and a body.
//!
//! Parts are separated by a byte that is never in a text, so that each can be changed without the others.

/// The byte between two parts. It is not in any UTF-8 text.
pub const SEPARATOR: u8 = 0xff;

/// The parts of an input; those that are missing are empty, and those that are too many are left out.
pub fn split<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut parts = input.split(|byte| *byte == SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// The parts as texts; `None` if one is no text.
pub fn texts<const N: usize>(input: &[u8]) -> Option<[&str; N]> {
    let mut texts = [""; N];
    for (text, part) in texts.iter_mut().zip(split::<N>(input)) {
        *text = str::from_utf8(part).ok()?;
    }
    Some(texts)
}

/// An input of these parts.
pub fn join<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    let parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
    parts.join(&SEPARATOR)
}

/// A header or a query parameter: an empty text stands for one that is not there.
pub fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
