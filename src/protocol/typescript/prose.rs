//! The sentences above Rust items as comments of TypeScript.

use crate::protocol::schema::prose::plain;

/// A comment, in lines that are indented so far; nothing if there is nothing to say.
pub(super) fn comment(text: &str, indent: &str) -> String {
    let text = plain(text).replace("*/", "*\\/");
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
