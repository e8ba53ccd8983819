//! Topics: what a client subscribes to within a session, and the permissions that its token gives it.
//!
//! An update has at most one topic. An update without a topic belongs to every subscription.

use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::update::encoded_bytes;
use crate::limits::{TOPICS_BYTES, TOPIC_CHARS};

/// A list of topics, or all topics. Sorted, and no pattern covers another one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Pattern>", into = "Vec<Pattern>")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(inline))]
pub struct Topics(
    /// `None` is all topics. This is the usual case and needs no memory.
    Option<Rc<[Pattern]>>,
);

/// Why a list of topics is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTopics {
    /// A topic is empty, too long, or has a character that a topic must not have.
    Name,
    /// The list is too long.
    TooMany,
}

impl fmt::Display for BadTopics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "a topic must have 1 to {TOPIC_CHARS} characters, without commas and control characters, and `*` only at the end"
            ),
            Self::TooMany => {
                write!(f, "the topics of a connection may have {TOPICS_BYTES} bytes in all: use patterns such as `project:*`")
            }
        }
    }
}

impl std::error::Error for BadTopics {}

impl Topics {
    /// No topic: only updates without a topic.
    pub fn none() -> Self {
        Self(Some([].into()))
    }

    /// Reads a list of names and patterns.
    ///
    /// # Errors
    /// [`BadTopics`] when one of them is malformed or the list is too long.
    pub fn parse<'t>(topics: impl IntoIterator<Item = &'t str>) -> Result<Self, BadTopics> {
        let patterns: Option<Vec<_>> = topics.into_iter().map(pattern).collect();
        Self::checked(patterns.ok_or(BadTopics::Name)?)
    }

    fn checked(patterns: Vec<Pattern>) -> Result<Self, BadTopics> {
        // As they are kept with the connection: a quote takes two bytes.
        let bytes: usize = patterns.iter().map(|pattern| encoded_bytes(pattern) + 1).sum();
        if bytes > TOPICS_BYTES {
            return Err(BadTopics::TooMany);
        }
        Ok(patterns.into())
    }

    /// Whether these are all topics.
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this topic is one of them.
    pub fn contains(&self, topic: &str) -> bool {
        self.0.as_ref().is_none_or(|own| own.iter().any(|pattern| pattern.matches(topic)))
    }

    /// Whether all of `others` are among them.
    pub fn cover(&self, others: &Self) -> bool {
        match (&self.0, &others.0) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.iter().all(|other| covered(own, other)),
        }
    }

    /// These topics and `others`.
    ///
    /// # Errors
    /// [`BadTopics::TooMany`] when the list becomes too long.
    pub fn with(&self, others: &Self) -> Result<Self, BadTopics> {
        match (&self.0, &others.0) {
            (Some(own), Some(others)) => Self::checked([&**own, &**others].concat()),
            _ => Ok(Self::default()),
        }
    }

    /// These topics without those that `others` cover. A pattern that is only partly covered stays.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let own = self.0.as_deref().map_or_else(|| vec![Pattern("*".to_owned())], <[_]>::to_vec);
        let Some(others) = &others.0 else { return Self::none() };
        own.into_iter().filter(|pattern| !covered(others, pattern)).collect::<Vec<_>>().into()
    }

    /// Those of these topics that `others` cover.
    #[must_use]
    pub fn within(&self, others: &Self) -> Self {
        match (&self.0, &others.0) {
            (_, None) => self.clone(),
            (None, Some(_)) => others.clone(),
            (Some(own), Some(others)) => own
                .iter()
                .filter(|pattern| covered(others, pattern))
                .cloned()
                .collect::<Vec<_>>()
                .into(),
        }
    }

    /// The topics that are among both lists. A pattern of which the other list has a part becomes that part.
    #[must_use]
    pub fn common(&self, others: &Self) -> Self {
        let (Some(own), Some(theirs)) = (&self.0, &others.0) else { return self.within(others) };
        let both = own.iter().filter(|one| covered(theirs, one));
        let both = both.chain(theirs.iter().filter(|one| !own.contains(one) && covered(own, one)));
        // Two lists of parts of each other may have more in common than one connection may have.
        Self::checked(both.cloned().collect()).unwrap_or_else(|_| self.within(others))
    }

    /// The patterns; `*` for all topics.
    pub fn patterns(&self) -> Vec<Pattern> {
        self.clone().into()
    }
}

fn covered(patterns: &[Pattern], other: &Pattern) -> bool {
    patterns.iter().any(|pattern| pattern.covers(other))
}

fn pattern(text: &str) -> Option<Pattern> {
    let name = text.strip_suffix('*').unwrap_or(text);
    let length = 1..=TOPIC_CHARS;
    let allowed = |c: char| !c.is_control() && !['*', ','].contains(&c);
    let valid = length.contains(&text.chars().count()) && name.chars().all(allowed);
    valid.then(|| Pattern(text.to_owned()))
}

impl From<Vec<Pattern>> for Topics {
    fn from(patterns: Vec<Pattern>) -> Self {
        let names = sorted(patterns.into_iter().map(|pattern| pattern.0).collect());
        let mut patterns: Vec<Pattern> = names.into_iter().map(Pattern).collect();
        if patterns.iter().any(|pattern| pattern.0 == "*") {
            return Self::default();
        }
        let all = patterns.clone();
        patterns.retain(|one| !all.iter().any(|other| other != one && other.covers(one)));
        Self(Some(patterns.into()))
    }
}

impl From<Topics> for Vec<Pattern> {
    fn from(topics: Topics) -> Self {
        topics.0.map_or_else(|| vec![Pattern("*".to_owned())], |patterns| patterns.to_vec())
    }
}

/// The names in order, each once.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

/// The permissions of a token. Sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Permissions(
    /// `None` is no permission. This is the usual case and needs no memory.
    Option<Rc<[String]>>,
);

impl Permissions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether all of these permissions are among them.
    pub fn include(&self, needed: &[String]) -> bool {
        let own = self.0.as_deref().unwrap_or_default();
        needed.iter().all(|one| own.binary_search(one).is_ok())
    }

    /// The permissions that are among both.
    #[must_use]
    pub fn common(&self, others: &Self) -> Self {
        let both = self.all().filter(|one| others.include(std::slice::from_ref(*one)));
        both.cloned().collect::<Vec<_>>().into()
    }

    /// These permissions but for the others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let own = self.all().filter(|one| !others.include(std::slice::from_ref(*one)));
        own.cloned().collect::<Vec<_>>().into()
    }

    /// These permissions and the others.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        if others.is_empty() {
            return self.clone();
        }
        self.all().chain(others.all()).cloned().collect::<Vec<_>>().into()
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|own| own.iter())
    }

    /// Bytes that they take with a connection.
    pub fn bytes(&self) -> usize {
        self.all().map(|one| encoded_bytes(one) + 1).sum()
    }
}

impl From<Vec<String>> for Permissions {
    fn from(permissions: Vec<String>) -> Self {
        let permissions = sorted(permissions);
        Self((!permissions.is_empty()).then(|| permissions.into()))
    }
}

impl From<Permissions> for Vec<String> {
    fn from(permissions: Permissions) -> Self {
        permissions.0.map_or_else(Self::new, |own| own.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(list: &[&str]) -> Topics {
        Topics::parse(list.iter().copied()).unwrap()
    }

    #[test]
    fn a_list_has_one_form_whatever_its_order() {
        assert_eq!(topics(&["b", "a", "b"]), topics(&["a", "b"]));
        assert_eq!(topics(&["a:*", "a:1", "a:b*"]), topics(&["a:*"]));
        assert_eq!(topics(&["a", "*"]), Topics::default());
        assert_ne!(topics(&[]), Topics::default());
    }

    #[test]
    fn topics_that_are_no_names_are_refused() {
        for bad in ["", "a,b", "a*b", "**", "a\n", &"x".repeat(TOPIC_CHARS + 1)] {
            assert_eq!(Topics::parse([bad]), Err(BadTopics::Name), "{bad}");
        }
        let many: Vec<_> = (0..TOPICS_BYTES / 8).map(|number| format!("t:{number:04}")).collect();
        assert_eq!(Topics::parse(many.iter().map(String::as_str)), Err(BadTopics::TooMany));
        let quotes = |count: usize| {
            let names: Vec<_> = (0..count).map(|n| format!("{n:02}{}", "\"".repeat(98))).collect();
            Topics::parse(names.iter().map(String::as_str)).is_ok()
        };
        assert_eq!((quotes(20), quotes(21)), (true, false), "as JSON, a quote takes two bytes");
        let permissions = Permissions::from(vec!["\"".repeat(100)]);
        assert_eq!(permissions.bytes(), 203);
    }

    #[test]
    fn topics_are_added_and_removed() {
        let some = topics(&["a", "p:*"]);
        assert_eq!(some.with(&topics(&["b", "p:7"])).unwrap(), topics(&["a", "b", "p:*"]));
        assert_eq!(some.with(&Topics::default()).unwrap(), Topics::default());
        assert_eq!(some.without(&topics(&["a", "p:7"])), topics(&["p:*"]), "a part cannot leave");
        assert_eq!(some.without(&Topics::default()), Topics::none());
        assert_eq!(Topics::default().without(&topics(&["a"])), Topics::default());
        assert_eq!(some.within(&topics(&["p*"])), topics(&["p:*"]));
        assert_eq!(Topics::default().within(&some), some);
    }

    #[test]
    fn the_common_topics_are_those_that_both_lists_contain() {
        let some = topics(&["a", "p:*", "q:1"]);
        assert_eq!(some.common(&topics(&["p:7", "q:*", "z"])), topics(&["p:7", "q:1"]));
        assert_eq!(some.common(&Topics::default()), some);
        assert_eq!(Topics::default().common(&some), some);
        assert_eq!(some.common(&topics(&["b"])), Topics::none());
    }

    #[test]
    fn the_common_topics_of_two_lists_fit_a_connection() {
        let parts = |of: char| (0..500).map(move |number| format!("{of}{number:03}"));
        let list = |all: &str, of: char| {
            let names: Vec<_> = parts(of).chain([all.to_owned()]).collect();
            Topics::parse(names.iter().map(String::as_str)).unwrap()
        };
        let (one, other) = (list("b*", 'a'), list("a*", 'b'));
        let common = one.common(&other);
        assert!(one.cover(&common) && other.cover(&common));
        let patterns = common.patterns();
        let bytes: usize = patterns.iter().map(|one| encoded_bytes(one) + 1).sum();
        assert!((1..=TOPICS_BYTES).contains(&bytes), "{bytes}");
    }

    #[test]
    fn topics_cover_what_is_among_them() {
        let some = topics(&["a", "p:*"]);
        assert!(some.cover(&topics(&["p:7"])) && Topics::default().cover(&some));
        assert!(!some.cover(&topics(&["a", "b"])) && !some.cover(&Topics::default()));
        assert!(some.contains("p:1") && !some.contains("b") && !Topics::none().contains("b"));
    }

    #[test]
    fn permissions_include_what_is_among_them() {
        let own = Permissions::from(vec!["b".to_owned(), "a".to_owned()]);
        assert!(own.include(&["a".to_owned()]) && own.include(&[]));
        assert!(!own.include(&["a".to_owned(), "c".to_owned()]));
        assert!(!Permissions::default().include(&["a".to_owned()]));
        let others = Permissions::from(vec!["c".to_owned(), "b".to_owned()]);
        assert_eq!(own.common(&others), Permissions::from(vec!["b".to_owned()]));
        assert_eq!(own.common(&Permissions::default()), Permissions::default());
    }
}
