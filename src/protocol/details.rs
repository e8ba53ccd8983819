//! What a room did, in more detail than the operator's console shows: what the tenant's meter adds up.
//!
//! Amounts only. Which of them becomes which metric is decided in `metering/`.

use serde::{Deserialize, Serialize};

use super::amounts::amounts;
use super::report::Keeps;
use super::server_frame::Recovery;

/// Milliseconds up to which an update counts as having waited that long, by bucket. Beyond the last: the bucket without a bound.
pub const LAG_MS: [u64; 9] = [1, 5, 10, 25, 50, 100, 250, 1_000, 5_000];

/// What a room did in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Details {
    /// How clients that joined got to the head.
    pub recoveries: Recoveries,
    /// Updates that were not sent to a group, because later ones took their place.
    pub conflated: u64,
    /// How long updates waited until they were sent.
    pub lag: Lag,
    /// How often it failed.
    pub failures: u64,
    /// Milliseconds for which it could not rest, by cause.
    pub kept: Kept,
}

amounts!(Details { recoveries, conflated, lag, failures, kept });

/// How clients that joined got to the head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recoveries {
    /// They were sent nothing: they are new, and there is nothing yet, or they ask for the state themselves.
    pub none: u64,
    /// They were sent what they had missed.
    pub replayed: u64,
    /// They were sent the state.
    pub snapshot: u64,
}

amounts!(Recoveries { none, replayed, snapshot });

impl Recoveries {
    /// Counts one.
    pub fn count(&mut self, recovery: Recovery) {
        *match recovery {
            Recovery::None => &mut self.none,
            Recovery::Replayed => &mut self.replayed,
            Recovery::Snapshot => &mut self.snapshot,
        } += 1;
    }
}

/// Counts under names, which are codes of Roomcast and therefore few. In the order of the names: a map would be more code than all else
/// that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(Vec<(String, u64)>);

impl Counts {
    /// Counts so many more under a name.
    pub fn count(&mut self, name: &str, more: u64) {
        match self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)) {
            Ok(place) => {
                if let Some((_, count)) = self.0.get_mut(place) {
                    *count += more;
                }
            }
            Err(place) => self.0.insert(place, (name.to_owned(), more)),
        }
    }

    /// The names and their counts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        other.iter().for_each(|(name, more)| self.count(name, more));
    }

    /// All together.
    pub fn sum(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }
}

/// How long updates waited in their room until they were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    /// Milliseconds, of all updates together.
    pub ms: u64,
    /// Updates by bucket: those of [`LAG_MS`], and one for all that waited longer.
    pub updates: [u64; LAG_MS.len() + 1],
}

impl Lag {
    /// Counts updates that waited so many milliseconds.
    pub fn count(&mut self, ms: u64, updates: u64) {
        self.ms += ms * updates;
        let bucket = LAG_MS.iter().position(|most| ms <= *most).unwrap_or(LAG_MS.len());
        if let Some(counted) = self.updates.get_mut(bucket) {
            *counted += updates;
        }
    }
}

amounts!(Lag { ms, updates });

/// Milliseconds for which a room could not rest. If there are several causes at once, the first of them counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// A burst was stored or gathered.
    pub window: u64,
    /// Members were owed the state.
    pub states: u64,
    /// Updates waited for the pace of members.
    pub pace: u64,
    /// Changes of who is here were gathered.
    pub presence: u64,
    /// The tenant was asked about a token.
    pub token: u64,
    /// Relays were fed, or told something.
    pub relays: u64,
    /// Its report waited, and nothing else.
    pub report: u64,
}

amounts!(Kept { window, states, pace, presence, token, relays, report });

impl Kept {
    /// Counts milliseconds for a cause; without one, for a report that waits.
    pub fn count(&mut self, keeps: Option<Keeps>, ms: u64) {
        *match keeps {
            Some(Keeps::Window) => &mut self.window,
            Some(Keeps::States) => &mut self.states,
            Some(Keeps::Pace) => &mut self.pace,
            Some(Keeps::Presence) => &mut self.presence,
            Some(Keeps::Token) => &mut self.token,
            Some(Keeps::Relays) => &mut self.relays,
            None => &mut self.report,
        } += ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::amounts::Amounts as _;

    #[test]
    fn an_update_counts_in_the_first_bucket_that_has_room_for_it() {
        let mut lag = Lag::default();
        for (ms, updates) in [(0, 2), (1, 1), (2, 1), (5_000, 1), (5_001, 3)] {
            lag.count(ms, updates);
        }
        assert_eq!(lag.updates, [3, 1, 0, 0, 0, 0, 0, 0, 1, 3]);
        assert_eq!(lag.ms, 1 + 2 + 5_000 + 3 * 5_001);
    }

    #[test]
    fn details_and_counts_add_up() {
        let mut one = Details { conflated: 1, failures: 2, ..Details::default() };
        one.lag.count(7, 1);
        one.kept.count(Some(Keeps::Pace), 9);
        one.recoveries.count(Recovery::Replayed);
        let mut sum = one;
        sum.add(one);
        assert_eq!((sum.conflated, sum.failures, sum.kept.pace), (2, 4, 18));
        assert_eq!((sum.lag.ms, sum.lag.updates[2], sum.recoveries.replayed), (14, 2, 2));
        let mut closes = Counts::default();
        closes.count("too_slow", 1);
        closes.count("silent", 2);
        let other = closes.clone();
        closes.add(&other);
        assert_eq!(closes.iter().collect::<Vec<_>>(), [("silent", 4), ("too_slow", 2)]);
        assert_eq!(closes.sum(), 6);
    }
}
