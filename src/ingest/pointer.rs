//! Where the sessions of aggregates are remembered: which of a tenant's pointer objects, under which name.
//!
//! A tenant has a fixed number of such objects and not one per aggregate, so that a post which names many
//! aggregates, known or not, asks few objects and leaves no trace of names that nothing was ever learned for.

use std::hash::Hasher as _;

use percent_encoding::{utf8_percent_encode, NON_ALPHANUMERIC};
use siphasher::sip::SipHasher13;

use super::event::Aggregate;
use crate::protocol::ids::TenantName;

/// Pointer objects of a tenant. A format: with another number, what was learned is looked for elsewhere.
const SHARDS: u64 = 32;

/// The name of an aggregate within its object. Its parts are encoded, so that none reaches into the next.
pub fn name(aggregate: &Aggregate) -> String {
    let part = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    format!("{}/{}", part(&aggregate.kind), part(&aggregate.id))
}

/// The name of the object that remembers the aggregate of this name.
pub fn object(tenant: &TenantName, name: &str) -> String {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(name.as_bytes());
    format!("{tenant}/pointers-{}", hasher.finish() % SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &str, id: &str) -> String {
        name(&Aggregate { kind: kind.into(), id: id.into() })
    }

    #[test]
    fn a_part_of_a_name_cannot_reach_into_the_next() {
        assert_ne!(named("a/b", "c"), named("a", "b/c"));
        assert_eq!(named("Cycle", "c:1"), "Cycle/c%3A1");
    }

    #[test]
    fn where_an_aggregate_is_remembered_is_unchanged() {
        let tenant = "demo".parse().unwrap();
        let objects = ["c-1", "c-2", "c-3"].map(|id| object(&tenant, &named("Cycle", id)));
        assert_eq!(objects, ["demo/pointers-23", "demo/pointers-19", "demo/pointers-8"]);
    }

    #[test]
    fn aggregates_are_spread_over_the_objects() {
        let tenant = "demo".parse().unwrap();
        let names = (0..1_000).map(|id| object(&tenant, &named("Cycle", &format!("c-{id}"))));
        let objects: std::collections::BTreeSet<_> = names.collect();
        assert_eq!(objects.len() as u64, SHARDS);
    }
}
