//! Which of a tenant's pointer objects remembers the session of an aggregate, and under which name.
//!
//! A tenant has a fixed number of pointer objects and not one per aggregate. A post that names many aggregates,
//! known or not, therefore asks few objects, and a name for which nothing was learned leaves nothing behind.

use std::hash::Hasher as _;

use percent_encoding::{utf8_percent_encode, NON_ALPHANUMERIC};
use siphasher::sip::SipHasher13;

use crate::preset::event::Aggregate;
use crate::protocol::ids::TenantName;

/// The number of pointer objects of a tenant. It must not change: with another number, sessions that were learned
/// would be looked for in the wrong objects.
const SHARDS: u64 = 32;

/// The name of an aggregate within its object. Its parts are encoded, so that no two aggregates share a name.
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

/// The names of all pointer objects of a tenant.
pub fn objects(tenant: &TenantName) -> impl Iterator<Item = String> + use<> {
    let tenant = tenant.clone();
    (0..SHARDS).map(move |shard| format!("{tenant}/pointers-{shard}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &str, id: &str) -> String {
        name(&Aggregate { kind: kind.into(), id: id.into() })
    }

    #[test]
    fn no_two_aggregates_share_a_name() {
        assert_ne!(named("a/b", "c"), named("a", "b/c"));
        assert_eq!(named("Cycle", "c:1"), "Cycle/c%3A1");
    }

    #[test]
    fn the_object_that_remembers_an_aggregate_is_unchanged() {
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
