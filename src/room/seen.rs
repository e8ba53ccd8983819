//! The events that the room has accepted, so that a repeated event has no effect.
//!
//! An event id is remembered while the log keeps its burst, and at least as long as a captured request could still be
//! repeated. To bound memory and storage, an id is remembered as a hash of eight bytes, and ids that have left the log
//! share a timestamp per ten seconds. If there are too many ids, the oldest are forgotten early. Then the room cannot
//! tell whether an old request is a repeat ([`Seen::is_unsure_of`]), and refuses it rather than apply it twice.
//!
//! This file knows the ids and numbers of events, but not their updates.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::row::{countable, read, write, Corrupt, Head};
use crate::limits::{RoomLimits, REPLAY_WINDOW_MS};
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::time::Timestamp;

/// Milliseconds of which the ids that leave the log share a timestamp.
const GROUPED_MS: u64 = 10_000;

/// The hash of an event's id. Two ids have the same hash with a probability of one in 10^19. Relays, which know no events, use the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EventHash(u64);

/// The hasher of what is a hash already, by a key that senders do not know.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = self.0.rotate_left(8) ^ hash;
    }
}

/// The ids of events with consecutive numbers from `first` on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// The burst that holds the last event.
    burst: u64,
    first: Seq,
    /// When the last event was stored.
    at: Timestamp,
    /// When the latest of their requests was signed.
    signed: Timestamp,
    hashes: Vec<EventHash>,
}

/// The ids whose bursts the log forgets. They are stored with the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The room cannot tell whether requests signed up to this time are repeats.
    pub unsure_until: Timestamp,
    /// The ids in groups, as JSON.
    pub groups: String,
}

impl Default for Leaving {
    /// No ids.
    fn default() -> Self {
        Self { unsure_until: Timestamp::default(), groups: "[]".to_owned() }
    }
}

/// Burst, first number, time of storing, time of signing, hashes.
#[derive(Serialize, Deserialize)]
struct StoredGroup(u64, Seq, Timestamp, Timestamp, String);

/// The ids that a room remembers.
#[derive(Debug)]
pub struct Seen {
    key: u64,
    kept_bursts: u64,
    limit: usize,
    limit_without_burst: usize,
    numbers: HashMap<EventHash, Seq, BuildHasherDefault<Hashed>>,
    groups: VecDeque<Group>,
    /// How many ids the groups hold.
    count: usize,
    unsure_until: Timestamp,
}

impl Seen {
    /// For a room that has accepted nothing yet. The hashes are keyed by the epoch.
    pub fn new(epoch: &Epoch, limits: &RoomLimits) -> Self {
        Self {
            key: u64::from_str_radix(epoch.as_str(), 16).unwrap_or_default(),
            kept_bursts: limits.log_bursts,
            limit: limits.seen_ids,
            limit_without_burst: limits.seen_ids_without_burst,
            numbers: HashMap::default(),
            groups: VecDeque::new(),
            count: 0,
            unsure_until: Timestamp::default(),
        }
    }

    /// Restores the ids that a checkpoint stored. Returns the last burst that they cover.
    ///
    /// # Errors
    /// [`Corrupt`] when they cannot be read.
    pub fn restore(&mut self, leaving: &Leaving) -> Result<u64, Corrupt> {
        self.unsure_until = leaving.unsure_until;
        let groups: Vec<StoredGroup> = read(&leaving.groups, "memory of events")?;
        let mut last = 0;
        for StoredGroup(burst, first, at, signed, hashes) in groups {
            let hashes = decode(&hashes)?;
            countable(burst.max(first), "memory of events")?;
            self.add(Group { burst, first, at, signed, hashes });
            last = burst;
        }
        Ok(last)
    }

    /// Restores the ids of a stored burst.
    ///
    /// # Errors
    /// [`Corrupt`] when they cannot be read.
    pub fn restore_burst(&mut self, head: &Head) -> Result<(), Corrupt> {
        let hashes = decode(&head.ids)?;
        let Head { number, first, at, signed, .. } = *head;
        self.add(Group { burst: number, first, at, signed, hashes });
        Ok(())
    }

    /// The hash under which this room remembers an event.
    pub fn hash(&self, event_id: &str) -> EventHash {
        let mut hasher = SipHasher13::new_with_keys(self.key, 0);
        hasher.write(event_id.as_bytes());
        EventHash(hasher.finish())
    }

    /// The ids of a burst's events, as its row stores them.
    pub fn encoded<'e>(&self, event_ids: impl Iterator<Item = &'e str>) -> String {
        encode(&event_ids.map(|id| self.hash(id)).collect::<Vec<_>>())
    }

    /// The number that an event got when it was accepted, if the room remembers it.
    pub fn number(&self, event: EventHash) -> Option<Seq> {
        self.numbers.get(&event).copied()
    }

    /// Remembers the number of an event that is not stored yet.
    pub fn note(&mut self, event: EventHash, seq: Seq) {
        self.numbers.insert(event, seq);
    }

    /// Whether a request that was signed at this time may repeat one that the room has forgotten.
    pub fn is_unsure_of(&self, signed: Timestamp) -> bool {
        signed <= self.unsure_until
    }

    /// Remembers the events of a burst that is being stored. Returns their ids, as its row stores them.
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
            let repeatable = oldest.is_repeatable(now);
            let left_the_log = oldest.burst + self.kept_bursts <= newest;
            // The newest group always stays: the current request is answered from it.
            let too_many = self.count > self.limit && self.groups.len() > 1;
            if !(too_many || left_the_log && !repeatable) {
                break;
            }
            self.forget_oldest(usize::MAX, now);
        }
    }

    /// Forgets at most `most` ids of the oldest group. Returns how many it forgot.
    fn forget_oldest(&mut self, most: usize, now: Timestamp) -> usize {
        let Some(mut group) = self.groups.pop_front() else {
            return most;
        };
        if group.is_repeatable(now) {
            self.unsure_until = self.unsure_until.max(group.signed);
        }
        let forgotten = most.min(group.hashes.len());
        for event in group.hashes.drain(..forgotten) {
            // If the event was forgotten and then accepted again, it has a later number, which stays.
            if self.numbers.get(&event) == Some(&group.first) {
                self.numbers.remove(&event);
            }
            group.first += 1;
        }
        self.count -= forgotten;
        if !group.hashes.is_empty() {
            self.groups.push_front(group);
        }
        forgotten
    }

    /// The ids of the bursts up to `last`, to be stored with a checkpoint: the log will forget these bursts before
    /// the next checkpoint.
    pub fn leave_log(&mut self, last: u64) -> Leaving {
        self.limit_leaving(last);
        self.join_groups(last);
        let leaving = self.groups.iter().take_while(|group| group.burst <= last);
        let groups = write(&leaving.map(StoredGroup::from).collect::<Vec<_>>());
        Leaving { unsure_until: self.unsure_until, groups }
    }

    /// Forgets the oldest ids of the bursts up to `last`, if they are too many for the row of a checkpoint.
    fn limit_leaving(&mut self, last: u64) {
        let leaving = self.groups.iter().take_while(|group| group.burst <= last);
        let count: usize = leaving.map(|group| group.hashes.len()).sum();
        let now = self.groups.back().map_or_else(Timestamp::default, |newest| newest.at);
        let mut excess = count.saturating_sub(self.limit_without_burst);
        while excess > 0 {
            excess -= self.forget_oldest(excess, now);
        }
    }

    /// Joins groups that leave the log if they were stored within the same [`GROUPED_MS`].
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
    /// Whether a request of these events could still be sent again.
    fn is_repeatable(&self, now: Timestamp) -> bool {
        self.at.plus_ms(REPLAY_WINDOW_MS) > now
    }

    /// Appends the group that follows this one.
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
