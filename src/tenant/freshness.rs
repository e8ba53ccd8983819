//! How long a front Worker may use a tenant's document that it has read. A change takes effect everywhere within
//! [`TENANT_STALE_MS`], because nobody uses an older copy without asking the tenant's object.

use crate::limits::{TENANT_FRESH_MS, TENANT_STALE_MS};
use crate::protocol::time::Timestamp;

/// What to do with a copy of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and ask in the background whether it has changed.
    Aging,
    /// Ask before it is used.
    Stale,
}

/// What to do with a copy that was last compared with the tenant's object at `checked`.
pub fn freshness(checked: Timestamp, now: Timestamp) -> Freshness {
    match now.ms_since(checked) {
        age if age < TENANT_FRESH_MS => Freshness::Fresh,
        age if age < TENANT_STALE_MS => Freshness::Aging,
        _ => Freshness::Stale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_copy_is_used_for_longer_than_a_change_may_take() {
        let checked = Timestamp(1_767_780_000_000);
        let after = |ms| freshness(checked, checked.plus_ms(ms));
        assert_eq!(after(0), Freshness::Fresh);
        assert_eq!(after(TENANT_FRESH_MS), Freshness::Aging);
        assert_eq!(after(TENANT_STALE_MS - 1), Freshness::Aging);
        assert_eq!(after(TENANT_STALE_MS), Freshness::Stale);
        const { assert!(TENANT_FRESH_MS < TENANT_STALE_MS && TENANT_STALE_MS <= 30_000) };
    }
}
