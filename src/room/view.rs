//! Views: what a member sees. [`Viewer::sees`] is the one place that decides it, for the tail, missed updates, the state,
//! its entity tag, and reads over HTTP.

use std::hash::{Hash, Hasher as _};

use siphasher::sip::SipHasher13;

use super::ladder::Rung;
use crate::limits::LADDER_PACE_MS;
use crate::protocol::dialect::Dialect;
use crate::protocol::label::Label;
use crate::protocol::topics::{Permissions, Topics};

/// What a member sees, apart from updates for its user by name, and in which dialect. Members with the same view form a
/// group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// The dialect.
    pub dialect: Dialect,
    /// The topics of its subscription.
    pub topics: Topics,
    /// The permissions of its token.
    pub permissions: Permissions,
    /// Milliseconds that it wants to be between two frames.
    pub pace_ms: u32,
    /// Whether it asked for compressed frames.
    pub deflate: bool,
    /// How much of that it is sent, by how well it keeps up.
    pub rung: Rung,
}

/// A view and its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer<'a> {
    /// The view.
    pub view: &'a View,
    /// The user; empty for nobody by name.
    pub user: &'a str,
}

impl View {
    /// A view of all topics, without permissions.
    pub fn of_all(dialect: Dialect) -> Self {
        let (topics, permissions) = (Topics::default(), Permissions::default());
        Self { dialect, topics, permissions, pace_ms: 0, deflate: false, rung: Rung::All }
    }

    /// Milliseconds between two frames: what the member wants, or what it can take if that is less often.
    pub fn pace_ms(&self) -> u32 {
        match self.rung {
            Rung::All | Rung::Held => self.pace_ms,
            Rung::Conflated => self.pace_ms.max(LADDER_PACE_MS),
        }
    }

    /// What every member with this view sees.
    pub fn of_group(&self) -> Viewer<'_> {
        self.of("")
    }

    /// What this user sees.
    pub fn of<'a>(&'a self, user: &'a str) -> Viewer<'a> {
        Viewer { view: self, user }
    }
}

impl Viewer<'_> {
    /// Whether the viewer sees an update with this label.
    pub fn sees(self, label: Label<'_>) -> bool {
        let View { topics, permissions, .. } = self.view;
        label.topic.is_none_or(|topic| topics.contains(topic))
            && label.audience.is_none_or(|audience| audience.admits(self.user, permissions))
    }

    /// A number that differs between viewers that may see different states. `None` for those who see all topics, have no
    /// permissions and are not `named` by an update: they all see the same.
    pub fn mark(self, named: bool) -> Option<u64> {
        let View { topics, permissions, .. } = self.view;
        if topics.is_all() && permissions.is_empty() && !named {
            return None;
        }
        let mut hasher = SipHasher13::new();
        (topics, permissions, named.then_some(self.user)).hash(&mut hasher);
        Some(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::label::Audience;

    fn view(topics: &[&str], permissions: &[&str]) -> View {
        View {
            topics: Topics::parse(topics.iter().copied()).unwrap(),
            permissions: permissions.iter().map(ToString::to_string).collect::<Vec<_>>().into(),
            ..View::of_all(Dialect::V1)
        }
    }

    #[test]
    fn a_viewer_sees_what_its_topics_and_its_audience_allow() {
        let audience = Audience { users: vec!["ada".into()], permissions: vec!["read".into()] };
        let label = Label { topic: Some("a"), audience: Some(&audience) };
        let readers = view(&["a"], &["read"]);
        assert!(readers.of("bob").sees(label) && view(&["*"], &[]).of("ada").sees(label));
        assert!(!view(&["a"], &[]).of("bob").sees(label), "not in the audience");
        assert!(!view(&["b"], &["read"]).of("ada").sees(label), "not subscribed");
        assert!(!view(&["a"], &[]).of_group().sees(label), "a group has no name");
        assert!(view(&[], &[]).of_group().sees(Label::default()));
    }

    #[test]
    fn viewers_that_may_see_different_states_have_different_marks() {
        let (all, some, readers) = (view(&["*"], &[]), view(&["a"], &[]), view(&["*"], &["read"]));
        assert_eq!((all.of("ada").mark(false), all.of("bob").mark(false)), (None, None));
        assert_eq!(some.of("ada").mark(false), some.of("bob").mark(false));
        let marks = [
            all.of("ada").mark(true),
            all.of("bob").mark(true),
            some.of("ada").mark(false),
            readers.of("ada").mark(false),
        ];
        let different: std::collections::BTreeSet<_> =
            marks.into_iter().map(Option::unwrap).collect();
        assert_eq!(different.len(), marks.len());
    }
}
