//! What a client checks that knows no positions: plain clients, and those with a wire of their own.
//!
//! Each update comes once, in order, only if the client may see it, and none is missing between two, unless later ones took its place.

use std::collections::BTreeSet;

use roomcast::protocol::ids::Seq;
use roomcast::room::view::View;

use crate::client::{conflated, History};

#[derive(Default)]
pub(crate) struct Tail {
    /// What it was sent on this connection.
    pub(crate) shown: BTreeSet<Seq>,
    /// The last update when it joined.
    head: Seq,
    last: Seq,
    /// Whether it has asked for the state, so that older updates may come once more.
    pub(crate) asked: bool,
}

impl Tail {
    pub(crate) fn from(head: Seq) -> Self {
        Self { head, ..Self::default() }
    }

    pub(crate) fn take(
        &mut self,
        seq: Seq,
        (view, user): (&View, &str),
        slow: bool,
        history: &History,
    ) {
        let entry = history.get(&seq);
        assert!(entry.is_some(), "{seq} is not stored");
        let sees = |entry: &roomcast::protocol::update::Entry| view.of(user).sees(entry.label());
        assert!(entry.is_some_and(sees), "{seq} is not for this client");
        let new = self.shown.insert(seq);
        if self.asked && !new {
            return;
        }
        assert!(new, "{seq} comes twice");
        assert!(self.asked || seq > self.last, "{seq} comes late, after {}", self.last);
        if seq > self.head.max(self.last) {
            let after = self.last.max(self.head) + 1;
            let since = history.range(after..).filter(|(_, entry)| sees(entry));
            let left = conflated(history, since.map(|(seq, _)| *seq));
            let missed = left.range(..seq).find(|other| !slow && !self.shown.contains(other));
            assert!(
                missed.is_none(),
                "{missed:?} was left out before {seq}, and nothing has taken its place"
            );
        }
        self.last = self.last.max(seq);
    }
}
