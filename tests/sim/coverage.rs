//! What was seen: which input met a room in which state, and which effects that had; and what seats did. Counted, not assumed.

use std::collections::BTreeMap;

use roomcast::room::ladder::Rung;
use roomcast::room::Effect;

use crate::world::World;

/// What a room was doing: who was there, and what it was waiting for.
pub(crate) type State = (&'static str, &'static str);

/// Inputs, and the effects that each must have had.
pub(crate) const EFFECTS: [(&str, &str); 69] = [
    ("A letter", "Send"),
    ("A letter", "SendToEach"),
    ("A letter", "Write"),
    ("Adopted", "Adopt"),
    ("Adopted", "Append"),
    ("Announced", "Occupy"),
    ("Connected", "Found"),
    ("Connected", "GatherPresence"),
    ("Connected", "Occupy"),
    ("Connected", "Remember"),
    ("Connected", "Replay"),
    ("Connected", "Send"),
    ("Connected", "WakeAt"),
    ("Connected", "nothing"),
    ("Disconnected", "GatherPresence"),
    ("Disconnected", "Left"),
    ("Disconnected", "WakeAt"),
    ("Fed on", "Adopt"),
    ("Fed on", "Append"),
    ("Fed on", "Broadcast"),
    ("Fed on", "Checkpoint"),
    ("Fed", "FeedLater"),
    ("Fed", "KeepTree"),
    ("Hungry", "KeepTree"),
    ("PaceElapsed", "Broadcast"),
    ("PaceElapsed", "Pace"),
    ("Placed", "KeepTree"),
    ("PresenceDue", "SendToEach"),
    ("Published", "Answer"),
    ("Published", "Append"),
    ("Published", "Broadcast"),
    ("Published", "Checkpoint"),
    ("Published", "Conflated"),
    ("Published", "Found"),
    ("Published", "OpenWindow"),
    ("Published", "Pace"),
    ("Published", "Remember conflated"),
    ("Published", "Send"),
    ("Published", "Slowed"),
    ("Published", "nothing"),
    ("Revoked", "Close"),
    ("Revoked", "Left"),
    ("Replied", "GatherPresence"),
    ("Replied", "Write"),
    ("Ruled", "Announce"),
    ("Ruled", "Close"),
    ("Ruled", "Retain"),
    ("SocketIo connects", "Replay"),
    ("SocketIo connects", "Send"),
    ("StatesDue", "Send"),
    ("Verified", "Send"),
    ("WindowElapsed", "Answer"),
    ("WindowElapsed", "Append"),
    ("WindowElapsed", "Broadcast"),
    ("WindowElapsed", "nothing"),
    ("Woken", "Announce"),
    ("Woken", "AskParent"),
    ("Woken", "Close"),
    ("Woken", "End"),
    ("Woken", "KeepTree"),
    ("Woken", "Left"),
    ("Woken", "WakeAt"),
    ("a bad frame", "Send"),
    ("ack", "Remember"),
    ("auth.refresh", "Verify"),
    ("pace", "Send"),
    ("request.state", "OweStates"),
    ("subscribe", "Send"),
    ("unsubscribe", "Send"),
];

/// Inputs, and the states of the room that each must have met.
pub(crate) const STATES: [(&str, &str); 24] = [
    ("A letter", "asleep"),
    ("Announced", "asleep"),
    ("Connected", "a window"),
    ("Connected", "a write under way"),
    ("Connected", "asleep"),
    ("Connected", "not begun"),
    ("Connected", "presence gathered"),
    ("Connected", "updates held back"),
    ("Disconnected", "presence gathered"),
    ("Disconnected", "updates held back"),
    ("Fed on", "not begun"),
    ("Fed on", "updates held back"),
    ("Hungry", "resting"),
    ("Present", "a window"),
    ("Present", "asleep"),
    ("Published", "a state owed"),
    ("Published", "a window"),
    ("Published", "a write under way"),
    ("Published", "asleep"),
    ("Published", "updates held back"),
    ("Replied", "presence gathered"),
    ("Revoked", "asleep"),
    ("Ruled", "a window"),
    ("Woken", "asleep"),
];

/// What seats must have done.
pub(crate) const STEPS: [&str; 4] = ["asks", "full", "granted", "waits"];

#[derive(Debug, Default, Clone)]
pub(crate) struct Coverage {
    pub(crate) seen: BTreeMap<(&'static str, State, &'static str), u64>,
    pub(crate) seats: BTreeMap<&'static str, u64>,
}

pub(crate) fn state(world: &World, pending: bool) -> State {
    let members = if world.members.is_empty() { "nobody" } else { "members" };
    let busy = if world.window.is_some() {
        "a window"
    } else if world.states.is_some() {
        "a state owed"
    } else if !world.asked.is_empty() {
        "a token asked about"
    } else if !world.paces.is_empty() {
        "updates held back"
    } else if world.gathering.is_some() {
        "presence gathered"
    } else if pending {
        "a write under way"
    } else if world.runner.head().is_some() {
        "resting"
    } else if world.disk.has_begun() {
        "asleep"
    } else {
        "not begun"
    };
    (members, busy)
}

impl Coverage {
    /// Counts a turn.
    pub(crate) fn turn(&mut self, input: &'static str, state: State, effects: &[Effect]) {
        if effects.is_empty() {
            *self.seen.entry((input, state, "nothing")).or_default() += 1;
        }
        for effect in effects {
            *self.seen.entry((input, state, name(effect))).or_default() += 1;
        }
    }

    pub(crate) fn seat(&mut self, step: &'static str) {
        *self.seats.entry(step).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.seen {
            *self.seen.entry(*what).or_default() += count;
        }
        for (what, count) in &other.seats {
            *self.seats.entry(*what).or_default() += count;
        }
    }

    /// How often an input had an effect, in any state; or met a state, whatever came of it.
    pub(crate) fn count(&self, input: &str, state: Option<&str>, effect: Option<&str>) -> u64 {
        let wanted = |(own, (_, busy), seen): &&(&str, State, &str)| {
            *own == input
                && state.is_none_or(|state| state == *busy)
                && effect.is_none_or(|effect| effect == *seen)
        };
        let found = self.seen.keys().filter(wanted);
        found.filter_map(|what| self.seen.get(what)).sum()
    }

    /// The tables: inputs by effects, and inputs by states.
    pub(crate) fn table(&self) -> String {
        let effects = table(
            self.seen
                .iter()
                .map(|((input, _, effect), count)| (*input, (*effect).to_owned(), *count)),
        );
        let states = table(self.seen.iter().map(|((input, (members, busy), _), count)| {
            (*input, format!("{members}, {busy}"), *count)
        }));
        let seats: Vec<String> =
            self.seats.iter().map(|(step, count)| format!("{step} {count}")).collect();
        format!(
            "effects of each input\n{effects}\nstates that each input met\n{states}\nsteps of seats: {}\n{} transitions of input, state and effect\n",
            seats.join(", "),
            self.seen.len()
        )
    }
}

fn table(counts: impl Iterator<Item = (&'static str, String, u64)>) -> String {
    let mut rows = BTreeMap::<&str, BTreeMap<String, u64>>::new();
    for (row, cell, count) in counts {
        *rows.entry(row).or_default().entry(cell).or_default() += count;
    }
    let line = |(row, cells): (&str, BTreeMap<String, u64>)| {
        let cells: Vec<String> =
            cells.into_iter().map(|(cell, count)| format!("{cell} {count}")).collect();
        format!("  {row:<18} {}\n", cells.join("; "))
    };
    rows.into_iter().map(line).collect()
}

fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Found(_) => "Found",
        Effect::Append { .. } => "Append",
        Effect::Checkpoint(_) => "Checkpoint",
        Effect::Remember { member, .. } => match member.view.rung {
            Rung::All => "Remember",
            Rung::Conflated => "Remember conflated",
            Rung::Held => "Remember held",
        },
        Effect::Enter { .. } => "Enter",
        Effect::Send { .. } => "Send",
        Effect::SendToEach { .. } => "SendToEach",
        Effect::Broadcast { .. } => "Broadcast",
        Effect::Replay { .. } => "Replay",
        Effect::Refresh { .. } => "Refresh",
        Effect::Close { .. } => "Close",
        Effect::Left { .. } => "Left",
        Effect::Answer { .. } => "Answer",
        Effect::OpenWindow { .. } => "OpenWindow",
        Effect::OweStates { .. } => "OweStates",
        Effect::Pace { .. } => "Pace",
        Effect::GatherPresence { .. } => "GatherPresence",
        Effect::Verify { .. } => "Verify",
        Effect::Conflated { .. } => "Conflated",
        Effect::Slowed { .. } => "Slowed",
        Effect::WakeAt(_) => "WakeAt",
        Effect::Retain { .. } => "Retain",
        Effect::Occupy(_) => "Occupy",
        Effect::Announce { .. } => "Announce",
        Effect::Feed { .. } => "Feed",
        Effect::Write { .. } => "Write",
        Effect::FeedLater { .. } => "FeedLater",
        Effect::AskParent => "AskParent",
        Effect::Adopt(_) => "Adopt",
        Effect::KeepTree(_) => "KeepTree",
        Effect::End => "End",
        Effect::AskPings => "AskPings",
        Effect::Abort => "Abort",
    }
}
