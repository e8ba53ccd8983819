//! Changes a text, or the text that a part of it encodes.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;

use super::dice::Dice;

/// What decoders look for, or stumble over.
const WORDS: [&str; 66] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1.5",
    "1e400",
    "1e15",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "2026-01-07T10:00:00Z",
    "2026-01-07T23:59:60+23:59",
    "0000-01-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
    "\\ud83c",
    "\\udf00",
    "\\u0000",
    "\u{0}",
    "\u{7f}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "\u{fffd}",
    "é",
    "日本",
    "👩‍👩‍👧",
    "İ",
    "*",
    "**",
    "a*b",
    ".",
    "..",
    "/",
    "//",
    "?",
    "#",
    "@",
    "%2f",
    "%00",
    "%",
    "\n",
    "\r\n",
    "\t",
    " ",
    "=",
    ";",
    "|",
    "{session}",
    "https://",
    "Bearer ",
    "v1,",
    "sealed:a:",
    "0123456789abcdef:7",
    "roomcast.bearer.",
    "__proto__",
    "$",
];

/// The longest repetition. Without it, two of a long text would take gigabytes.
pub(super) const MOST_BYTES: usize = 128 * 1024;

pub(super) fn mutate(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    match within(bytes, dice) {
        Some(changed) if dice.one_in(2) => changed,
        _ => change(bytes, dice),
    }
}

/// Changes what one segment of a token or a header encodes.
fn within(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let text = str::from_utf8(bytes).ok()?;
    let mut segments: Vec<String> = text.split('.').map(str::to_owned).collect();
    let at = dice.below(segments.len());
    let decoded = URL_SAFE_NO_PAD.decode(&segments[at]).ok().filter(|text| text.len() > 8)?;
    segments[at] = URL_SAFE_NO_PAD.encode(super::part(&decoded, dice));
    Some(segments.join(".").into_bytes())
}

fn change(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut text = bytes.to_vec();
    let range = dice.range(text.len());
    match dice.below(8) {
        0 => drop(text.drain(range)),
        1 => {
            let copy = text[range].to_vec();
            let at = dice.below(text.len() + 1);
            text.splice(at..at, copy);
        }
        2 => {
            let times = *dice.pick(&[2, 3, 33, 129, 513]);
            let most = MOST_BYTES / range.len().max(1);
            let copy = text[range.clone()].repeat(times.min(most));
            text.splice(range, copy);
        }
        3 if !text.is_empty() => {
            let at = dice.below(text.len());
            text[at] = u8::try_from(dice.below(256)).unwrap();
        }
        4 if !text.is_empty() => {
            let at = dice.below(text.len());
            text[at] ^= 1 << dice.below(8);
        }
        5 => drop(text.splice(range, dice.pick(&WORDS).bytes())),
        _ => drop(text.splice(range.start..range.start, dice.pick(&WORDS).bytes())),
    }
    text
}
