//! Texts for places that give a text one byte per character, or two if a single character is beyond Latin-1.
//!
//! V8 stores texts so, and an attachment of a connection may have 16 KiB: one character would double all the others. So each
//! byte of the UTF-8 encoding becomes a character of its own, and a text takes as many bytes as in UTF-8.

use std::borrow::Cow;

/// The text with one character for each byte of its UTF-8 encoding. ASCII stays as it is.
pub fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.bytes().map(char::from).collect())
}

/// The text that was made narrow. A text that was not, as an older release stored it, stays as it is.
pub fn widen(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_as_many_characters_as_its_encoding_has_bytes_and_reads_back() {
        for text in ["", "plain", "Zoë", "日本 and 🎉", "\u{ff}\u{100}"] {
            let narrowed = narrow(text).into_owned();
            assert_eq!(narrowed.chars().count(), text.len());
            assert!(narrowed.chars().all(|c| c <= '\u{ff}'));
            assert_eq!(widen(narrowed), text);
        }
    }

    #[test]
    fn a_text_that_was_not_made_narrow_stays_as_it_is() {
        for text in ["Zoë", "日本", "é"] {
            assert_eq!(widen(text.to_owned()), text);
        }
    }
}
