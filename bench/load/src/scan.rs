//! Finds what the generator needs in a frame or an answer by scanning the text.
//!
//! Nothing is parsed as JSON, because the generator shares its machine with the server that it measures. Scanning
//! works because the server's encoder puts the relevant fields first. It validates nothing.

use roomcast::protocol::follow::{Fields, Heard};

/// The part of a frame, in bytes, that has the relevant fields. They end latest in `connected`, which contains a
/// session name of at most 128 characters.
const HEAD: usize = 512;

/// The text before the time in an event.
const TIME: &str = "\"t=";

/// What the head of a frame says about positions.
pub(crate) fn heard(frame: &str) -> Heard {
    Heard::read(&Head(head(frame))).unwrap_or(Heard::Other)
}

/// The head of a frame. If several fields have the same name, the first one counts.
struct Head<'a>(&'a str);

impl Fields for Head<'_> {
    fn number(&self, name: &'static str) -> Option<u64> {
        leading_number(self.after(name)?)
    }

    fn text(&self, name: &'static str) -> Option<&str> {
        Some(self.after(name)?.strip_prefix('"')?.split_once('"')?.0)
    }
}

impl<'a> Head<'a> {
    /// What follows `"name":`.
    fn after(&self, name: &str) -> Option<&'a str> {
        let mut found = self.0.match_indices(name);
        found.find_map(|(at, _)| {
            let quoted = self.0.get(..at)?.ends_with('"');
            let after = self.0.get(at + name.len()..)?.strip_prefix("\":")?;
            quoted.then_some(after)
        })
    }
}

/// The counter that a publisher gave to the update in a frame of a peer.
pub(crate) fn counter(frame: &str) -> Option<u64> {
    number(frame, "\"n\":")
}

/// The times at which the events in a frame were sent, in microseconds of the trial.
pub(crate) fn times(frame: &str) -> impl Iterator<Item = u64> + '_ {
    frame.split(TIME).skip(1).filter_map(leading_number)
}

/// How many events an answer says were accepted, and the last seq that it names.
pub(crate) fn answer(body: &str) -> (u64, u64) {
    let mut accepted = 0;
    let mut last = 0;
    for result in body.split(r#""status":""#).skip(1).filter(|text| text.starts_with("accepted")) {
        accepted += 1;
        last = last.max(number(result, "\"seq\":").unwrap_or(0));
    }
    (accepted, last)
}

/// The code in a problem document.
pub(crate) fn code(body: &str) -> Option<&str> {
    text(body, "\"code\":\"")
}

fn head(frame: &str) -> &str {
    frame.get(..frame.floor_char_boundary(HEAD)).unwrap_or(frame)
}

fn number(text: &str, field: &str) -> Option<u64> {
    leading_number(text.split_once(field)?.1)
}

fn text<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    Some(text.split_once(field)?.1.split_once('"')?.0)
}

fn leading_number(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use roomcast::protocol::ids::{ClientId, Epoch, Position};
    use roomcast::protocol::server_frame::Recovery;
    use roomcast::protocol::server_frame::{connected, state, update, updates, Joined, PONG};
    use roomcast::protocol::time::Timestamp;
    use serde_json::Value;

    use super::*;

    const CONTENT: &str = r#""updateType":"x","data":{"seq":9,"prev":9,"summary":"t=1234 ..."}"#;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn head_of_room() -> Position {
        Position { epoch: Epoch::from_random([7; 8]), seq: 44 }
    }

    #[test]
    fn a_frame_is_recognized_by_its_head() {
        let one = update(43, CONTENT);
        assert_eq!(heard(&one), Heard::Updates { prev: 42, seq: 43 });
        let joined = format!("{one},{}", update(44, CONTENT));
        let two = updates(42, 44, &joined, NOW);
        assert_eq!(heard(&two), Heard::Updates { prev: 42, seq: 44 });
        let state = state(&head_of_room(), &one);
        assert_eq!(heard(&state), Heard::State { head: head_of_room() });
        assert_eq!(heard(PONG), Heard::Other);
        for text in ["", "{}", "[]", r#"{"type":"dashboard.update","seq":0}"#] {
            assert_eq!(heard(text), Heard::Other, "{text:?}");
        }
    }

    #[test]
    fn connected_is_read_whole_even_with_the_longest_session_name() {
        let (session, client) = ("s".repeat(128).parse().unwrap(), ClientId::from_random([1; 8]));
        for recovery in [Recovery::None, Recovery::Replayed, Recovery::Snapshot] {
            let head = head_of_room();
            let joined = Joined { head: &head, recovery, expires: None, returns: None };
            let greeting = connected(&session, &client, NOW, Some(joined));
            assert_eq!(heard(&greeting), Heard::Connected { head, recovery });
        }
    }

    #[test]
    fn scanning_the_head_gives_the_same_as_parsing_the_frame() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/following.json")).unwrap();
        for frame in vectors.as_array().unwrap().iter().map(|vector| &vector["frame"]) {
            assert_eq!(Some(heard(&frame.to_string())), Heard::read(frame), "{frame}");
        }
    }

    #[test]
    fn every_time_in_a_frame_is_found() {
        let joined = format!("{},{}", update(1, CONTENT), update(2, CONTENT));
        let frame = updates(0, 2, &joined, NOW);
        assert_eq!(times(&frame).collect::<Vec<_>>(), [1234, 1234]);
        assert_eq!(times(r#"42["update",{"n":1000000007,"text":"t=5 .."}]"#).next(), Some(5));
        assert_eq!(times("t=5").next(), None);
    }

    #[test]
    fn an_update_of_a_peer_has_a_counter() {
        assert_eq!(counter(r#"42["update",{"n":1000000007,"text":"t=5"}]"#), Some(1_000_000_007));
        assert_eq!(counter(r#"0{"sid":"x"}"#), None);
    }

    #[test]
    fn an_answer_gives_the_number_of_accepted_events_and_the_last_seq() {
        let body = r#"{"results":[{"eventId":"e-1","status":"accepted","session":"s","seq":42},
            {"eventId":"e-1","status":"duplicate","session":"s","seq":50},
            {"eventId":"e-2","status":"accepted","session":"s","seq":43},
            {"eventId":"e-3","status":"ignored","reason":"no_session"}]}"#;
        assert_eq!(answer(body), (2, 43));
        assert_eq!(answer("not json"), (0, 0));
    }

    #[test]
    fn a_long_frame_may_have_any_character_at_the_end_of_its_head() {
        let frame = format!(r#"{{"type":"dashboard.update","seq":7,{}"#, "ä€😀".repeat(400));
        assert_eq!(heard(&frame), Heard::Updates { prev: 6, seq: 7 });
    }
}
