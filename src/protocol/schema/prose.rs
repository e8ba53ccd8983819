//! The sentences above Rust items, for readers who see no Rust.

/// The text without the marks of links, whose targets are other Rust items.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let (shown, next) = link(after).unwrap_or(("[", after));
        plain.push_str(shown);
        rest = next;
    }
    plain.push_str(rest);
    plain
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
