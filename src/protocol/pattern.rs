//! Patterns: an exact name, or a prefix followed by `*`.
//!
//! Used for sessions and topics. Does not know what it names.

use serde::{Deserialize, Serialize};

/// An exact name, or a prefix followed by `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(inline))]
pub struct Pattern(pub String);

impl Pattern {
    /// Whether the pattern matches this name.
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => self.0 == name,
        }
    }

    /// Whether this pattern matches every name that `other` matches.
    pub fn covers(&self, other: &Self) -> bool {
        match (self.0.strip_suffix('*'), other.0.strip_suffix('*')) {
            (Some(prefix), Some(narrower)) => narrower.starts_with(prefix),
            (None, Some(_)) => false,
            (_, None) => self.matches(&other.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }

    #[test]
    fn a_pattern_matches_its_name_or_its_prefix() {
        let matches = |text: &str, name: &str| pattern(text).matches(name);
        assert!(matches("s-1", "s-1") && matches("s-*", "s-1") && matches("*", "s-1"));
        assert!(!matches("s-1", "s-10") && !matches("s-*", "t-1") && !matches("", "s-1"));
        assert!(!matches("s*1", "s-1"), "a star counts at the end only");
    }

    #[test]
    fn a_pattern_covers_what_matches_no_more_than_it() {
        let covers = |text: &str, other: &str| pattern(text).covers(&pattern(other));
        assert!(covers("*", "*") && covers("*", "a") && covers("a:*", "a:b*") && covers("a", "a"));
        assert!(!covers("a", "a*") && !covers("a:b*", "a:*") && !covers("a", "b"));
    }
}
