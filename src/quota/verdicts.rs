//! What an isolate remembers for a moment: that a seat which counts no connections has let a token into a room. So whoever
//! comes back at once, or with several tabs, costs no second question.
//!
//! This lets nobody in who was revoked: the room is known to the seat, which tells it of revocations, and it refuses
//! whoever is on its way then ([`crate::room::Room::bars`]) for longer than an answer from before counts here.

use std::collections::HashMap;

use crate::limits::{LEASE_MS, REVOKE_AGAIN_MS, VERDICTS, VERDICT_MS, VOID_MS};
use crate::protocol::lease::Leased;
use crate::protocol::time::Timestamp;

/// Answers of seats, and when they were asked for.
#[derive(Debug, Default)]
pub struct Verdicts(HashMap<String, (Leased, Timestamp)>);

impl Verdicts {
    /// The answer to a question, if it still counts.
    pub fn get(&self, question: &str, now: Timestamp) -> Option<Leased> {
        let (leased, asked) = self.0.get(question)?;
        (now.ms_since(*asked) < VERDICT_MS).then_some(*leased)
    }

    /// Remembers an answer. `asked` is from before the question was sent.
    pub fn put(&mut self, question: String, leased: Leased, asked: Timestamp, now: Timestamp) {
        if self.0.len() >= VERDICTS {
            self.0.retain(|_, (_, asked)| now.ms_since(*asked) < VERDICT_MS);
        }
        if self.0.len() < VERDICTS {
            self.0.insert(question, (leased, asked));
        }
    }
}

// Whoever comes with an answer from before a revocation is too late when rooms have been told of it once more, and is refused
// until then by each room that was told at once.
const _: () = assert!(VERDICT_MS < LEASE_MS && LEASE_MS < REVOKE_AGAIN_MS && LEASE_MS < VOID_MS);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);
    const LEASED: Leased = Leased { at: NOW, life: NOW };

    #[test]
    fn an_answer_counts_for_a_moment() {
        let mut verdicts = Verdicts::default();
        verdicts.put("ada s-1".into(), LEASED, NOW, NOW.plus_ms(100));
        assert_eq!(verdicts.get("ada s-1", NOW.plus_ms(VERDICT_MS - 1)), Some(LEASED));
        assert_eq!(verdicts.get("ada s-1", NOW.plus_ms(VERDICT_MS)), None);
        assert_eq!(verdicts.get("ada s-2", NOW), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut verdicts = Verdicts::default();
        for number in 0..2 * VERDICTS {
            verdicts.put(number.to_string(), LEASED, NOW, NOW);
        }
        assert_eq!(verdicts.0.len(), VERDICTS);
        let later = NOW.plus_ms(VERDICT_MS);
        verdicts.put("later".into(), LEASED, later, later);
        assert_eq!((verdicts.0.len(), verdicts.get("later", later)), (1, Some(LEASED)));
    }
}
