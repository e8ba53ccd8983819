//! Descriptions that many connections share: parsed once, compared by their text.
//!
//! A document describes how some clients speak. The front Worker gives that description to the room with each client, and it is
//! kept with the connection. Does not know what is described.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A description in use. Two with the same text are the same.
#[derive(Debug)]
pub struct Shared<T>(Rc<(String, T)>);

impl<T> Shared<T> {
    /// What is described.
    pub fn form(&self) -> &T {
        &self.0 .1
    }

    /// Bytes that it takes as it is kept with a connection.
    pub fn bytes(&self) -> usize {
        self.text().len()
    }

    fn text(&self) -> &str {
        &self.0 .0
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Serialize> From<T> for Shared<T> {
    fn from(form: T) -> Self {
        // Strings and numbers, so encoding cannot fail.
        let text = serde_json::to_string(&form).unwrap_or_default();
        Self(Rc::new((text, form)))
    }
}

impl<T> Ord for Shared<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        if Rc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.text().cmp(other.text())
    }
}

impl<T> PartialOrd for Shared<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.form().serialize(to)
    }
}

impl<'de, T: Serialize + DeserializeOwned> Deserialize<'de> for Shared<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // By way of a value, so that the code that reads a form exists once.
        let form = Value::deserialize(from)?;
        let form: Result<T, _> = serde_json::from_value(form);
        form.map(Self::from).map_err(serde::de::Error::custom)
    }
}
