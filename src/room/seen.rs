//! Which events the room has taken, so that taking one again has no effect.
//!
//! An id is remembered while the log keeps its burst, and longer if need be: as long as a captured
//! request could still be sent again. What is remembered is a hash of eight bytes, and of ids that have left
//! the log the time to ten seconds, so that memory and the row that keeps them are bounded. If they become
//! too many, the oldest are forgotten early; then the room says which requests it can no longer tell
//! from repeats ([`Seen::is_unsure_of`]), and they are refused rather than applied twice.
//!
//! Knows nothing of updates: their ids and numbers only.

use std::collections::{HashMap, VecDeque};
use std::hash::Hasher as _;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::row::{read, write, Corrupt, Head};
use crate::limits::{RoomLimits, REPLAY_WINDOW_MS};
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::time::Timestamp;

/// Ids that leave the log within the same so many milliseconds are kept together.
const GROUPED_MS: u64 = 10_000;

/// An event's id, as it is remembered. Two ids have the same one time in 10^19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventHash(u64);

/// Ids whose events have the numbers from `first` on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// The burst that holds the last of them.
    burst: u64,
    first: Seq,
    /// When the last of them was stored.
    at: Timestamp,
    /// When the last of the requests that brought them was signed.
    signed: Timestamp,
    hashes: Vec<EventHash>,
}

/// Ids whose bursts the log forgets, on their way into a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Of requests that were signed up to here it is not known whether they are repeats.
    pub unsure_until: Timestamp,
    /// The ids, in groups.
    pub groups: String,
}

impl Default for Leaving {
    /// None.
    fn default() -> Self {
        Self { unsure_until: Timestamp::default(), groups: "[]".to_owned() }
    }
}

/// Burst, first number, time, signature's time, hashes.
#[derive(Serialize, Deserialize)]
struct StoredGroup(u64, Seq, Timestamp, Timestamp, String);

/// The ids that a room remembers.
#[derive(Debug)]
pub struct Seen {
    key: u64,
    kept_bursts: u64,
    limit: usize,
    numbers: HashMap<EventHash, Seq>,
    groups: VecDeque<Group>,
    /// How many ids the groups hold.
    count: usize,
    unsure_until: Timestamp,
}

impl Seen {
    /// The memory of a room that has taken nothing yet. `epoch` makes its hashes its own.
    pub fn new(epoch: &Epoch, limits: &RoomLimits) -> Self {
        Self {
            key: u64::from_str_radix(epoch.as_str(), 16).unwrap_or_default(),
            kept_bursts: limits.log_bursts,
            limit: limits.seen_ids,
            numbers: HashMap::new(),
            groups: VecDeque::new(),
            count: 0,
            unsure_until: Timestamp::default(),
        }
    }

    /// Takes in what is stored of ids that have left the log, or are about to. Returns the last burst
    /// that it covers.
    ///
    /// # Errors
    /// [`Corrupt`] when it cannot be read.
    pub fn restore(&mut self, leaving: &Leaving) -> Result<u64, Corrupt> {
        self.unsure_until = leaving.unsure_until;
        let groups: Vec<StoredGroup> = read(&leaving.groups, "memory of events")?;
        let mut last = 0;
        for StoredGroup(burst, first, at, signed, hashes) in groups {
            let hashes = decode(&hashes)?;
            self.add(Group { burst, first, at, signed, hashes });
            last = burst;
        }
        Ok(last)
    }

    /// Takes in the ids of a burst that is stored.
    ///
    /// # Errors
    /// [`Corrupt`] when they cannot be read.
    pub fn restore_burst(&mut self, head: &Head) -> Result<(), Corrupt> {
        let hashes = decode(&head.ids)?;
        let Head { number, first, at, signed, .. } = *head;
        self.add(Group { burst: number, first, at, signed, hashes });
        Ok(())
    }

    /// How this room remembers an event.
    pub fn hash(&self, event_id: &str) -> EventHash {
        let mut hasher = SipHasher13::new_with_keys(self.key, 0);
        hasher.write(event_id.as_bytes());
        EventHash(hasher.finish())
    }

    /// The ids of a burst's events as its row keeps them.
    pub fn encoded<'e>(&self, event_ids: impl Iterator<Item = &'e str>) -> String {
        encode(&event_ids.map(|id| self.hash(id)).collect::<Vec<_>>())
    }

    /// The number that an event got the first time, while that is remembered.
    pub fn number(&self, event: EventHash) -> Option<Seq> {
        self.numbers.get(&event).copied()
    }

    /// Remembers that an event has got a number, from before it is stored.
    pub fn note(&mut self, event: EventHash, seq: Seq) {
        self.numbers.insert(event, seq);
    }

    /// Whether a request that was signed then may be a repeat of one that has been forgotten.
    pub fn is_unsure_of(&self, signed: Timestamp) -> bool {
        signed <= self.unsure_until
    }

    /// Takes in a burst that is being stored. Returns the ids of its events as its row keeps them.
    pub fn store(
        &mut self,
        burst: u64,
        first: Seq,
        hashes: Vec<EventHash>,
        (at, signed): (Timestamp, Timestamp),
    ) -> String {
        let ids = encode(&hashes);
        self.add(Group { burst, first, at, signed, hashes });
        ids
    }

    fn add(&mut self, group: Group) {
        for (event, seq) in group.hashes.iter().zip(group.first..) {
            self.numbers.insert(*event, seq);
        }
        let (newest, now) = (group.burst, group.at);
        self.count += group.hashes.len();
        self.groups.push_back(group);
        while let Some(oldest) = self.groups.front() {
            let repeatable = oldest.at.plus_ms(REPLAY_WINDOW_MS) > now;
            let left_the_log = oldest.burst + self.kept_bursts <= newest;
            // The newest always stays: a request is answered from it.
            let too_many = self.count > self.limit && self.groups.len() > 1;
            if !(too_many || left_the_log && !repeatable) {
                break;
            }
            if repeatable {
                self.unsure_until = self.unsure_until.max(oldest.signed);
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(group) = self.groups.pop_front() else {
            return;
        };
        self.count -= group.hashes.len();
        for (event, seq) in group.hashes.iter().zip(group.first..) {
            // An event that was taken again after it had been forgotten has a later number.
            if self.numbers.get(event) == Some(&seq) {
                self.numbers.remove(event);
            }
        }
    }

    /// What has to be stored apart from the log, because the log will have forgotten the bursts up to
    /// `last` before the next time.
    pub fn leave_log(&mut self, last: u64) -> Leaving {
        self.join_groups(last);
        let leaving = self.groups.iter().take_while(|group| group.burst <= last);
        let groups = write(&leaving.map(StoredGroup::from).collect::<Vec<_>>());
        Leaving { unsure_until: self.unsure_until, groups }
    }

    /// Makes one group of those that leave the log and came within the same ten seconds.
    fn join_groups(&mut self, last: u64) {
        let leaving = self.groups.partition_point(|group| group.burst <= last);
        let stay = self.groups.split_off(leaving);
        let mut joined: VecDeque<Group> = VecDeque::new();
        for group in self.groups.drain(..) {
            let slice = |at: Timestamp| at.0 / GROUPED_MS;
            match joined.back_mut().filter(|before| slice(before.at) == slice(group.at)) {
                Some(before) => before.extend(group),
                None => joined.push_back(group),
            }
        }
        joined.extend(stay);
        self.groups = joined;
    }
}

impl Group {
    /// Takes in the group that follows.
    fn extend(&mut self, next: Self) {
        self.burst = next.burst;
        self.at = next.at;
        self.signed = self.signed.max(next.signed);
        self.hashes.extend(next.hashes);
    }
}

impl From<&Group> for StoredGroup {
    fn from(group: &Group) -> Self {
        Self(group.burst, group.first, group.at, group.signed, encode(&group.hashes))
    }
}

fn encode(hashes: &[EventHash]) -> String {
    let bytes: Vec<[u8; 8]> = hashes.iter().map(|hash| hash.0.to_be_bytes()).collect();
    URL_SAFE_NO_PAD.encode(bytes.as_flattened())
}

fn decode(text: &str) -> Result<Vec<EventHash>, Corrupt> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Corrupt("memory of events"))?;
    let (hashes, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Corrupt("memory of events"));
    }
    Ok(hashes.iter().map(|hash| EventHash(u64::from_be_bytes(*hash))).collect())
}
