//! What the posts of a trial cost a deployment, in the units that Cloudflare bills.
//!
//! The deployment counts them and reports them with each answer. The time awake is not visible from inside or
//! outside, so this module measures an upper bound of it. There are no prices here.

use std::ops::Sub;

use roomcast::protocol::cost::Cost;

/// What all posts so far have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bill {
    /// Posts that were answered with success or failure: requests to the Worker.
    pub(crate) posts: u64,
    /// The posts whose answers had the header.
    pub(crate) told: u64,
    /// The sum of what these headers say.
    pub(crate) counted: Cost,
}

impl Bill {
    /// A post was answered, perhaps with the header.
    pub(crate) fn answered(&mut self, header: Option<&str>) {
        self.posts += 1;
        self.told += u64::from(header.is_some());
        self.counted += Cost::from_header(header);
    }
}

impl Sub for Bill {
    type Output = Self;

    /// What was added since `earlier`.
    fn sub(self, earlier: Self) -> Self {
        let counted = self.counted - earlier.counted;
        Self { posts: self.posts - earlier.posts, told: self.told - earlier.told, counted }
    }
}

/// The time during which at least one post to a room was under way. It includes the way there and back, so the
/// room was awake for the posts no longer than this.
#[derive(Debug, Default)]
pub(crate) struct Awake {
    under_way: u32,
    since_us: u64,
    total_us: u64,
}

impl Awake {
    /// A post is sent.
    pub(crate) fn begin(&mut self, now_us: u64) {
        if self.under_way == 0 {
            self.since_us = now_us;
        }
        self.under_way += 1;
    }

    /// A post was answered, or has failed.
    pub(crate) fn end(&mut self, now_us: u64) {
        self.total_us = self.by(now_us);
        self.since_us = now_us;
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The time so far, in microseconds, as of `now_us`.
    pub(crate) fn by(&self, now_us: u64) -> u64 {
        let current = if self.under_way > 0 { now_us.saturating_sub(self.since_us) } else { 0 };
        self.total_us + current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_added_up() {
        let mut bill = Bill::default();
        bill.answered(Some("requests=2, bursts=1, rows-written=3, rows-read=4"));
        let begin = bill;
        bill.answered(Some("requests=1,later=9, rows-written=?"));
        bill.answered(None);
        let counted = Cost { requests: 1, ..Cost::default() };
        assert_eq!(bill - begin, Bill { posts: 2, told: 1, counted });
        assert_eq!((bill.counted.rows_written, bill.counted.rows_read), (3, 4));
    }

    #[test]
    fn time_with_several_posts_under_way_counts_once() {
        let mut awake = Awake::default();
        for at in [10, 20] {
            awake.begin(at);
        }
        assert_eq!(awake.by(25), 15);
        for at in [30, 50] {
            awake.end(at);
        }
        assert_eq!(awake.by(90), 40);
        awake.begin(100);
        awake.end(101);
        assert_eq!(awake.by(200), 41);
    }
}
