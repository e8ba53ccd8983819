//! How a client stands: whether it is connected, how far it is, and what it shows.
//!
//! A client of any dialect keeps it and checks, as updates come, that none is missing and none comes twice. Whether they are those
//! of the log is checked later, by the [audit](super::audit).

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{timeout, Instant};

use super::rooms::Room;

/// How long a client may take to be level, on a slow machine under load.
const LEVEL: Duration = Duration::from_secs(90);

/// An update, as every dialect has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// What it is about.
    pub(crate) key: String,
    /// Its number.
    pub(crate) seq: u64,
    /// The id of its event.
    pub(crate) id: String,
}

/// What is shown: for each key, the number and the event of its latest update.
pub(crate) type View = BTreeMap<String, (u64, String)>;

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dialect {
    V1,
    Wire,
    SocketIo,
}

impl Dialect {
    pub(crate) const ALL: [Self; 3] = [Self::V1, Self::Wire, Self::SocketIo];

    /// Its name, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "roomcast.v1",
            Self::Wire => "JSON wire",
            Self::SocketIo => "Socket.IO",
        }
    }
}

/// What the next update has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The one after the last.
    Next,
    /// Any later one: it is part of a state.
    Later,
}

/// How a client stands.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Since when it is connected, if it is.
    pub(crate) since: Option<Instant>,
    /// The last update that it has.
    pub(crate) seq: u64,
    /// What it shows.
    pub(crate) view: View,
    /// How often it was connected.
    pub(crate) connections: u64,
    /// How often it began with a state.
    pub(crate) states: u64,
    /// How many updates it was sent.
    pub(crate) deliveries: u64,
    /// Numbers and events of the updates that nobody has compared with the log yet.
    pub(crate) unchecked: Vec<(u64, String)>,
    /// The first thing that was wrong.
    pub(crate) wrong: Option<String>,
}

impl Standing {
    /// It is connected.
    pub(crate) fn connect(&mut self) {
        self.since = Some(Instant::now());
        self.connections += 1;
    }

    /// It begins anew, with a state that comes.
    pub(crate) fn begin(&mut self) {
        self.states += 1;
        self.seq = 0;
        self.view.clear();
    }

    /// It is sent an update.
    pub(crate) fn take(&mut self, update: Update, rule: Rule) {
        let right = match rule {
            Rule::Next => update.seq == self.seq + 1,
            Rule::Later => update.seq > self.seq,
        };
        if !right {
            self.complain(format!("{} came after {}", update.seq, self.seq));
        }
        let Update { key, seq, id } = update;
        self.seq = seq;
        self.deliveries += 1;
        self.unchecked.push((seq, id.clone()));
        self.view.insert(key, (seq, id));
    }

    /// Something is wrong.
    pub(crate) fn complain(&mut self, wrong: String) {
        self.wrong.get_or_insert(wrong);
    }

    fn is_level(&self, since: Option<Instant>, head: u64) -> bool {
        let here = self.since.is_some_and(|own| since.is_none_or(|since| own > since));
        (here && self.seq >= head) || self.wrong.is_some()
    }
}

/// A client as the run sees it.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) dialect: Dialect,
    pub(crate) room: Room,
    pub(crate) standing: watch::Sender<Standing>,
}

impl Watched {
    pub(crate) fn new(dialect: Dialect, room: Room) -> Self {
        Self { dialect, room, standing: watch::Sender::new(Standing::default()) }
    }

    /// Its name, for people.
    pub(crate) fn name(&self) -> String {
        format!("a client of {} in {:?}", self.dialect.name(), self.room)
    }

    /// Waits until it is connected, again if it was before `since`, and has everything up to `head`. Returns when that was.
    ///
    /// # Errors
    /// How it stands, if it takes too long.
    pub(crate) async fn level(&self, since: Option<Instant>, head: u64) -> Result<Instant, String> {
        let mut standing = self.standing.subscribe();
        let level = timeout(LEVEL, standing.wait_for(|it| it.is_level(since, head))).await.is_ok();
        let now = Instant::now();
        let standing = self.standing.borrow();
        match &standing.wrong {
            Some(wrong) => Err(format!("{}: {wrong}", self.name())),
            None if level => Ok(now),
            None => Err(format!(
                "{} is not level: connected since {:?}, at {} of {head}",
                self.name(),
                standing.since,
                standing.seq
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(before: u64, seq: u64, rule: Rule) -> bool {
        let mut standing = Standing { seq: before, ..Standing::default() };
        standing.take(Update { key: "k".into(), seq, id: "e".into() }, rule);
        standing.wrong.is_some()
    }

    #[test]
    fn updates_that_are_missing_or_come_twice_are_wrong() {
        assert!(!wrong(4, 5, Rule::Next) && !wrong(4, 7, Rule::Later));
        assert!(wrong(4, 6, Rule::Next) && wrong(4, 4, Rule::Next) && wrong(4, 3, Rule::Next));
        assert!(wrong(4, 4, Rule::Later) && wrong(4, 3, Rule::Later));
    }

    #[test]
    fn a_client_is_level_when_it_is_back_and_has_everything() {
        let (before, now) = (Instant::now() - Duration::from_secs(1), Instant::now());
        let here = Standing { since: Some(now), seq: 4, ..Standing::default() };
        assert!(here.is_level(None, 4) && here.is_level(Some(before), 3));
        assert!(!here.is_level(None, 5), "it lacks one");
        assert!(!here.is_level(Some(now), 4), "it has not noticed yet");
        assert!(!Standing { seq: 4, ..Standing::default() }.is_level(None, 4), "it is away");
    }
}
