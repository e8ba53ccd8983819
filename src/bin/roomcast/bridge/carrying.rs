//! The loop of a bridge: read messages, map them, post them, settle them, and again.
//!
//! It knows no bus, and nothing of what is in a message. One request is under way at a time, so that messages stay in the order in which
//! the bus has them. Nothing is settled before all that was read with it is answered: whoever kills the bridge at any moment makes it
//! post something twice, which the room recognises, and never makes it lose something.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::random;
use roomcast::limits::POST_EVENTS;
use roomcast::protocol::problem::Problem;
use roomcast::protocol::results::EventResult;
use tokio::time::{sleep, Instant};

use super::map::{Map, Mapped};
use super::meter::Meter;
use super::remedy::{remedy, Remedy};
use super::report::Report;
use super::source::{reason, Dead, Message, Source, Trouble};
use crate::pause;
use crate::posting::answer::Refused;
use crate::posting::batch::{take, Batch, Event};
use crate::posting::sending::Sender;

/// How often the bus is told that messages are worked on, and asked how many are left.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// A bridge between a bus and a server.
pub(super) struct Carrying<S> {
    /// The bus.
    pub(super) source: S,
    /// Which events its messages become.
    pub(super) map: Map,
    /// The server.
    pub(super) sender: Sender,
    /// What is counted.
    pub(super) meter: Meter,
    /// What is shown.
    pub(super) report: Report,
    /// The most messages that are read at once.
    pub(super) batch: usize,
    /// Whether to end when there are no more messages.
    pub(super) until_empty: bool,
    /// When the bus was last asked how many are left.
    pub(super) looked: Option<Instant>,
}

impl<S: Source> Carrying<S> {
    /// Carries messages until there are no more, if that is to be the end.
    ///
    /// # Errors
    /// What somebody has to mend. No message is lost by it.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        let mut failed = 0;
        loop {
            match self.round().await {
                Ok(0) if self.until_empty => return self.look().await.or_else(ended),
                Ok(_) => failed = 0,
                Err(Trouble::Ends(failure)) => return Err(failure),
                Err(Trouble::Passes(why)) => {
                    self.meter.lock().troubles += 1;
                    self.wait(&format!("{}: {why}", self.source.name()), failed).await;
                    failed += 1;
                }
            }
            self.report.progress();
        }
    }

    /// Reads messages once and settles them. Returns how many there were.
    async fn round(&mut self) -> Result<usize, Trouble> {
        let messages = self.source.next(self.batch).await?;
        if !messages.is_empty() {
            self.meter.lock().read += messages.len() as u64;
            let dead = self.deliver(&messages).await.map_err(Trouble::Ends)?;
            self.source.settle(&dead).await?;
            self.meter.lock().dead += dead.len() as u64;
        }
        if self.looked.is_none_or(|when| when.elapsed() >= LOOK_EVERY) {
            self.look().await?;
        }
        Ok(messages.len())
    }

    /// Asks the bus how many messages are left.
    async fn look(&mut self) -> Result<(), Trouble> {
        let lag = self.source.lag().await?;
        self.meter.lock().lag = lag;
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// Posts what is in these messages until everything is answered. Returns those that can never be published.
    async fn deliver(&mut self, messages: &[Message]) -> Result<Vec<Dead>, Failure> {
        let mut dead = Vec::new();
        let mut requests = self.requests(messages, &mut dead);
        let mut failed = 0;
        while let Some(events) = requests.pop_front() {
            let count = events.len();
            let refused = match self.post(Batch::new(events.clone())).await {
                Ok(results) => {
                    self.meter.posted(&results);
                    continue;
                }
                Err(refused) => refused,
            };
            match remedy(refused, count) {
                Remedy::Without(bad) => {
                    let (good, bad) = parted(events, bad);
                    dead.extend(bad);
                    requests.push_front(good);
                }
                Remedy::Alone => {
                    events.into_iter().rev().for_each(|event| requests.push_front(vec![event]));
                }
                Remedy::Again(failure) => {
                    requests.push_front(events);
                    self.wait(&failure.to_string(), failed).await;
                    failed += 1;
                }
                Remedy::End(failure) => return Err(failure),
            }
            requests.retain(|events| !events.is_empty());
        }
        self.note_dead(messages, &dead);
        Ok(dead)
    }

    /// The events of these messages, in requests.
    fn requests(&self, messages: &[Message], dead: &mut Vec<Dead>) -> VecDeque<Vec<Event>> {
        let mut events = VecDeque::new();
        for (index, message) in messages.iter().enumerate() {
            match self.map.apply(&message.fields) {
                Mapped::Event(text) => events.push_back(Event { line: index, text }),
                Mapped::Skipped => self.meter.lock().skipped += 1,
                Mapped::Dead(problem) => dead.push(Dead { index, problem }),
            }
        }
        let mut requests = VecDeque::new();
        while !events.is_empty() {
            requests.push_back(take(&mut events, POST_EVENTS));
        }
        requests
    }

    fn note_dead(&self, messages: &[Message], dead: &[Dead]) {
        for Dead { index, problem } in dead {
            let id = messages.get(*index).map_or("", |message| message.id.as_str());
            self.report.note(&format!("{id} is put aside: {}", reason(problem)));
        }
    }

    /// Sends a request until it is answered. Meanwhile the bus hears that its messages are worked on.
    async fn post(&mut self, batch: Batch) -> Result<Vec<EventResult>, Refused> {
        let Self { sender, source, meter, report, .. } = self;
        let note = |text: &str| {
            meter.lock().retries += 1;
            report.note(text);
        };
        let sent = sender.send(&batch, note);
        tokio::pin!(sent);
        loop {
            tokio::select! {
                biased;
                answered = &mut sent => return answered,
                () = sleep(LOOK_EVERY) => {}
            }
            // If the bus does not answer now, that is found out when the messages are settled.
            if source.keep().await.is_ok() {
                if let Ok(lag) = source.lag().await {
                    meter.lock().lag = lag;
                }
            }
        }
    }

    async fn wait(&self, why: &str, failed: u32) {
        let pause = pause::after(failed, random::spread());
        self.report.note(&format!("{why} (trying again in {})", pause::text(pause)));
        sleep(pause).await;
    }
}

/// Parts the events of a refused request into those that can be sent again, and the messages of those that are bad.
fn parted(events: Vec<Event>, mut bad: BTreeMap<usize, Problem>) -> (Vec<Event>, Vec<Dead>) {
    let (mut good, mut dead) = (Vec::new(), Vec::new());
    for (at, event) in events.into_iter().enumerate() {
        match bad.remove(&at) {
            Some(problem) => dead.push(Dead { index: event.line, problem }),
            None => good.push(event),
        }
    }
    (good, dead)
}

/// What trouble means to a bridge that has nothing left to do.
fn ended(trouble: Trouble) -> Result<(), Failure> {
    match trouble {
        Trouble::Ends(failure) => Err(failure),
        Trouble::Passes(_) => Ok(()),
    }
}
