//! Entity tags (RFC 9110, sections 8.8.3 and 13.1.2): whether a client already has the current version.
//!
//! For reads only. `If-None-Match` compares weakly, so that a version that a proxy has compressed still matches.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use super::ids::Position;

/// The tag of the state at a position. `mark` differs between viewers that may see different states there.
pub fn of(head: &Position, mark: Option<u64>) -> String {
    match mark {
        None => format!("\"{head}\""),
        Some(mark) => format!("\"{head}:{mark:016x}\""),
    }
}

/// The tag of a text.
pub fn of_text(text: &str) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    format!("\"{:016x}\"", hasher.finish())
}

/// Whether `If-None-Match` names `tag`, the tag of the current version. `*` names every version.
pub fn matches(if_none_match: &str, tag: &str) -> bool {
    if_none_match.trim() == "*"
        || if_none_match.split(',').any(|one| {
            let one = one.trim();
            one.strip_prefix("W/").unwrap_or(one) == tag
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = r#""0123456789abcdef:7""#;

    #[test]
    fn a_tag_matches_alone_in_a_list_and_as_a_weak_tag() {
        for known in [
            TAG.to_owned(),
            format!("W/{TAG}"),
            format!(r#""x", {TAG}"#),
            format!(r#""x",W/{TAG} , "y""#),
            format!("\t{TAG} "),
        ] {
            assert!(matches(&known, TAG), "{known}");
        }
    }

    #[test]
    fn a_star_matches_every_tag() {
        assert!(matches("*", TAG) && matches(" * ", TAG));
    }

    #[test]
    fn another_tag_does_not_match() {
        for known in [
            "",
            ",",
            "W/",
            r#""*""#,
            r#""x", *"#,
            "0123456789abcdef:7",
            r#""0123456789abcdef:70""#,
            r#""0123456789abcdef""#,
            r#"W/W/"0123456789abcdef:7""#,
            r#"w/"0123456789abcdef:7""#,
        ] {
            assert!(!matches(known, TAG), "{known}");
        }
    }
}
