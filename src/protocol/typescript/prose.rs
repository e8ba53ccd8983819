//! The sentences above Rust items as comments of TypeScript.

/// A comment, in lines that are indented so far; nothing if there is nothing to say.
pub(super) fn comment(text: &str, indent: &str) -> String {
    let text = plain(text);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    match *lines {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let star = |line: &&str| format!("{indent} * {line}").trim_end().to_owned() + "\n";
            let lines: String = lines.iter().map(star).collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}

/// The text without the marks of links, whose targets are other Rust items. A comment cannot end in its middle.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let (shown, next) = link(after).unwrap_or(("[", after));
        plain.push_str(shown);
        rest = next;
    }
    plain.push_str(rest);
    plain.replace("*/", "*\\/")
}

/// What a link shows that begins here, after its bracket, and what follows it. `None` if this is another bracket.
fn link(text: &str) -> Option<(&str, &str)> {
    let (shown, after) = text.split_once(']')?;
    let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
    match target {
        Some((_, after)) => Some((shown, after)),
        None => shown.starts_with('`').then_some((shown, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn a_sentence_has_one_line_and_more_have_a_block() {
        assert_eq!(comment(" One.\n", "  "), "  /** One. */\n");
        assert_eq!(comment(" One.\n\n Two.\n", ""), "/**\n * One.\n *\n * Two.\n */\n");
        assert_eq!(comment("", "  "), "");
    }

    #[test]
    fn links_are_shown_as_their_text() {
        let text = "More than [`NAME`](crate::limits::NAME), as [`Other`] and [it](Self) say. [";
        assert_eq!(comment(text, ""), "/** More than `NAME`, as `Other` and it say. [ */\n");
        assert_eq!(comment("a.b[0], [1, 2)", ""), "/** a.b[0], [1, 2) */\n");
        assert_eq!(comment("ends */ here", ""), "/** ends *\\/ here */\n");
    }
}
