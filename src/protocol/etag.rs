//! Entity tags (RFC 9110, sections 8.8.3 and 13.1.2): whether a client has what it asks for.
//!
//! For reading only: `If-None-Match` compares weakly, so that what a proxy has compressed is the same.

/// Whether `If-None-Match` names what is there, whose tag is `tag`. `*` names whatever is there.
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
    fn a_tag_is_known_alone_in_a_list_and_as_a_weak_one() {
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
    fn a_star_is_anything_that_is_there() {
        assert!(matches("*", TAG) && matches(" * ", TAG));
    }

    #[test]
    fn another_tag_is_not_known() {
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
