//! Steps of tallies: what one event says about the thing that it happened to.
//!
//! A tally counts things by bucket and adds up their amounts. The front Worker makes a step of an event and the room counts
//! it (`room/tallies.rs`). A step contains all that the room needs, so a room needs no settings.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use siphasher::sip::SipHasher13;

use super::defaults::is_default;
use super::label::Audience;
use super::time::Timestamp;

/// What an event says about one thing. The latest step of a thing counts, and replaces the one before it as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The thing: a hash of its id.
    pub entity: u64,
    /// When the event occurred.
    pub at: Timestamp,
    /// Decides between two events of the same time, so that the order of arrival does not matter: a hash of the event's id.
    pub tie: u32,
    /// The bucket that the thing is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Its amounts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<String, i64>,
    /// Whether the thing stays as it is from now on.
    #[serde(default, rename = "final", skip_serializing_if = "is_default")]
    pub is_final: bool,
    /// The data of the update. Empty once the update is encoded.
    #[serde(default, skip_serializing_if = "Shape::is_empty")]
    pub data: Shape,
    /// The audience of the tally, if the step left all that it shows as it was. Its update is then for nobody: the log keeps it,
    /// because the step counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<Unchanged>,
}

/// A step left all that its tally shows as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchanged {
    /// The audience of the tally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Box<Audience>>,
}

/// Hashes a name: that of a thing, or the id of an event. Stored, so it must not change.
pub fn hash(name: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// The data of a tally's update: fields, and what each shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape(pub Vec<(String, Show)>);

/// What one field of a tally's update shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Show {
    /// How many things are in this bucket.
    Count(String),
    /// The sum of this amount over all things.
    Sum(String),
    /// How many things there are.
    Total,
}

/// Counts and sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// How many things are in each bucket.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, i64>,
    /// The sums of amounts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<String, i64>,
    /// How many things there are.
    #[serde(default)]
    pub total: i64,
}

impl Shape {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The data that shows these totals.
    pub fn data(&self, totals: &Totals) -> Map<String, Value> {
        let number = |show: &Show| match show {
            Show::Count(bucket) => totals.counts.get(bucket).copied().unwrap_or_default(),
            Show::Sum(name) => totals.sums.get(name).copied().unwrap_or_default(),
            Show::Total => totals.total,
        };
        self.0.iter().map(|(name, show)| (name.clone(), number(show).into())).collect()
    }
}

impl Serialize for Shape {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, show)| (name, show)))
    }
}

/// Keeps the order of the fields.
impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fields = Map::<String, Value>::deserialize(from)?;
        let read = |(name, show): (String, Value)| {
            let show = serde_json::from_value(show);
            let wrong = |_| {
                let forms = r#"{"count": bucket}, {"sum": name} or "total""#;
                serde::de::Error::custom(format!("`{name}` must be {forms}"))
            };
            Ok((name.clone(), show.map_err(wrong)?))
        };
        fields.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}
