//! Replaces lone surrogates in JSON text. Senders produce them when they cut a text between two UTF-16 units.
//!
//! JSON can contain half a character as an escape (RFC 8259, section 8.2), and JavaScript, Java and C# write such
//! escapes, but a Rust string cannot contain it. Each such escape is replaced by that of U+FFFD, as UTF-16 decoders do.
//! The text keeps its length, so that the columns in errors stay right. Text that is not JSON is not detected here; the
//! parser does that.

use std::borrow::Cow;

/// Bytes of an escape such as `\ud83c`.
const ESCAPE: usize = 6;

const REPLACEMENT: &[u8; ESCAPE] = br"\ufffd";

/// The same text with U+FFFD in place of every surrogate without its other half. Borrowed if there is none.
pub fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(json);
    // The library looks at several bytes at a time for this, and most bodies have no escape.
    if !json.contains(&b'\\') {
        return mended;
    }
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(next_escape) {
        let start = at + found;
        let escape = json.get(start..).unwrap_or_default();
        at = start
            + match unit(escape) {
                None => 2,
                Some(high)
                    if is_high(high) && escape.get(ESCAPE..).and_then(unit).is_some_and(is_low) =>
                {
                    2 * ESCAPE
                }
                Some(lone) if is_high(lone) || is_low(lone) => {
                    if let Some(place) = mended.to_mut().get_mut(start..start + ESCAPE) {
                        place.copy_from_slice(REPLACEMENT);
                    }
                    ESCAPE
                }
                Some(_) => ESCAPE,
            };
    }
    mended
}

fn next_escape(json: &[u8]) -> Option<usize> {
    json.iter().position(|byte| *byte == b'\\')
}

/// The UTF-16 unit at the start of a text, if the text starts with `\u` and four hex digits.
fn unit(text: &[u8]) -> Option<u16> {
    let (start, digits) = text.get(..ESCAPE)?.split_at_checked(2)?;
    let digits = std::str::from_utf8(digits).ok().filter(|_| start == br"\u")?;
    // The number parser would accept a sign as well.
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| hex)
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> serde_json::Value {
        let mended = mended(json.as_bytes());
        assert_eq!(mended.len(), json.len(), "{json}");
        serde_json::from_slice(&mended).unwrap()
    }

    #[test]
    fn a_surrogate_without_its_other_half_is_replaced() {
        for (json, text) in [
            (r#""cut \ud83c""#, "cut \u{fffd}"),
            (r#""\uDC00 alone""#, "\u{fffd} alone"),
            (r#""\uDF89\uD83C""#, "\u{fffd}\u{fffd}"),
            (r#""\uD83C\uD83C\uDF89""#, "\u{fffd}🎉"),
            (r#""\uD83C\uDF89\uDF89""#, "🎉\u{fffd}"),
            (r#""\ud83c\n\udf89""#, "\u{fffd}\n\u{fffd}"),
            (r#""\ud83cx""#, "\u{fffd}x"),
            (r#""\ud83c\u0041""#, "\u{fffd}A"),
            (r#""\ud83c\\udf89""#, "\u{fffd}\\udf89"),
        ] {
            assert_eq!(read(json), text, "{json}");
        }
        assert_eq!(
            read(r#"{"a\udfff":{"\uD800":1}}"#),
            serde_json::json!({"a\u{fffd}": {"\u{fffd}": 1}})
        );
    }

    #[test]
    fn a_text_without_lone_surrogates_is_not_copied() {
        for json in [
            "",
            "{}",
            r#""\uD83C\uDF89""#,
            r#""\ud83c\uDf89 \u0041 \ufffd \uE000 \ud7ff""#,
            r#""\\ud83c""#,
            r#""\\\\ud83c""#,
            r#""\"ud83c""#,
            // These are not JSON, and the parser refuses them.
            r#""\ud83"#,
            r#""\u+d8c""#,
            r#""\ud83g""#,
            r"\",
            r"\u",
            r"\\",
        ] {
            assert!(matches!(mended(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
        assert!(matches!(mended(b"\\u\xff\xff\xff\xff"), Cow::Borrowed(_)));
    }

    #[test]
    fn an_escaped_backslash_does_not_begin_an_escape() {
        assert_eq!(read(r#""\\ud83c""#), r"\ud83c");
        assert_eq!(read(r#""\\\ud83c""#), "\\\u{fffd}");
    }
}
