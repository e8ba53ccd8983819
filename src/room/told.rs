//! What members were told of who is here, and how a change of it is said to them.
//!
//! At a relay it comes from the root, which then names only those who are listed. Who is here is decided in `presence`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::tree::company::letters::{Data, Listed};
use crate::protocol::company::note::{Note, Person};
use crate::protocol::gather::gathered;

/// What members were told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How many persons.
    pub(super) count: usize,
    /// The persons with what they show: all at the room itself, those who are listed at a relay.
    pub(super) people: BTreeMap<String, Data>,
    /// The list of them, until it changes.
    list: Option<Rc<Note>>,
}

/// How persons differ from what members were told.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// How many members were told to be here before.
    before: usize,
    joined: Vec<(String, Data)>,
    left: Vec<String>,
    changed: Vec<(String, Data)>,
}

impl Told {
    /// Of so many persons.
    pub(super) fn of(people: BTreeMap<String, Data>, count: usize) -> Self {
        Self { count, people, list: None }
    }

    /// The list of at most so many.
    pub(super) fn list(&mut self, most: usize) -> Rc<Note> {
        let Self { count, people, list } = self;
        list.get_or_insert_with(|| Rc::new(listed(people, *count, most))).clone()
    }

    /// The persons who are listed, of whom there are at most so many.
    pub(super) fn listed(&self, most: usize) -> impl Iterator<Item = (&String, &Data)> {
        self.people.iter().take(most)
    }

    /// The persons who are not among these.
    pub(super) fn unlisted(&self, listed: &[Listed]) -> Vec<String> {
        let listed: BTreeSet<_> = gathered(listed.iter().map(|Listed(user, _)| user));
        self.people.keys().filter(|user| !listed.contains(user)).cloned().collect()
    }

    /// A change begins.
    pub(super) fn begin(&self) -> Difference {
        Difference { before: self.count, ..Difference::default() }
    }

    /// Takes what a person shows now, or that it is not here.
    pub(super) fn take(&mut self, user: String, shown: Option<Data>, difference: &mut Difference) {
        let before = match &shown {
            Some(data) => self.people.insert(user.clone(), data.clone()),
            None => self.people.remove(&user),
        };
        match (before, shown) {
            (None, Some(data)) => difference.joined.push((user, data)),
            (Some(_), None) => difference.left.push(user),
            (Some(before), Some(data)) if before != data => difference.changed.push((user, data)),
            _ => {}
        }
    }

    /// The change is complete, and so many are here now. Says whether anything is different.
    pub(super) fn end(&mut self, count: usize, difference: &Difference) -> bool {
        let changed = !difference.is_empty() || count != self.count;
        if changed {
            (self.count, self.list) = (count, None);
        }
        changed
    }

    /// How members are told of a change, where at most so many are listed. `None` if there is nothing to say.
    pub(super) fn note(&mut self, difference: &Difference, most: usize) -> Option<Rc<Note>> {
        let (before, count) = (difference.before, self.count);
        if count <= most && before <= most {
            let changed = !difference.is_empty();
            return changed.then(|| Rc::new(difference.note(count)));
        }
        if count <= most {
            return Some(self.list(most));
        }
        (count != before).then(|| Rc::new(Note::crowd(count)))
    }
}

/// So many persons as a list of at most so many.
pub(super) fn listed(people: &BTreeMap<String, Data>, count: usize, most: usize) -> Note {
    let users = people.iter().take(most).map(|(user, data)| (user.as_str(), data.as_deref()));
    Note::state(count, users, count > most)
}

impl Difference {
    fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && self.changed.is_empty()
    }

    fn note(&self, count: usize) -> Note {
        let left = self.left.iter().map(String::as_str);
        Note::changed(count, people(&self.joined), left, people(&self.changed))
    }
}

fn people(people: &[(String, Data)]) -> impl Iterator<Item = Person<'_>> {
    people.iter().map(|(user, data)| (user.as_str(), data.as_deref()))
}
