//! The state: the shortest list of updates that rebuilds what a dashboard shows.
//!
//! Updates with different labels are on different shelves, so an update never replaces one that others see. When the state
//! is too large, the largest shelf loses its oldest update: a shelf that takes no more than its share loses nothing to
//! updates that its readers cannot see.

use std::cmp::Reverse;
use std::rc::Rc;

use super::outgoing::Slice;
use super::row::empty_bytes;
use super::shelf::{Kept, Shelf};
use super::view::Viewer;
use crate::limits::EMPTY_SHELVES_BYTES;
use crate::protocol::ids::Seq;
use crate::protocol::label::Label;
use crate::protocol::pattern::Pattern;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Entry;

/// The folded state of a room.
#[derive(Debug, Default)]
pub struct State {
    /// The shelves, sorted by label.
    shelves: Vec<Shelf>,
    /// Bytes that the updates of all shelves take in a row.
    bytes: usize,
    /// Bytes that the shelves without updates take in a row.
    empty_bytes: usize,
    /// The highest last number of the shelves that were forgotten.
    forgotten: Seq,
}

/// One update of the state.
#[derive(Debug, Clone, Copy)]
pub struct Held<'s> {
    /// Its number.
    pub seq: Seq,
    /// Its label.
    pub label: Label<'s>,
    /// Its key and encoding.
    pub kept: &'s Kept,
}

impl From<Held<'_>> for Slice {
    fn from(Held { seq, kept, .. }: Held<'_>) -> Self {
        Self { seq, parts: kept.parts, text: kept.text.clone() }
    }
}

impl State {
    /// A state without updates, as a checkpoint describes it: with the shelves whose last updates are not in it.
    pub fn restore(forgotten: Seq, empty: impl IntoIterator<Item = Shelf>) -> Self {
        let mut state = Self { forgotten, ..Self::default() };
        for shelf in empty {
            // Of two with the same label, which nobody writes, the first counts.
            if let Err(place) = state.place(shelf.label()) {
                state.empty_bytes += idle_bytes(&shelf);
                state.shelves.insert(place, shelf);
            }
        }
        state
    }

    /// Adds the update `seq`. Its entry says how many updates of its key stay. If the state then takes more than `limit`
    /// bytes as stored, the largest shelf loses its oldest updates, whatever their keys. The update itself stays.
    pub fn apply(&mut self, seq: Seq, entry: &Entry, text: impl Into<Rc<str>>, limit: usize) {
        let text = text.into();
        self.drop_keys(entry);
        self.on_shelf(entry.label(), |shelf| shelf.apply(seq, entry, text));
        while self.bytes > limit && self.drop_oldest(seq) {}
        self.forget_shelves();
    }

    /// Adds an update and removes none. For updates of a checkpoint.
    pub fn insert(&mut self, seq: Seq, entry: &Entry, text: impl Into<Rc<str>>) {
        let text = text.into();
        self.on_shelf(entry.label(), |shelf| shelf.insert(seq, entry, text));
    }

    /// The latest update with this label and key, and when its event occurred; `None` if the key is not ordered by that
    /// time.
    pub fn latest(&self, label: Label<'_>, key: &str) -> Option<(Seq, Timestamp)> {
        self.shelves.get(self.place(label).ok()?)?.latest(key)
    }

    /// The updates that the viewer sees, in the order of their numbers.
    pub fn seen_by(&self, viewer: Viewer<'_>) -> Vec<Held<'_>> {
        self.filtered(&|label| viewer.sees(label))
    }

    /// The updates with the labels for which `predicate` is true, in the order of their numbers.
    pub fn filtered(&self, predicate: &dyn Fn(Label<'_>) -> bool) -> Vec<Held<'_>> {
        let mut shown = Vec::new();
        for shelf in self.shelves.iter().filter(|shelf| predicate(shelf.label())) {
            let label = shelf.label();
            shown.extend(shelf.updates().map(|(seq, kept)| Held { seq, label, kept }));
        }
        // Already sorted if there is one shelf. Otherwise there is one sorted run per shelf, for which this sort is fast.
        shown.sort_by_key(|held| held.seq);
        shown
    }

    /// Bytes of the updates that the viewer sees.
    pub fn bytes_seen_by(&self, viewer: Viewer<'_>) -> usize {
        let seen = self.shelves.iter().filter(|shelf| viewer.sees(shelf.label()));
        seen.map(Shelf::bytes).sum()
    }

    /// The number of the last update that the viewer sees, even if that is no longer in the state. 0 if there was none.
    pub fn last_seen_by(&self, viewer: Viewer<'_>) -> Seq {
        let seen = self.shelves.iter().filter(|shelf| viewer.sees(shelf.label()));
        seen.map(Shelf::last).max().unwrap_or(0)
    }

    /// Whether [`State::last_seen_by`] is certain about what came after `seq`.
    pub fn is_sure_since(&self, seq: Seq) -> bool {
        seq >= self.forgotten
    }

    /// Whether an update is for this user by name.
    pub fn names(&self, user: &str) -> bool {
        let mut audiences = self.shelves.iter().filter_map(|shelf| shelf.label().audience);
        audiences.any(|audience| audience.users.iter().any(|one| one == user))
    }

    /// All updates, in the order of their numbers.
    pub fn updates(&self) -> Vec<Held<'_>> {
        self.filtered(&|_| true)
    }

    /// The shelves whose last update is not in the state. The updates of a checkpoint do not tell its number.
    pub fn without_last(&self) -> impl Iterator<Item = &Shelf> {
        self.shelves.iter().filter(|shelf| !shelf.has_last())
    }

    /// The shelves without updates.
    fn empty(&self) -> impl Iterator<Item = &Shelf> {
        self.shelves.iter().filter(|shelf| shelf.is_empty())
    }

    /// The highest last number of the shelves that were forgotten.
    pub fn forgotten(&self) -> Seq {
        self.forgotten
    }

    fn place(&self, label: Label<'_>) -> Result<usize, usize> {
        self.shelves.binary_search_by(|shelf| shelf.label().cmp(&label))
    }

    fn on_shelf(&mut self, label: Label<'_>, act: impl FnOnce(&mut Shelf)) {
        let place = self.place(label);
        if let Err(place) = place {
            let new = Shelf::empty(label.to_owned(), 0);
            self.empty_bytes += idle_bytes(&new);
            self.shelves.insert(place, new);
        }
        let (Ok(place) | Err(place)) = place;
        self.change(place, act);
    }

    fn change(&mut self, place: usize, act: impl FnOnce(&mut Shelf)) {
        let Some(changed) = self.shelves.get_mut(place) else { return };
        let (bytes, idle) = (changed.bytes(), idle_bytes(changed));
        act(changed);
        self.bytes = self.bytes - bytes + changed.bytes();
        self.empty_bytes = self.empty_bytes - idle + idle_bytes(changed);
    }

    /// Removes the updates whose keys an entry drops, from the shelves that nobody sees who does not see the entry.
    fn drop_keys(&mut self, entry: &Entry) {
        for drop in &entry.drops {
            let pattern = Pattern(drop.clone());
            let covered = |shelf: &Shelf| entry.label().covers(shelf.label());
            let shelves = self.shelves.iter().enumerate();
            let places: Vec<_> =
                shelves.filter(|(_, shelf)| covered(shelf)).map(|(place, _)| place).collect();
            for place in places {
                self.change(place, |shelf| shelf.remove_keys(&pattern));
            }
        }
    }

    /// Removes the oldest update of the largest shelf, unless that is the update `latest`. Returns whether there was one.
    fn drop_oldest(&mut self, latest: Seq) -> bool {
        let others =
            |(_, shelf): &(usize, &Shelf)| shelf.oldest().is_some_and(|oldest| oldest != latest);
        // Of shelves of the same size, the one with the oldest update.
        let size = |(_, shelf): &(usize, &Shelf)| (shelf.bytes(), Reverse(shelf.oldest()));
        let largest = self.shelves.iter().enumerate().filter(others).max_by_key(size);
        let Some((place, _)) = largest else { return false };
        self.change(place, Shelf::remove_oldest);
        true
    }

    /// Forgets the shelves that have been empty for longest, if they take too many bytes.
    fn forget_shelves(&mut self) {
        while self.empty_bytes > EMPTY_SHELVES_BYTES {
            let Some(oldest) = self.empty().map(Shelf::last).min() else { return };
            let mut freed = 0;
            self.shelves.retain(|shelf| {
                let stays = !shelf.is_empty() || shelf.last() > oldest;
                freed += if stays { 0 } else { empty_bytes(shelf) };
                stays
            });
            self.empty_bytes -= freed;
            self.forgotten = self.forgotten.max(oldest);
        }
    }
}

/// Bytes that a shelf takes in a row although it has no updates.
fn idle_bytes(shelf: &Shelf) -> usize {
    if shelf.is_empty() {
        empty_bytes(shelf)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::CheckpointRow;
    use super::super::seen::Leaving;
    use super::super::view::View;
    use super::*;
    use crate::protocol::dialect::Dialect;
    use crate::protocol::topics::Topics;

    const ROOMY: usize = 10_000;

    fn entry(key: &str, keep: usize) -> Entry {
        Entry { keep, ..Entry::new(key.into(), 0) }
    }

    fn about(topic: &str, key: &str) -> Entry {
        Entry { topic: Some(topic.into()), ..entry(key, 1) }
    }

    fn view(topics: &[&str]) -> View {
        let topics = Topics::parse(topics.iter().copied()).unwrap();
        View { topics, ..View::of_all(Dialect::V1) }
    }

    fn seqs(state: &State) -> Vec<Seq> {
        state.updates().iter().map(|held| held.seq).collect()
    }

    fn seen(state: &State, topics: &[&str]) -> Vec<Seq> {
        state.seen_by(view(topics).of_group()).iter().map(|held| held.seq).collect()
    }

    fn row(state: &State) -> CheckpointRow {
        CheckpointRow::of(state, 1, 1, Leaving::default())
    }

    fn row_bytes(state: &State) -> usize {
        row(state).body.len() + row(state).meta.len()
    }

    #[test]
    fn the_latest_update_of_a_key_replaces_the_previous_one() {
        let mut state = State::default();
        state.apply(1, &entry("a", 1), "one", ROOMY);
        state.apply(2, &entry("b", 1), "two", ROOMY);
        state.apply(3, &entry("a", 1), "three", ROOMY);
        assert_eq!(row(&state).body, "two,three");
    }

    #[test]
    fn a_key_keeps_as_many_updates_as_its_entry_says() {
        let mut state = State::default();
        for seq in 1..=5 {
            state.apply(seq, &entry("messages", 3), "m", ROOMY);
        }
        assert_eq!(seqs(&state), [3, 4, 5]);
        state.apply(6, &entry("messages", 1), "m", ROOMY);
        assert_eq!(seqs(&state), [6], "a smaller number counts from then on");
    }

    #[test]
    fn the_oldest_updates_leave_first_beyond_the_limit() {
        let mut state = State::default();
        for (seq, key) in [(1, "a"), (2, "b"), (3, "c")] {
            state.apply(seq, &entry(key, 1), "12345", 90);
        }
        assert_eq!(seqs(&state), [2, 3]);
        state.apply(4, &entry("d", 1), "longer than the limit".repeat(9), 90);
        assert_eq!(seqs(&state), [4], "the latest always stays");
    }

    #[test]
    fn an_update_replaces_none_with_another_label() {
        let mut state = State::default();
        state.apply(1, &about("a", "k"), "one", ROOMY);
        state.apply(2, &about("b", "k"), "two", ROOMY);
        state.apply(3, &entry("k", 1), "three", ROOMY);
        assert_eq!((seqs(&state), seen(&state, &["a"])), (vec![1, 2, 3], vec![1, 3]));
    }

    #[test]
    fn a_shelf_that_takes_no_more_than_its_share_loses_nothing_to_others() {
        let mut state = State::default();
        state.apply(1, &about("small", "k"), "12345", 400);
        for seq in 2..50 {
            state.apply(seq, &about("large", &format!("k-{seq}")), "12345", 400);
        }
        assert_eq!(seen(&state, &["small"]), [1]);
        assert!(seen(&state, &["large"]).len() < 10);
    }

    #[test]
    fn the_last_number_of_a_topic_is_remembered_though_its_updates_are_gone() {
        let mut state = State::default();
        state.apply(1, &about("gone", "k"), "x".repeat(300), 400);
        state.apply(2, &about("new", "k"), "x".repeat(300), 400);
        let restored = row(&state).state().unwrap();
        for state in [&state, &restored] {
            assert_eq!(seqs(state), [2]);
            assert_eq!(state.last_seen_by(view(&["gone"]).of_group()), 1);
            assert_eq!(state.last_seen_by(view(&["other"]).of_group()), 0);
            assert!(state.is_sure_since(0));
        }
    }

    #[test]
    fn forgotten_topics_are_known_to_be_forgotten() {
        let mut state = State::default();
        for seq in 1..=5_000 {
            state.apply(seq, &about(&format!("topic-{seq}"), "k"), "12345", 400);
        }
        let restored = row(&state).state().unwrap();
        for state in [&state, &restored] {
            assert!(state.empty().map(empty_bytes).sum::<usize>() <= EMPTY_SHELVES_BYTES);
            assert!(state.forgotten() > 1_000 && !state.is_sure_since(state.forgotten() - 1));
            assert_eq!(state.last_seen_by(view(&["topic-1"]).of_group()), 0);
            assert_eq!(state.last_seen_by(view(&["topic-4900"]).of_group()), 4_900);
        }
        assert_eq!(row(&restored), row(&state));
    }

    #[test]
    fn topics_whose_updates_are_not_kept_are_forgotten_too() {
        let mut state = State::default();
        for seq in 1..=5_000 {
            let entry = Entry { keep: 0, ..about(&format!("topic-{seq}"), "k") };
            state.apply(seq, &entry, "12345", ROOMY);
            let idle: usize = state.empty().map(empty_bytes).sum();
            assert!(idle == state.empty_bytes && idle <= EMPTY_SHELVES_BYTES);
        }
        assert!(state.forgotten() > 1_000 && state.bytes == 0);
    }

    #[test]
    fn keys_count_with_their_escapes() {
        let mut state = State::default();
        for seq in 0..200 {
            let key = format!("%25\u{1}\"é{seq}").repeat(9);
            state.apply(seq, &entry(&key, 1), "{}", ROOMY);
            assert!(row_bytes(&state) <= ROOMY + 20, "{}", row_bytes(&state));
        }
        assert!(row_bytes(&state) > ROOMY * 9 / 10, "and the limit is reached");
    }

    #[test]
    fn a_removed_update_frees_its_bytes() {
        let mut state = State::default();
        for seq in 0..1_000 {
            let entry = if seq % 2 == 0 { entry("k", 1) } else { about("t", "k") };
            state.apply(seq, &entry, "12345", ROOMY);
        }
        assert_eq!(state.bytes + r#"{"entries":}"#.len(), row_bytes(&state));
    }
}
