//! Makes the events that are published to Roomcast, so that each becomes an update of the wanted size.
//!
//! They are events of the preset `sessions`, of a type whose text is sent unchanged. Their keys repeat, so that the
//! state stays as small as that of a real dashboard. Nothing is sent from here.

use std::fmt::Write as _;

use super::exchange::Post;

/// The update of such an event in a frame of its own, without the values that differ.
const UPDATE: &str = r#"{"type":"dashboard.update","seq":,"updateType":"component.output","timestamp":"","data":{"cycleId":"cycle-","componentType":"part-","summary":"t= "}}"#;

const WORDS: [&str; 40] = [
    "the",
    "lease",
    "of",
    "our",
    "bakery",
    "ends",
    "in",
    "march",
    "where",
    "do",
    "we",
    "bake",
    "from",
    "april",
    "on",
    "invoice",
    "status",
    "ready",
    "queue",
    "moved",
    "latency",
    "user",
    "project",
    "scored",
    "open",
    "closed",
    "review",
    "assigned",
    "escalated",
    "rejected",
    "approved",
    "shipping",
    "customer",
    "region",
    "budget",
    "forecast",
    "margin",
    "supplier",
    "contract",
    "renewal",
];

/// Both are less than ten, so that every number below them has one digit.
const CYCLES: u64 = 8;
const COMPONENTS: u64 = 4;

/// An array of the events of `post`, which occurred at `occurred`, each under a key of its own if it has to be
/// `fresh`. Each update has exactly the wanted size if nobody else publishes meanwhile. Otherwise its seq may have
/// more digits than expected.
pub(super) fn body((run, fresh): (u32, bool), occurred: &str, post: &Post<'_>) -> String {
    let Post { room, publisher, sent_us, .. } = post;
    let fixed = UPDATE.len() + "0".len() + occurred.len() + digits(*sent_us);
    let mut body = String::from("[");
    for (seq, number) in (post.head + 1..).zip(post.first..post.first + post.events) {
        let comma = if number == post.first { "" } else { "," };
        let component = number / CYCLES % COMPONENTS;
        let cycle = number % CYCLES;
        let cycle = if fresh { format!("{publisher}-{number}") } else { cycle.to_string() };
        let text = words(post.payload, post.sent_us ^ (number << 20) ^ *publisher as u64);
        let padding = left(&text, fixed + digits(seq) + cycle.len());
        // Writing to a string does not fail.
        let _ = write!(
            body,
            r#"{comma}{{"event_id":"load-{run:08x}-{publisher}-{number}","event_type":"component.output_updated","aggregate_type":"Session","aggregate_id":"{room}","occurred_at":"{occurred}","payload":{{"cycle_id":"cycle-{cycle}","component_type":"part-{component}","summary":"t={sent_us} {padding}"}}}}"#,
        );
    }
    body.push(']');
    body
}

/// A text of so many bytes. It differs with the seed, and compresses about as well as what people write.
fn words(bytes: usize, seed: u64) -> String {
    let mut text = String::with_capacity(bytes + 16);
    let mut random = seed | 1;
    while text.len() < bytes {
        // xorshift64
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let word = usize::try_from(random >> 40).unwrap_or_default() % WORDS.len();
        text.push_str(WORDS.get(word).unwrap_or(&""));
        text.push(' ');
    }
    text.truncate(bytes);
    text
}

/// What fills an update up to its wanted size: `text` is as long as the whole update, and `taken` bytes of it
/// are used.
pub(super) fn left(text: &str, taken: usize) -> &str {
    text.get(taken..).unwrap_or_default()
}

/// The number of decimal digits of a number.
pub(super) fn digits(number: u64) -> usize {
    let more = number.checked_ilog10().unwrap_or_default();
    usize::try_from(more).unwrap_or_default() + 1
}

#[cfg(test)]
mod tests {
    use roomcast::ingest::dispatch::{Batch, Pointers};
    use roomcast::ingest::envelope::decode;
    use roomcast::preset::presets::Presets;
    use roomcast::protocol::ids::SessionId;
    use roomcast::protocol::server_frame::update;

    use super::*;
    use crate::options::{EVENT_OVERHEAD, SMALLEST_UPDATE};

    const OCCURRED: &str = "2026-01-07T10:00:00.123Z";

    fn post(room: &SessionId, head: u64, payload: usize) -> Post<'_> {
        Post { room, publisher: 3, first: 8, events: 12, head, sent_us: 1_234_567, payload }
    }

    /// The update of each event in a frame of its own, made in the same way as in the Worker.
    fn received(body: &str, head: u64) -> Vec<String> {
        let preset = Presets::parse("sessions").unwrap();
        let batch = Batch::new(&preset, decode(body.as_bytes()).unwrap()).unwrap();
        let dispatch = batch.dispatch(&Pointers::new()).unwrap();
        let updates = dispatch.deliveries[0].updates.iter();
        (head + 1..).zip(updates).map(|(seq, one)| update(seq, &one.content)).collect()
    }

    #[test]
    fn an_update_has_the_wanted_size_when_a_client_receives_it() {
        let room = "load-0".parse().unwrap();
        for (head, payload) in [(0, 250), (95, 200), (999_990, 4_000)] {
            let frames = received(&body((7, false), OCCURRED, &post(&room, head, payload)), head);
            assert_eq!(frames.len(), 12);
            assert!(frames.iter().all(|frame| frame.len() == payload), "{frames:?}");
            assert!(frames.iter().all(|frame| frame.contains(r#""t=1234567 "#)), "{frames:?}");
        }
    }

    #[test]
    fn fresh_events_have_keys_of_their_own_and_the_wanted_size() {
        let room = "load-0".parse().unwrap();
        let body = body((7, true), OCCURRED, &post(&room, 95, 250));
        let frames = received(&body, 95);
        assert!(frames.iter().all(|frame| frame.len() == 250), "{frames:?}");
        for (number, frame) in (8..).zip(frames) {
            assert!(frame.contains(&format!(r#""cycleId":"cycle-3-{number}""#)), "{frame}");
        }
    }

    #[test]
    fn the_smallest_update_holds_the_longest_values() {
        let room = "r".parse().unwrap();
        // The values after a day, and after more updates than fit into a day.
        let (head, sent_us) = (9_999_999_998, 99_999_999_999);
        let post = Post { sent_us, events: 1, ..post(&room, head, SMALLEST_UPDATE) };
        assert_eq!(received(&body((7, false), OCCURRED, &post), head)[0].len(), SMALLEST_UPDATE);
    }

    #[test]
    fn an_event_is_not_much_longer_than_its_update() {
        let room = "r".repeat(128).parse().unwrap();
        let first = 999_999_999;
        let post = Post { publisher: 99_999, first, events: 1, ..post(&room, 0, 250) };
        let longest = body((u32::MAX, false), OCCURRED, &post).len();
        assert!(longest <= 250 + EVENT_OVERHEAD, "{longest}");
    }
}
