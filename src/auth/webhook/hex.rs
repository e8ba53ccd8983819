//! Hexadecimal digests, as GitHub and Stripe write them.

/// The 32 bytes that 64 lower-case digits stand for. Upper case is refused: nobody sends it, and so each digest has one
/// spelling.
pub(super) fn digest(text: &str) -> Option<[u8; 32]> {
    let pairs = text.as_bytes();
    let mut bytes = [0; 32];
    if pairs.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs.chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_digest_has_exactly_one_spelling() {
        let right = "00ff10".to_owned() + &"a9".repeat(29);
        let bytes = digest(&right).unwrap();
        assert_eq!((bytes[0], bytes[1], bytes[2], bytes[31]), (0, 0xff, 0x10, 0xa9));
        for wrong in [
            String::new(),
            right.chars().skip(2).collect(),
            right.clone() + "00",
            right.to_uppercase(),
            right.replace("ff", "+f"),
            right.replace("00ff", "é0f"),
            right.replace("ff", "g0"),
        ] {
            assert_eq!(digest(&wrong), None, "{wrong}");
        }
    }
}
