//! What is known of relays, by their names: a sorted list, because there are at most some hundreds and it is mostly read from end to
//! end. A map of the standard library would do the same with ten times as much code in the Worker for each type that it holds.

use serde::{Deserialize, Serialize};

use crate::protocol::relay::RelayName;

/// Something of each of some relays, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ByRelay<T>(Vec<(RelayName, T)>);

impl<T> Default for ByRelay<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByRelay<T> {
    fn place(&self, relay: RelayName) -> Result<usize, usize> {
        self.0.binary_search_by_key(&relay, |(other, _)| *other)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, relay: RelayName) -> bool {
        self.place(relay).is_ok()
    }

    pub(super) fn get(&self, relay: RelayName) -> Option<&T> {
        self.0.get(self.place(relay).ok()?).map(|(_, one)| one)
    }

    pub(super) fn get_mut(&mut self, relay: RelayName) -> Option<&mut T> {
        let place = self.place(relay).ok()?;
        self.0.get_mut(place).map(|(_, one)| one)
    }

    /// Puts it in the place of what was there.
    pub(super) fn put(&mut self, relay: RelayName, one: T) {
        match self.place(relay) {
            Ok(place) => {
                if let Some((_, before)) = self.0.get_mut(place) {
                    *before = one;
                }
            }
            Err(place) => self.0.insert(place, (relay, one)),
        }
    }

    pub(super) fn remove(&mut self, relay: RelayName) {
        if let Ok(place) = self.place(relay) {
            self.0.remove(place);
        }
    }

    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&T) -> bool) {
        self.0.retain(|(_, one)| keeps(one));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (RelayName, &T)> + '_ {
        self.0.iter().map(|(relay, one)| (*relay, one))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (RelayName, &mut T)> + '_ {
        self.0.iter_mut().map(|(relay, one)| (*relay, one))
    }

    pub(super) fn relays(&self) -> impl Iterator<Item = RelayName> + '_ {
        self.iter().map(|(relay, _)| relay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::relay::Region;

    fn relay(number: u16) -> RelayName {
        RelayName::new(Region::Asia, number).unwrap()
    }

    #[test]
    fn it_does_what_a_map_does() {
        let (mut list, mut map) = (ByRelay::default(), std::collections::BTreeMap::new());
        for (step, number) in [5, 3, 9, 3, 1, 9, 7, 5].into_iter().enumerate() {
            list.put(relay(number), step);
            map.insert(relay(number), step);
            if step % 3 == 2 {
                list.remove(relay(9));
                map.remove(&relay(9));
            }
            assert!(list.iter().eq(map.iter().map(|(relay, one)| (*relay, one))));
            assert_eq!(list.get(relay(3)), map.get(&relay(3)));
            assert_eq!(list.has(relay(9)), map.contains_key(&relay(9)));
        }
        list.retain(|step| step % 2 == 0);
        map.retain(|_, step| *step % 2 == 0);
        assert!(list.relays().eq(map.keys().copied()));
    }
}
