//! Where a text of JSON ends that was not read to its end: `events[3].key`.
//!
//! The reader of JSON says how far it came, and not where that is. The texts here are written by ourselves, so they are well formed up
//! to there, and have no spaces between their tokens.

use std::fmt::Write as _;

/// An object or a list that has begun.
enum Open {
    /// An object, and the key that was read last.
    Object(Option<String>),
    /// A list, and the index of what comes next or was read last.
    List(usize),
}

/// The place of what stands at the end of `text`, or would come there.
pub(super) fn at_end(text: &str) -> String {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (token, after) = rest.split_at_checked(token_bytes(rest, next)).unwrap_or((rest, ""));
        step(&mut open, token, after.starts_with(':') || after.is_empty());
        rest = after;
    }
    written(&open)
}

/// The bytes of the first token: those of a string are its own, any other is a single character.
fn token_bytes(text: &str, first: char) -> usize {
    if first != '"' {
        return first.len_utf8();
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn step(open: &mut Vec<Open>, token: &str, may_be_key: bool) {
    match (token, open.last_mut()) {
        ("{", _) => open.push(Open::Object(None)),
        ("[", _) => open.push(Open::List(0)),
        ("}" | "]", _) => drop(open.pop()),
        (",", Some(Open::List(index))) => *index += 1,
        (",", Some(Open::Object(key))) => *key = None,
        (token, Some(Open::Object(key @ None))) if may_be_key && token.starts_with('"') => {
            *key = Some(token.trim_matches('"').to_owned());
        }
        _ => {}
    }
}

fn written(open: &[Open]) -> String {
    let mut place = String::new();
    for one in open {
        match one {
            // Writing to a string does not fail.
            Open::List(index) => drop(write!(place, "[{index}]")),
            Open::Object(Some(key)) => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(key);
            }
            Open::Object(None) => {}
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_that_of_the_last_value_or_of_the_next() {
        for (text, place) in [
            ("", ""),
            ("{", ""),
            (r#"{"a""#, "a"),
            (r#"{"a":"#, "a"),
            (r#"{"a":1"#, "a"),
            (r#"{"a":1,"#, ""),
            (r#"{"a":[{"b":"x,]}\"","c":[1,2"#, "a[0].c[1]"),
            (r#"{"a":[{"b":1},"#, "a[1]"),
            (r#"{"a":[{"b":1}"#, "a[0]"),
            (r#"{"a":[1]"#, "a"),
            (r#"{"a":{}}"#, ""),
            (r#"["x""#, "[0]"),
        ] {
            assert_eq!(at_end(text), place, "{text}");
        }
    }
}
