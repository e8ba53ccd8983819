//! The names of relays: the objects over which a room spreads that is larger than one object.
//!
//! A relay is near the viewers of a region. Its number says who feeds it, so that nobody has to look that up: the first relays
//! of a region are fed by the room itself, the others by those. Which relays there are is decided in `room/tree/`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::BadId;
use crate::limits::{RELAYS_FIRST, RELAYS_IN_REGION};

/// Where viewers are, as far as it decides which relays serve them.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Not known, as on bare workerd.
    #[default]
    Any,
    /// Africa.
    Africa,
    /// Asia.
    Asia,
    /// Europe.
    Europe,
    /// North America.
    NorthAmerica,
    /// Oceania.
    Oceania,
    /// South America.
    SouthAmerica,
}

impl Region {
    const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Any, "any", ""),
        (Self::Africa, "afr", "AF"),
        (Self::Asia, "apac", "AS"),
        (Self::Europe, "weur", "EU"),
        (Self::NorthAmerica, "enam", "NA"),
        (Self::Oceania, "oc", "OC"),
        (Self::SouthAmerica, "sam", "SA"),
    ];

    /// The region of a continent, as Cloudflare calls it in `request.cf.continent`. Antarctica has none.
    pub fn of_continent(code: &str) -> Self {
        let found = Self::ALL.iter().find(|(_, _, continent)| *continent == code);
        found.map_or(Self::Any, |(region, ..)| *region)
    }

    /// Its name. But for [`Region::Any`] it is a location hint of Durable Objects
    /// (developers.cloudflare.com/durable-objects/reference/data-location).
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(region, ..)| *region == self);
        found.map_or("any", |(_, name, _)| *name)
    }

    /// The location hint for an object near its viewers.
    pub fn hint(self) -> Option<&'static str> {
        (self != Self::Any).then(|| self.name())
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other, _)| *other == name).map(|(region, ..)| *region)
    }
}

/// The name of a relay of a room: its region and its number there. Written `weur.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelayName {
    region: Region,
    number: u16,
}

impl RelayName {
    /// The relay with this number; `None` if there can be none.
    pub fn new(region: Region, number: u16) -> Option<Self> {
        (number < RELAYS_IN_REGION).then_some(Self { region, number })
    }

    /// Its region.
    pub fn region(self) -> Region {
        self.region
    }

    /// The relay that feeds it; `None` if the room itself does.
    pub fn parent(self) -> Option<Self> {
        let after = self.number.checked_sub(RELAYS_FIRST)?;
        Some(Self { number: after % RELAYS_FIRST, ..self })
    }
}

impl fmt::Display for RelayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.region.name(), self.number)
    }
}

impl FromStr for RelayName {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let read = || {
            let (region, number) = text.split_once('.')?;
            let relay = Self::new(Region::named(region)?, number.parse().ok()?)?;
            // So that one relay has one name: neither `+1` nor `01`.
            (relay.to_string() == text).then_some(relay)
        };
        read().ok_or_else(|| BadId::new("must be <region>.<number>"))
    }
}

impl TryFrom<String> for RelayName {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<RelayName> for String {
    fn from(relay: RelayName) -> Self {
        relay.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::RELAYS_EACH;

    fn relay(text: &str) -> RelayName {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_reads_back_what_it_writes() {
        for text in ["any.0", "weur.3", "sam.185"] {
            assert_eq!(relay(text).to_string(), text);
        }
        for text in ["", "any", "any.", "any.01", "any.+1", "any.186", "eu.1", "any.-1", "any.1.2"]
        {
            assert!(text.parse::<RelayName>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_relay_is_at_most_two_steps_from_its_room_and_none_feeds_too_many() {
        let mut fed = std::collections::BTreeMap::new();
        for number in 0..RELAYS_IN_REGION {
            let relay = RelayName::new(Region::Asia, number).unwrap();
            let Some(parent) = relay.parent() else { continue };
            assert_eq!((parent.parent(), parent.region()), (None, Region::Asia));
            *fed.entry(parent).or_insert(0) += 1;
        }
        assert_eq!(fed.len(), usize::from(RELAYS_FIRST));
        assert!(fed.values().all(|count| *count == RELAYS_EACH));
    }

    #[test]
    fn a_continent_has_a_region_with_a_hint() {
        assert_eq!(Region::of_continent("EU").hint(), Some("weur"));
        for code in ["", "AN", "XX"] {
            assert_eq!(Region::of_continent(code), Region::Any);
        }
        assert_eq!(Region::Any.hint(), None);
    }
}
