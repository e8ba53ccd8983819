//! Signals on their way through the objects of a room: each object passes them on to all its neighbours but the one from which they come.
//!
//! A tree has no circles, so each object gets a signal once. A signal that is lost on its way is lost: nobody writes it again.

use super::letters::{Letter, Signal};
use super::Tree;
use crate::protocol::relay::RelayName;
use crate::protocol::time::Timestamp;
use crate::room::members::Members;
use crate::room::Effect;

/// A signal to be passed on, and the neighbour from which it has come, if it is not one of a member.
pub(in crate::room) type Passing = (Option<Option<RelayName>>, Signal);

impl Members {
    /// Takes a signal from a neighbour: shows it to the members who see it, and passes it on.
    pub(super) fn pass_on(&mut self, signal: Signal, now: Timestamp) -> Vec<Effect> {
        let effects = self.show_signal(&signal, now);
        self.passing.push((Some(signal.from), signal));
        effects
    }

    /// The end of a turn: passes on what members have signalled, or neighbours.
    pub(super) fn pass_signals(&mut self, tree: &Tree, effects: &mut Vec<Effect>) {
        for (from, signal) in std::mem::take(&mut self.passing) {
            let others = tree.neighbours().filter(|place| Some(*place) != from);
            // Nobody waits for the answer, so the letter has no number.
            let to: Vec<_> = others.map(|place| (place, 0)).collect();
            if !to.is_empty() {
                let letter = Letter::Signal(Signal { from: tree.place, ..signal });
                effects.push(Effect::Write { to, letter });
            }
        }
    }
}

impl Tree {
    /// The objects above and below it; `None` is the root.
    fn neighbours(&self) -> impl Iterator<Item = Option<RelayName>> + '_ {
        let above = self.place.map(RelayName::parent).into_iter();
        above.chain(self.children.relays().map(Some))
    }
}
