//! What an isolate remembers for a moment: that a seat which counts no connections has let a token into a room. So whoever
//! comes back at once, or with several tabs, costs no second question.
//!
//! This lets nobody in who was revoked: the room is known to the seat, which tells it of revocations, and it refuses
//! whoever is on its way then ([`crate::room::Room::bars`]) for longer than an answer from before counts here.

use std::collections::HashMap;

use crate::limits::{LEASE_MS, REVOKE_AGAIN_MS, VERDICTS, VERDICT_MS, VOID_MS};
use crate::protocol::ids::TenantName;
use crate::protocol::lease::Leased;
use crate::protocol::time::Timestamp;

/// Answers of seats, and when they were asked for. Each tenant has its own, so that none can take the place of another's.
#[derive(Debug, Default)]
pub struct Verdicts(HashMap<TenantName, HashMap<String, (Leased, Timestamp)>>);

impl Verdicts {
    /// The answer to a question, if it still counts.
    pub fn get(&self, tenant: &TenantName, question: &str, now: Timestamp) -> Option<Leased> {
        let (leased, asked) = self.0.get(tenant)?.get(question)?;
        (now.ms_since(*asked) < VERDICT_MS).then_some(*leased)
    }

    /// Remembers an answer. `asked` is from before the question was sent.
    pub fn put(
        &mut self,
        tenant: &TenantName,
        question: String,
        (leased, asked): (Leased, Timestamp),
        now: Timestamp,
    ) {
        let own = self.0.entry(tenant.clone()).or_default();
        if own.len() >= VERDICTS {
            own.retain(|_, (_, asked)| now.ms_since(*asked) < VERDICT_MS);
        }
        if own.len() < VERDICTS {
            own.insert(question, (leased, asked));
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
    const LEASED: Leased = Leased { at: NOW, life: NOW, late: false };

    fn tenant(name: &str) -> TenantName {
        name.parse().unwrap()
    }

    #[test]
    fn an_answer_counts_for_a_moment() {
        let (mut verdicts, acme) = (Verdicts::default(), tenant("acme"));
        verdicts.put(&acme, "ada s-1".into(), (LEASED, NOW), NOW.plus_ms(100));
        let get = |question, ms| verdicts.get(&acme, question, NOW.plus_ms(ms));
        assert_eq!(get("ada s-1", VERDICT_MS - 1), Some(LEASED));
        assert_eq!(get("ada s-1", VERDICT_MS), None);
        assert_eq!(get("ada s-2", 0), None);
        assert_eq!(verdicts.get(&tenant("other"), "ada s-1", NOW), None);
    }

    #[test]
    fn what_is_remembered_of_a_tenant_is_bounded_and_takes_no_place_of_another() {
        let (mut verdicts, acme, other) = (Verdicts::default(), tenant("acme"), tenant("other"));
        for number in 0..2 * VERDICTS {
            verdicts.put(&acme, number.to_string(), (LEASED, NOW), NOW);
        }
        assert_eq!(verdicts.0[&acme].len(), VERDICTS);
        verdicts.put(&other, "0".into(), (LEASED, NOW), NOW);
        assert_eq!(verdicts.get(&other, "0", NOW), Some(LEASED));
        let later = NOW.plus_ms(VERDICT_MS);
        verdicts.put(&acme, "later".into(), (LEASED, later), later);
        let known = verdicts.get(&acme, "later", later);
        assert_eq!((verdicts.0[&acme].len(), known), (1, Some(LEASED)));
    }
}
