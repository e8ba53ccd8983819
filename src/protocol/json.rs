//! Reads JSON from bytes, as text.
//!
//! The parser is generic over its input: whatever is read from bytes and from texts is in the bundle twice. And bytes that are checked
//! as a whole are read faster than text by text. Does not know what is read.

use std::str::{from_utf8, Utf8Error};

use serde::de::DeserializeOwned;

/// Where a body is not JSON, or not of the form that is read: both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// The line.
    pub line: usize,
    /// The byte in it.
    pub column: usize,
}

/// Reads a value.
///
/// # Errors
/// [`NotJson`] when that is not possible.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, NotJson> {
    let text = from_utf8(json).map_err(|error| NotJson::after(json, &error))?;
    let wrong = |error: serde_json::Error| NotJson { line: error.line(), column: error.column() };
    serde_json::from_str(text).map_err(wrong)
}

impl NotJson {
    fn after(json: &[u8], error: &Utf8Error) -> Self {
        let (before, _) = json.split_at_checked(error.valid_up_to()).unwrap_or_default();
        let mut lines = before.split(|byte| *byte == b'\n');
        Self {
            line: lines.clone().count(),
            column: lines.next_back().map_or(1, |last| last.len() + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_not_json_is_placed() {
        let place = |json: &[u8]| {
            read::<Value>(json).map_err(|NotJson { line, column }| (line, column)).unwrap_err()
        };
        assert_eq!(place(b"{\n \"a\":}"), (2, 6));
        assert_eq!(place(b"{\n \"a\xff\":1}"), (2, 4));
        assert_eq!(place(b"\xff"), (1, 1));
        assert_eq!(read::<Vec<u8>>(b" [1]"), Ok(vec![1]));
    }
}
