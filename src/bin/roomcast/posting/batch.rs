//! The events of one request: its body, and the line of the input on which each event starts.
//!
//! A body is built once, so sending it again sends the same bytes.

use std::collections::VecDeque;

use roomcast::limits::POST_BYTES;

/// The brackets around the events of a body.
const BRACKETS: usize = 2;

/// The most bytes that one event may have, so that a body can hold it.
pub(crate) const EVENT_BYTES: usize = POST_BYTES - BRACKETS;

/// One event as written in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// The line of the input on which it starts, from 1; of a bus, its place among the messages that were read together.
    pub(crate) line: usize,
    /// Its JSON.
    pub(crate) text: String,
}

/// The events of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The body: an array, whatever the number of events.
    pub(crate) body: String,
    /// The line of each event.
    pub(crate) lines: Vec<usize>,
}

impl Batch {
    /// The body that holds `events`.
    pub(crate) fn new(events: Vec<Event>) -> Self {
        let lines = events.iter().map(|event| event.line).collect();
        let texts: Vec<String> = events.into_iter().map(|event| event.text).collect();
        Self { body: format!("[{}]", texts.join(",")), lines }
    }
}

/// Takes the next events that fit into one request: at most `most`, within the limit of bytes.
pub(crate) fn take(waiting: &mut VecDeque<Event>, most: usize) -> Vec<Event> {
    let mut bytes = BRACKETS;
    let mut count = 0;
    for event in waiting.iter().take(most) {
        bytes += event.text.len() + usize::from(count > 0);
        if bytes > POST_BYTES {
            break;
        }
        count += 1;
    }
    waiting.drain(..count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(sizes: &[usize]) -> VecDeque<Event> {
        let event =
            |(index, size): (usize, &usize)| Event { line: index + 1, text: "x".repeat(*size) };
        sizes.iter().enumerate().map(event).collect()
    }

    #[test]
    fn a_batch_holds_no_more_events_than_asked() {
        let mut events = waiting(&[1, 1, 1]);
        assert_eq!(take(&mut events, 2).len(), 2);
        assert_eq!(take(&mut events, 2).first().map(|event| event.line), Some(3));
        assert!(take(&mut events, 2).is_empty());
    }

    #[test]
    fn a_body_may_reach_the_limit_of_the_server_and_never_exceeds_it() {
        let half = POST_BYTES / 2;
        let mut fitting = waiting(&[half, half - 3]);
        assert_eq!(Batch::new(take(&mut fitting, 9)).body.len(), POST_BYTES);
        assert_eq!(take(&mut waiting(&[half, half - 2]), 9).len(), 1);
        assert_eq!(take(&mut waiting(&[EVENT_BYTES]), 9).len(), 1);
    }

    #[test]
    fn a_batch_knows_the_line_of_each_event() {
        let event = |line, text: &str| Event { line, text: text.to_owned() };
        let batch = Batch::new(vec![event(3, "{}"), event(7, "{\"a\":1}")]);
        assert_eq!((batch.body.as_str(), batch.lines), ("[{},{\"a\":1}]", vec![3, 7]));
    }
}
