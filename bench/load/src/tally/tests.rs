use super::*;

const GREETING: &str = r#"{"type":"connected","sessionId":"s","epoch":"0707070707070707","#;

fn greeting(seq: u64, recovery: &str) -> String {
    format!(r#"{GREETING}"seq":{seq},"recovery":"{recovery}"}}"#)
}

fn burst(prev: u64, seq: u64) -> String {
    format!(r#"{{"type":"dashboard.updates","prev":{prev},"seq":{seq},"updates":[]}}"#)
}

fn state(epoch: &str, seq: u64) -> String {
    format!(r#"{{"type":"dashboard.state","epoch":"{epoch}","seq":{seq},"updates":[]}}"#)
}

fn tally(frames: &[String]) -> Tally {
    let mut tally = Tally::of_roomcast();
    for frame in frames {
        tally.hear(frame);
    }
    tally
}

#[test]
fn a_client_is_level_when_it_has_every_update_of_its_room() {
    let empty = tally(&[greeting(0, "none")]);
    assert!(empty.level(&[0]) && !empty.level(&[1]));
    let waiting = tally(&[greeting(40, "snapshot")]);
    assert!(!waiting.level(&[0]));
    let ready = tally(&[greeting(40, "snapshot"), state("0707070707070707", 40), burst(40, 44)]);
    assert!(ready.level(&[44]) && !ready.level(&[45]));
    assert_eq!(ready.position().unwrap().to_string(), "0707070707070707:44");
    assert_eq!((ready.counts().received, ready.counts().skipped, ready.lost(&[45])), (4, 0, 1));
}

#[test]
fn a_replay_continues_where_the_client_was() {
    let mut tally = tally(&[greeting(0, "none"), burst(0, 4)]);
    tally.leave();
    assert!(!tally.level(&[4]));
    tally.hear(&greeting(9, "replayed"));
    tally.hear(&burst(3, 9));
    let counts = tally.counts();
    assert_eq!((counts.received, counts.duplicated, counts.replays), (9, 1, 1));
    assert_eq!(tally.lost(&[9]), 0);
}

#[test]
fn updates_that_a_state_replaces_are_skipped_and_not_lost() {
    let same = tally(&[greeting(0, "none"), burst(0, 4), state("0707070707070707", 9)]);
    assert_eq!((same.counts().skipped, same.counts().renewed, same.lost(&[9])), (5, 0, 0));
    let other = tally(&[greeting(0, "none"), burst(0, 4), state("0808080808080808", 2)]);
    assert_eq!((other.counts().skipped, other.counts().renewed, other.lost(&[4])), (0, 1, 2));
}

#[test]
fn a_gap_is_lost() {
    let tally = tally(&[greeting(0, "none"), burst(0, 4), burst(6, 9)]);
    assert_eq!((tally.counts().received, tally.lost(&[9])), (7, 2));
}

#[test]
fn each_publisher_of_a_peer_has_a_lane_of_its_own() {
    let mut tally = Tally::of_peer(2);
    tally.arrive();
    for counter in [1, 1_000_000_001, 3, 2, 2, 1_000_000_002, 9_000_000_001] {
        tally.hear_counter(counter);
    }
    let counts = tally.counts();
    assert_eq!((counts.received, counts.duplicated, counts.reordered), (5, 1, 1));
    assert!(tally.level(&[3, 2]));
    assert_eq!(tally.lost(&[3, 4]), 2);
}
