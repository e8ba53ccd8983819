//! Occupancy: whether the tenant has to be told that somebody looks at the room, or that nobody does any more.
//!
//! A change is stored before it is announced, and stays owed until the tenant's object has noted it, so that nothing that fails
//! in between loses one. There is one change at a time: what has happened meanwhile is decided afterwards, so the last one
//! tells the truth. A room without members counts as vacated only after a while. All of it is only for rooms that were told
//! that their tenant wants hooks. Who delivers them is the business of the tenant's object.

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use crate::limits::{ANNOUNCE_AGAIN_MS, ANNOUNCE_SELDOM_MS, VACATED_AFTER_MS};
use crate::protocol::time::{backoff, Timestamp};

/// What is stored of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Whether the tenant wants hooks.
    hooks: bool,
    /// How many changes there were. Rooms are vacant at first, so after an odd number the room is occupied.
    number: u64,
    /// When the last of them was decided.
    at: Timestamp,
    /// Whether the tenant has not noted it yet.
    owed: bool,
    /// Since when an occupied room has had no member.
    empty: Option<Timestamp>,
}

/// Whether the tenant knows who is there.
#[derive(Debug, Default)]
pub struct Occupancy {
    kept: Kept,
    stored: Kept,
    /// When the change that is owed was last announced, and how often.
    announced: Option<(Timestamp, u32)>,
}

impl Kept {
    fn is_occupied(self) -> bool {
        self.number % 2 == 1
    }
}

impl Occupancy {
    /// That of a room that was stored.
    pub fn restore(kept: Kept) -> Self {
        Self { kept, stored: kept, announced: None }
    }

    /// The tenant wants hooks, or none.
    pub fn obey(&mut self, hooks: bool) {
        let Kept { number, at, .. } = self.kept;
        if self.kept.hooks != hooks {
            self.kept = Kept { hooks, number, at, ..Kept::default() };
        }
    }

    /// The tenant has noted a change.
    pub fn noted(&mut self, number: u64) {
        if self.kept.number == number && self.kept.owed {
            self.kept.owed = false;
            self.announced = None;
        }
    }

    /// Whether the tenant knows that nobody is there, or does not want to.
    pub fn is_settled(&self) -> bool {
        !self.kept.hooks || (!self.kept.owed && !self.kept.is_occupied())
    }

    /// When the room has to wake for it. A change that is owed by a room that was just restored is announced `now`.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        match (self.kept.owed, self.announced) {
            (false, _) => self.kept.empty.map(|since| since.plus_ms(VACATED_AFTER_MS)),
            (true, None) => Some(now),
            (true, Some((at, times))) => Some(at.plus_ms(pause_ms(times))),
        }
    }

    /// The end of a turn: what has to be stored and announced.
    pub fn turn(&mut self, is_empty: bool, now: Timestamp) -> Vec<Effect> {
        if self.kept.hooks && !self.kept.owed {
            self.look(is_empty, now);
        }
        let mut effects = Vec::new();
        if self.kept != self.stored {
            self.stored = self.kept;
            effects.push(Effect::Occupy(self.kept));
        }
        if self.kept.owed && self.due(now).is_some_and(|due| due <= now) {
            self.announced = Some((now, self.announced.map_or(0, |(_, times)| times) + 1));
            let Kept { number, at, .. } = self.kept;
            effects.push(Effect::Announce { number, occupied: self.kept.is_occupied(), at });
        }
        effects
    }

    fn look(&mut self, is_empty: bool, now: Timestamp) {
        let kept = &mut self.kept;
        match (kept.is_occupied(), is_empty) {
            (true, true) => {
                let since = *kept.empty.get_or_insert(now);
                if now.ms_since(since) >= VACATED_AFTER_MS {
                    self.change(now);
                }
            }
            (false, false) => self.change(now),
            (true, false) | (false, true) => kept.empty = None,
        }
    }

    fn change(&mut self, at: Timestamp) {
        let number = self.kept.number + 1;
        self.kept = Kept { number, at, owed: true, empty: None, ..self.kept };
    }
}

/// Milliseconds after an announcement, when there were so many, until the next.
fn pause_ms(times: u32) -> u64 {
    backoff(ANNOUNCE_AGAIN_MS, times, ANNOUNCE_SELDOM_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_what_is_kept_is_unchanged() {
        let text = r#"{"hooks":true,"number":3,"at":7,"owed":false,"empty":9}"#;
        let kept: Kept = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&kept).unwrap(), text);
    }

    #[test]
    fn a_tenant_that_does_not_answer_is_told_more_and_more_seldom() {
        let pauses = [1, 2, 3, 100].map(pause_ms);
        assert_eq!(pauses, [5_000, 10_000, 20_000, ANNOUNCE_SELDOM_MS]);
    }
}
