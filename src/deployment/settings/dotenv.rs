//! The format of `.dev.vars`, as wrangler's dotenv reads it.
//!
//! One setting per line. Values that span lines, and references to other variables, are not
//! supported: no secret of ours needs either. A line that sets nothing is skipped, as dotenv does.

/// The settings in `text`, in order. If a name occurs twice, the later one counts.
pub(super) fn parse(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(setting).collect()
}

fn setting(line: &str) -> Option<(String, String)> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let named = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    named.then(|| (key.to_owned(), unquoted(value.trim())))
}

/// Within quotes, every character is part of the value. Without quotes, a `#` starts a comment.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\'', '`'] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|v| v.split_once(quote)) {
            return if quote == '"' { inner.replace("\\n", "\n") } else { inner.to_owned() };
        }
    }
    let (value, _comment) = value.split_once('#').unwrap_or((value, ""));
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Option<String> {
        parse(line).into_iter().find(|(key, _)| key == "KEY").map(|(_, value)| value)
    }

    #[test]
    fn a_value_may_be_bare_or_in_quotes() {
        for line in [
            "KEY=a=b",
            "KEY=\"a=b\"",
            "KEY='a=b'",
            " KEY = `a=b` ",
            "export KEY=a=b",
            "KEY=a=b # why",
            "KEY=\"a=b\" # why",
            "\u{feff}KEY=a=b\r\n",
        ] {
            assert_eq!(value(line).as_deref(), Some("a=b"), "{line:?}");
        }
    }

    #[test]
    fn a_hash_within_quotes_is_part_of_the_value() {
        assert_eq!(value("KEY=\"a#b\"").as_deref(), Some("a#b"));
    }

    #[test]
    fn comments_and_lines_that_set_nothing_are_skipped() {
        assert!(parse("# KEY=a\n\nKEY\n=a\nTWO WORDS=a\n").is_empty());
    }
}
