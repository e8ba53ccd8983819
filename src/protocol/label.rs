//! The label of an update: its topic, and who may see it. A view decides by the label alone whether it shows an update.

use serde::{Deserialize, Serialize};

use super::topics::Permissions;

/// Who may see an update: these users, and users with all of these permissions. If it names only users, no permission
/// is enough; if it names only permissions, no user needs to be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Audience {
    /// Users, as tokens name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Permissions, as tokens name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

impl Audience {
    /// Whether a user with these permissions is in the audience.
    pub fn admits(&self, user: &str, permissions: &Permissions) -> bool {
        let named = self.users.iter().any(|one| one == user);
        named || (!self.permissions.is_empty() && permissions.include(&self.permissions))
    }
}

/// The label of an update. An update without a topic belongs to every subscription; one without an audience is for
/// everyone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label<'a> {
    /// Its topic.
    pub topic: Option<&'a str>,
    /// Who may see it.
    pub audience: Option<&'a Audience>,
}

impl Label<'_> {
    /// Whether every view shows it.
    pub fn is_public(&self) -> bool {
        self.topic.is_none() && self.audience.is_none()
    }

    /// Whether whoever sees an update with the other label sees one with this label too.
    pub fn covers(self, other: Label<'_>) -> bool {
        (self.topic.is_none() || self.topic == other.topic)
            && (self.audience.is_none() || self.audience == other.audience)
    }

    /// The label as a value of its own.
    pub fn to_owned(self) -> OwnedLabel {
        OwnedLabel {
            topic: self.topic.map(Into::into),
            audience: self.audience.cloned().map(Box::new),
        }
    }
}

/// A label that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnedLabel {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<Box<Audience>>,
}

impl OwnedLabel {
    /// The label.
    pub fn label(&self) -> Label<'_> {
        Label { topic: self.topic.as_deref(), audience: self.audience.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_admits_the_users_it_names_and_those_with_all_its_permissions() {
        let audience = |users: &[&str], permissions: &[&str]| Audience {
            users: users.iter().map(ToString::to_string).collect(),
            permissions: permissions.iter().map(ToString::to_string).collect(),
        };
        let both = Permissions::from(vec!["read".to_owned(), "write".to_owned()]);
        let read = Permissions::from(vec!["read".to_owned()]);
        let personal = audience(&["ada"], &[]);
        assert!(personal.admits("ada", &read) && !personal.admits("bob", &both));
        let writers = audience(&[], &["read", "write"]);
        assert!(writers.admits("bob", &both) && !writers.admits("bob", &read));
        let either = audience(&["ada"], &["write"]);
        assert!(
            either.admits("ada", &read)
                && either.admits("bob", &both)
                && !either.admits("bob", &read)
        );
        assert!(!audience(&[], &[]).admits("ada", &both), "an empty audience is nobody");
    }
}
