//! Compares the log of each room with what backends were answered and with what clients were sent.
//!
//! It reads each log from where it stopped, often enough that nothing has left it meanwhile. It remembers every number, so that an
//! answer which comes late is compared as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::time::{sleep, timeout, Duration};

use super::feed::Answered;
use super::rooms::{update, Room};
use super::standing::View;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::WAIT;

/// The pause before a read is repeated.
const AGAIN: Duration = Duration::from_millis(10);

/// What is known of the log of a room.
#[derive(Debug, Default)]
struct Known {
    epoch: Option<String>,
    /// The events in the order of their numbers, from 1.
    events: Vec<String>,
    numbers: HashMap<String, u64>,
}

/// The logs, and what was wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    rooms: BTreeMap<Room, Known>,
    http: Client,
    /// Answered events that are not in the log, or have another number there.
    pub(crate) lost: BTreeSet<String>,
    /// Events that are in the log twice.
    pub(crate) doubled: BTreeSet<String>,
    /// What else was wrong.
    pub(crate) wrong: Vec<String>,
}

impl Audit {
    /// Reads what is new in the log of a room. Returns its head.
    pub(crate) async fn read(&mut self, server: &Server, room: Room) -> u64 {
        let known = self.rooms.entry(room).or_default();
        loop {
            let after = known.events.len() as u64;
            let page = get(&self.http, server, room, &room.log_after(after)).await;
            for wrong in known.add(room, &page, &mut self.doubled) {
                self.wrong.push(wrong);
            }
            let head = page["head"].as_u64().expect("a head");
            // A log that has a gap would never be read to its end.
            if known.events.len() as u64 >= head || known.events.len() as u64 == after {
                return head;
            }
        }
    }

    /// Compares answers with the log, which has to be read after they came.
    pub(crate) fn compare(&mut self, answers: Vec<Answered>) {
        for answer in answers {
            let known = self.rooms.get(&answer.room);
            let number = known.and_then(|known| known.numbers.get(&answer.id));
            if number != Some(&answer.seq) {
                self.lost.insert(answer.id.clone());
                self.wrong.push(format!("{answer:?} is in the log as {number:?}"));
            }
        }
    }

    /// Whether an update that a client was sent is that of the log. It has to be read after the update came.
    pub(crate) fn has(&self, room: Room, seq: u64, id: &str) -> bool {
        let number = self.rooms.get(&room).and_then(|known| known.numbers.get(id));
        number == Some(&seq)
    }
}

impl Known {
    /// Adds a page. Returns what is wrong with it.
    fn add(&mut self, room: Room, page: &Value, doubled: &mut BTreeSet<String>) -> Vec<String> {
        let mut wrong = Vec::new();
        let epoch = page["epoch"].as_str().unwrap_or_default().to_owned();
        let before = self.epoch.get_or_insert_with(|| epoch.clone());
        // A room that has not begun has an epoch of zeros.
        if *before != epoch && !self.events.is_empty() {
            wrong.push(format!("{room:?} was {before} and is {epoch}"));
        }
        self.epoch = Some(epoch);
        for one in page["updates"].as_array().expect("updates") {
            let Some(update) = update(&one["seq"], &one["data"]) else {
                wrong.push(format!("{room:?} has {one}, which nobody has posted"));
                continue;
            };
            self.events.push(update.id.clone());
            if update.seq != self.events.len() as u64 {
                wrong.push(format!("{room:?} has {} as its {}th", update.seq, self.events.len()));
            }
            if let Some(first) = self.numbers.insert(update.id.clone(), update.seq) {
                wrong.push(format!("{room:?} has {} as {first} and as {}", update.id, update.seq));
                doubled.insert(update.id);
            }
        }
        wrong
    }
}

/// The state of a room.
pub(crate) async fn state(server: &Server, room: Room) -> View {
    let state = get(&Client::new(), server, room, &room.state()).await;
    let updates = state["updates"].as_array().expect("updates").iter();
    let read = updates.map(|one| update(&one["seq"], &one["data"]).expect("one of ours"));
    read.map(|update| (update.key, (update.seq, update.id))).collect()
}

/// Reads until the answer is 200.
async fn get(http: &Client, server: &Server, room: Room, path: &str) -> Value {
    let url = server.url(path);
    let token = token(room.session()).text();
    let mut last = String::new();
    let read = async {
        loop {
            match http.get(&url).bearer_auth(&token).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => {
                    if let Ok(body) = answer.json().await {
                        return body;
                    }
                }
                other => last = format!("{other:?}"),
            }
            sleep(AGAIN).await;
        }
    };
    let body = timeout(WAIT, read).await;
    body.unwrap_or_else(|_| panic!("{path} cannot be read: {last}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(ids: &[(u64, &str)]) -> Value {
        let data = |id: &str| json!({"id": "1", "event": id});
        let update = |(seq, id): &(u64, &str)| json!({"seq": seq, "data": data(id)});
        json!({"epoch": "5b1d", "updates": ids.iter().map(update).collect::<Vec<_>>()})
    }

    fn read(pages: &[Value]) -> (Audit, Vec<String>) {
        let (mut known, mut doubled, mut wrong) = (Known::default(), BTreeSet::new(), Vec::new());
        for page in pages {
            wrong.extend(known.add(Room::Board, page, &mut doubled));
        }
        let rooms = BTreeMap::from([(Room::Board, known)]);
        (Audit { rooms, doubled, ..Audit::default() }, wrong)
    }

    fn answer(id: &str, seq: u64) -> Answered {
        Answered { room: Room::Board, id: id.to_owned(), seq }
    }

    #[test]
    fn what_is_answered_has_to_be_in_the_log_under_its_number() {
        let (mut audit, wrong) = read(&[page(&[(1, "a")]), page(&[(2, "b")])]);
        assert!(wrong.is_empty(), "{wrong:?}");
        audit.compare(vec![answer("a", 1), answer("b", 2)]);
        assert!(audit.lost.is_empty() && audit.has(Room::Board, 2, "b"));
        audit.compare(vec![answer("b", 1), answer("c", 3)]);
        assert_eq!(audit.lost, BTreeSet::from(["b".to_owned(), "c".to_owned()]));
        assert!(!audit.has(Room::Board, 1, "b") && !audit.has(Room::First, 2, "b"));
    }

    #[test]
    fn a_log_with_an_event_twice_or_a_gap_or_another_epoch_is_wrong() {
        let (audit, wrong) = read(&[page(&[(1, "a"), (2, "b"), (3, "a")])]);
        assert!(audit.doubled.contains("a") && wrong.len() == 1, "{wrong:?}");
        assert_eq!(read(&[page(&[(1, "a"), (3, "b")])]).1.len(), 1);
        let mut again = page(&[]);
        again["epoch"] = json!("07aa");
        assert_eq!(read(&[page(&[(1, "a")]), again]).1.len(), 1);
    }
}
