//! Sealed secrets: only what was sealed opens, only where it was sealed for, and a refused key is not repeated.

use roomcast::tenant::sealing::{SealingKeys, NONCE_BYTES};

use crate::parts::{join, texts};

const KEYS: &str =
    "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= b:YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWI=";

/// The target `sealing`: keys, a sealed text, a place, and a text.
pub(super) fn sealing(input: &[u8]) {
    let Some([keys, sealed, place, text]) = texts(input) else { return };
    parse(keys);
    let keys = SealingKeys::parse(KEYS).unwrap();
    let ours = keys.seal(text, place, [7; NONCE_BYTES]).unwrap();
    assert_eq!(keys.open(&ours, place).as_deref(), Ok(text));
    assert!(keys.open(&ours, &format!("{place}!")).is_err(), "it opens elsewhere");
    // Nobody without the keys can make a sealed text.
    if sealed != ours && sealed != known() {
        assert!(keys.open(sealed, place).is_err(), "forged: {sealed}");
    }
    assert!(keys.open(&changed(&ours, text.len()), place).is_err(), "changed and opened");
}

fn parse(text: &str) {
    match SealingKeys::parse(text) {
        // What a key is called may be shown, and what it is may not.
        Err(reason) => assert!(reason.len() < 100),
        Ok(keys) => {
            let sealed = keys.seal("hunter2", "p", [1; NONCE_BYTES]).unwrap();
            assert_eq!(keys.open(&sealed, "p").as_deref(), Ok("hunter2"));
            assert_eq!(keys.fingerprint("hunter2").len(), 16);
        }
    }
}

/// The sealed text with one character replaced: the one at this number, from the end of the key's name.
fn changed(sealed: &str, at: usize) -> String {
    let start = sealed.rfind(':').unwrap() + 1;
    let at = start + at % (sealed.len() - start);
    let mut bytes = sealed.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

fn known() -> String {
    let keys = SealingKeys::parse(KEYS).unwrap();
    keys.seal("hunter2", "acme webhooks[0].secret", [3; NONCE_BYTES]).unwrap()
}

/// Seeds of `sealing`: a text that opens, and one of another key.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let place = "acme webhooks[0].secret";
    vec![
        join(&[KEYS, &known(), place, "hunter2"]),
        join(&[KEYS, "sealed:b:AAAA", "", ""]),
        join(&["a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE", "", "a", "é"]),
    ]
}
