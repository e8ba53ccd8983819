//! A correct client: it follows its position and fails the test on a gap or a duplicate.
//!
//! It is stricter than a real client. A real client may skip updates that it has already, but here they are an error. It is
//! told what the room has stored, and checks that it is sent exactly what its view shows of that.

use std::collections::{BTreeMap, BTreeSet};

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::follow::{Follower, Heard, Step};
use roomcast::protocol::ids::{Position, Seq};
use roomcast::protocol::label::Label;
use roomcast::protocol::pattern::Pattern;
use roomcast::protocol::server_frame::Recovery;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::{Permissions, Topics};
use roomcast::protocol::update::Entry;
use roomcast::room::view::{View, Viewer};
use serde_json::Value;

pub(crate) struct Client {
    /// What it should see.
    pub(crate) view: View,
    pub(crate) user: String,
    pub(crate) pinged: Option<Timestamp>,
    /// Whether it was ever sent conflated frames because it did not keep up.
    pub(crate) slow: bool,
    /// Whether it is at the far end of a connection: somebody else takes what it is sent.
    pub(crate) remote: bool,
    /// Every frame, in order.
    pub(crate) frames: Vec<Value>,
    /// The ids of the events whose updates it has applied since it connected, in order.
    pub(crate) applied: Vec<String>,
    /// The numbers of the updates that it shows.
    pub(crate) shown: BTreeSet<Seq>,
    follower: Follower,
    /// The last position to which frames brought it, and not one that a test has made up.
    reached: Option<Position>,
    /// The head in `connected`, which the client must reach.
    promised: Option<Position>,
    /// A state has been announced. Until it comes, the client has no valid position.
    awaits_state: bool,
    /// The permissions of its new token, until it knows whether that is accepted.
    hopes: Option<Permissions>,
    /// The permissions that it has from the next state on. Until then, what it shows may be incomplete.
    granted: Option<Permissions>,
}

impl Client {
    pub(crate) fn new(dialect: Dialect, resume: Option<&Position>) -> Self {
        Self::of(View::of_all(dialect), "ada", resume)
    }

    pub(crate) fn of(view: View, user: &str, resume: Option<&Position>) -> Self {
        Self {
            view,
            user: user.to_owned(),
            pinged: None,
            slow: false,
            remote: false,
            frames: Vec::new(),
            applied: Vec::new(),
            shown: BTreeSet::new(),
            follower: Follower::new(resume.cloned()),
            reached: None,
            promised: None,
            awaits_state: false,
            hopes: None,
            granted: None,
        }
    }

    /// Tells the client the permissions of the token that it has sent. A real client knows its token.
    pub(crate) fn hopes_for(&mut self, permissions: Permissions) {
        self.hopes = Some(permissions);
    }

    /// The position to resume from.
    pub(crate) fn position(&self) -> Position {
        self.try_position().unwrap()
    }

    /// The position to resume from, if it has one.
    pub(crate) fn try_position(&self) -> Option<Position> {
        let complete = !self.awaits_state && self.granted.is_none();
        self.follower.position().filter(|_| complete).cloned()
    }

    /// The last update that it has, whether or not it may show all of them yet.
    pub(crate) fn last_seq(&self) -> Option<Seq> {
        self.follower.position().map(|position| position.seq)
    }

    /// The same client on its next connection, with its position and what it has applied.
    pub(crate) fn again(self) -> Self {
        let follower = Follower::new(self.try_position());
        let permissions = self.granted.unwrap_or(self.view.permissions);
        let next = Self::of(View { permissions, ..self.view }, &self.user, None);
        let (applied, shown, reached) = (self.applied, self.shown, self.reached);
        Self { applied, shown, follower, reached, ..next }
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.view.dialect
    }

    pub(crate) fn viewer(&self) -> Viewer<'_> {
        self.view.of(&self.user)
    }

    /// Changes its topics, and forgets what it no longer sees.
    pub(crate) fn change_topics(&mut self, topics: Topics, history: &History) {
        self.view.topics = topics;
        let viewer = self.view.of(&self.user);
        self.shown.retain(|seq| history.get(seq).is_some_and(|entry| viewer.sees(entry.label())));
    }

    pub(crate) fn types(&self) -> Vec<&str> {
        self.frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
    }

    pub(crate) fn receive(&mut self, text: &str, durable: Seq, history: &History) {
        let frame: Value = serde_json::from_str(text).unwrap();
        if let Dialect::Json(_) = self.dialect() {
            // Its frames say neither numbers nor positions: the test looks at them.
            self.frames.push(frame);
            return;
        }
        let kind = frame["type"].as_str().unwrap();
        assert!(KNOWN.contains(&kind), "not a frame: {kind}");
        assert!(frame["seq"].as_u64().unwrap_or(0) <= durable, "the update is not durable yet");
        assert_eq!(
            kind == "connected",
            self.frames.is_empty(),
            "`connected` comes first and only once"
        );
        if let Some(ms) = frame.get("ms") {
            self.view.pace_ms = serde_json::from_value(ms.clone()).unwrap();
        }
        match kind {
            "auth.refreshed" => self.refreshed(&frame),
            "dashboard.state" => self.complete(),
            _ => {}
        }
        if let Some(topics) = frame.get("topics") {
            self.change_topics(serde_json::from_value(topics.clone()).unwrap(), history);
        }
        for seq in seqs(&frame) {
            let seen = history.get(&seq).is_none_or(|entry| self.viewer().sees(entry.label()));
            assert!(seen, "{seq} is not for this client");
        }
        match self.dialect() {
            Dialect::V1 => self.follow(&frame, history),
            Dialect::Plain | Dialect::Json(_) => self.show(&frame),
            Dialect::SocketIo { .. } => unreachable!("its session takes them"),
        }
        self.frames.push(frame);
    }

    /// It has a new grant. Until the state comes, it sees what both grants allow.
    fn refreshed(&mut self, frame: &Value) {
        let hopes = self.hopes.take().unwrap();
        let changes = hopes != self.view.permissions;
        assert_eq!(frame["recovery"], if changes { "snapshot" } else { "none" });
        self.view.permissions = self.view.permissions.common(&hopes);
        self.granted = changes.then_some(hopes);
    }

    fn complete(&mut self) {
        self.view.permissions =
            self.granted.take().unwrap_or_else(|| self.view.permissions.clone());
    }

    fn follow(&mut self, frame: &Value, history: &History) {
        let heard = Heard::read(frame).unwrap();
        let step = self.follower.hear(&heard);
        let seqs = seqs(frame);
        match heard {
            Heard::Connected { head, recovery } => {
                assert_ne!(step, Step::Stranger, "replayed into another log");
                self.loses_nothing(&head, history);
                self.awaits_state = recovery == Recovery::Snapshot;
                self.promised = Some(head);
                if matches!(step, Step::Anew { .. }) {
                    self.shown.clear();
                }
            }
            Heard::Updates { prev, seq } => {
                assert!(!self.awaits_state, "the state comes first");
                let Step::Continues { after } = step else {
                    panic!("a gap or a duplicate: {step:?}")
                };
                let group = self.view.of_group();
                let seen = |(_, entry): (&Seq, &Entry)| group.sees(entry.label());
                // Everyone with the same view saw nothing in between; the client may have, by its name.
                let chained = prev == after || !history.range(prev + 1..=after).any(seen);
                assert!(chained, "{prev} is not the previous update");
                let visible = self.visible(after, seq, history);
                // What a client with a pace missed of a key before its frame is not sent.
                let latest = || conflated(history, visible.iter().copied());
                let paced =
                    seqs != visible && seqs.iter().copied().collect::<BTreeSet<_>>() == latest();
                assert!(!paced || self.waits(&visible, history), "only what may wait is left out");
                assert!(paced || seqs == visible, "every update, once and in order");
                self.applied.extend(updates(frame).iter().map(event_id));
                self.shown.extend(seqs);
            }
            Heard::State { head } => {
                self.loses_nothing(&head, history);
                assert!(seqs.is_sorted_by(|a, b| a < b), "a state is in order");
                assert!(seqs.iter().all(|seq| *seq <= head.seq), "a state ends at its position");
                self.awaits_state = false;
                self.shown = seqs.into_iter().collect();
            }
            Heard::Subscribed { .. } => {
                assert_eq!(step, Step::Adds);
                assert!(seqs.iter().all(|seq| self.shown.insert(*seq)), "nothing comes twice");
            }
            Heard::Other => {}
        }
        self.reached = self.try_position();
    }

    /// A client never goes back: what it has seen, the room has as well, whichever of its objects this is.
    fn loses_nothing(&self, head: &Position, history: &History) {
        let reached = self.reached.as_ref().filter(|reached| reached.epoch == head.epoch);
        let Some(reached) = reached else { return };
        let lost = self.visible(head.seq, reached.seq, history);
        assert!(lost.is_empty(), "{lost:?} was seen, and the room ends at {}", head.seq);
    }

    /// Whether the client has a pace, or was given one, or one of these updates is patient.
    fn waits(&self, seqs: &[Seq], history: &History) -> bool {
        let patient = |seq| history.get(seq).is_some_and(|entry| entry.patience_ms > 0);
        self.view.pace_ms > 0 || self.slow || seqs.iter().any(patient)
    }

    /// What the client sees after one number and up to another. Without a history, everything.
    fn visible(&self, after: Seq, seq: Seq, history: &History) -> Vec<Seq> {
        let sees =
            |seq: &Seq| history.get(seq).is_none_or(|entry| self.viewer().sees(entry.label()));
        (after + 1..=seq).filter(sees).collect()
    }

    /// A plain client gets a state that it asked for as single updates, which may be older than its last update.
    fn show(&mut self, frame: &Value) {
        assert!(frame.get("updates").is_none(), "a plain client gets one update per frame");
        if let Some(seq) = frame["seq"].as_u64() {
            self.follower.stand_at(seq);
            self.applied.push(event_id(frame));
        }
    }

    /// Whether it has reached the head in `connected`.
    pub(crate) fn is_level(&self) -> bool {
        let there = |head: &Position| self.try_position().is_some_and(|own| own.seq >= head.seq);
        self.promised.as_ref().is_none_or(there)
    }
}

const KNOWN: [&str; 15] = [
    "auth.expiring",
    "returning",
    "auth.refreshed",
    "connected",
    "dashboard.state",
    "dashboard.update",
    "dashboard.updates",
    "subscribed",
    "unsubscribed",
    "paced",
    "error",
    "pong",
    "presence.state",
    "presence.changed",
    "signal",
];

/// The metadata of everything that a room has stored.
pub(crate) type History = BTreeMap<Seq, Entry>;

/// What is left of these updates: of each label and key the latest, as many as the key keeps, without those that later ones
/// have ended.
pub(crate) fn fold(history: &History, seqs: impl Iterator<Item = Seq>) -> BTreeSet<Seq> {
    folded(history, seqs, |entry| entry.keep)
}

/// The same, as it is sent to a client with a pace: what the state does not keep, and what ends others, is left.
pub(crate) fn conflated(history: &History, seqs: impl Iterator<Item = Seq>) -> BTreeSet<Seq> {
    let keep = |entry: &Entry| if entry.keep == 0 { usize::MAX } else { entry.keep };
    let seqs: Vec<Seq> = seqs.collect();
    let ends = seqs.iter().filter(|seq| !history[seq].drops.is_empty()).copied();
    let mut left = folded(history, seqs.iter().copied(), |entry| {
        if entry.drops.is_empty() {
            keep(entry)
        } else {
            usize::MAX
        }
    });
    left.extend(ends);
    left
}

fn folded(
    history: &History,
    seqs: impl Iterator<Item = Seq>,
    keep: impl Fn(&Entry) -> usize,
) -> BTreeSet<Seq> {
    let mut kept = BTreeMap::<(Label<'_>, &str), Vec<Seq>>::new();
    for seq in seqs {
        let entry = &history[&seq];
        let ends = |key: &str| entry.drops.iter().any(|drop| Pattern(drop.clone()).matches(key));
        kept.retain(|(label, key), _| !(ends(key) && entry.label().covers(*label)));
        let of_key = kept.entry((entry.label(), entry.key.as_str())).or_default();
        of_key.push(seq);
        of_key.drain(..of_key.len().saturating_sub(keep(entry)));
    }
    kept.into_values().flatten().collect()
}

/// The numbers of the updates in a frame.
fn seqs(frame: &Value) -> Vec<Seq> {
    let kind = frame["type"].as_str().unwrap();
    if kind != "dashboard.update" && frame.get("updates").is_none() {
        return Vec::new();
    }
    updates(frame).iter().map(|update| update["seq"].as_u64().unwrap()).collect()
}

/// The updates in a frame, which may itself be an update.
fn updates(frame: &Value) -> &[Value] {
    let Some(updates) = frame["updates"].as_array() else {
        return std::slice::from_ref(frame);
    };
    let one = frame["type"] == "dashboard.updates" && updates.len() < 2;
    let follows = frame["prev"].as_u64().is_some_and(|prev| frame["seq"] == prev + 1);
    assert!(!one || !follows, "a single update that follows is a frame of its own");
    updates
}

fn event_id(update: &Value) -> String {
    update["data"]["id"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    const GREETING: &str = r#"{"type":"connected","epoch":"5b1d000000000000","seq":4,"#;

    /// Whether a client that has received `connected`, and has seen four updates, accepts the frame.
    fn takes(recovery: &str, frame: &str) -> bool {
        let resume = "5b1d000000000000:4".parse().unwrap();
        let receiving = || {
            let mut client = Client::new(Dialect::V1, Some(&resume));
            client.receive(&format!(r#"{GREETING}"recovery":"{recovery}"}}"#), 99, &History::new());
            client.receive(frame, 99, &History::new());
        };
        catch_unwind(receiving).is_ok()
    }

    fn burst(prev: u64, seq: u64, seqs: &[u64]) -> String {
        let update =
            |seq: &u64| format!(r#"{{"type":"dashboard.update","seq":{seq},"data":{{}}}}"#);
        let updates = seqs.iter().map(update).collect::<Vec<_>>().join(",");
        format!(r#"{{"type":"dashboard.updates","prev":{prev},"seq":{seq},"updates":[{updates}]}}"#)
    }

    #[test]
    fn the_client_rejects_gaps_repetitions_and_disorder() {
        assert!(takes("replayed", &burst(4, 6, &[5, 6])));
        for frame in [
            burst(5, 7, &[6, 7]),
            burst(3, 6, &[4, 5, 6]),
            burst(2, 4, &[3, 4]),
            burst(4, 6, &[6, 5]),
            burst(4, 7, &[5, 6]),
            burst(4, 5, &[5]),
            burst(4, 100, &[5, 6]),
        ] {
            assert!(!takes("replayed", &frame), "{frame}");
        }
        assert!(!takes("snapshot", &burst(4, 6, &[5, 6])), "before the state");
    }
}
