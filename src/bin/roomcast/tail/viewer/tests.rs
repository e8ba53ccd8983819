use super::*;

const EPOCH: &str = "5b1d000000000000";
const OTHER: &str = "07aa000000000000";

fn connected(epoch: &str, seq: Seq, recovery: &str) -> String {
    format!(
        r#"{{"type":"connected","sessionId":"s","clientId":"9f0c000000000000","timestamp":"t",
        "epoch":"{epoch}","seq":{seq},"recovery":"{recovery}"}}"#
    )
}

fn update(seq: Seq) -> String {
    format!(
        r#"{{"type":"dashboard.update","seq":{seq},"updateType":"x","timestamp":"t","data":{{}}}}"#
    )
}

fn list(seqs: &[Seq]) -> String {
    seqs.iter().map(|seq| update(*seq)).collect::<Vec<_>>().join(",")
}

fn burst(prev: Seq, seqs: &[Seq]) -> String {
    let seq = seqs.last().copied().unwrap_or(prev);
    format!(
        r#"{{"type":"dashboard.updates","prev":{prev},"seq":{seq},"updates":[{}]}}"#,
        list(seqs)
    )
}

fn state(epoch: &str, seq: Seq, seqs: &[Seq]) -> String {
    format!(
        r#"{{"type":"dashboard.state","epoch":"{epoch}","seq":{seq},"updates":[{}]}}"#,
        list(seqs)
    )
}

fn at(seq: Seq) -> Viewer {
    Viewer::new(Some(Position { epoch: EPOCH.parse().unwrap(), seq }))
}

fn place(viewer: &Viewer) -> String {
    viewer.position().map(ToString::to_string).unwrap_or_default()
}

/// What a frame shows, by number, and the note before it.
fn shown(viewer: &mut Viewer, frame: &str) -> (Vec<Seq>, Option<String>) {
    match viewer.hear(frame) {
        Reaction::Show { updates, note } => {
            (updates.iter().map(|update| update.seq).collect(), note)
        }
        other => panic!("nothing to show: {other:?}"),
    }
}

fn seqs(viewer: &mut Viewer, frame: &str) -> Vec<Seq> {
    shown(viewer, frame).0
}

#[test]
fn a_first_visit_gets_the_state_and_then_the_tail() {
    let mut viewer = Viewer::new(None);
    assert!(seqs(&mut viewer, &connected(EPOCH, 4, "snapshot")).is_empty());
    assert!(viewer.welcomed());
    assert_eq!(shown(&mut viewer, &state(EPOCH, 4, &[1, 4])), (vec![1, 4], None));
    assert_eq!(seqs(&mut viewer, &update(5)), [5]);
    assert_eq!(seqs(&mut viewer, &burst(5, &[6, 7])), [6, 7]);
    assert_eq!(place(&viewer), format!("{EPOCH}:7"));
}

#[test]
fn an_empty_room_is_followed_from_its_first_update() {
    let mut viewer = Viewer::new(None);
    seqs(&mut viewer, &connected(EPOCH, 0, "none"));
    assert_eq!(seqs(&mut viewer, &update(1)), [1]);
}

#[test]
fn a_viewer_that_returns_gets_what_it_missed() {
    let mut viewer = at(4);
    viewer.begin();
    seqs(&mut viewer, &connected(EPOCH, 6, "replayed"));
    assert_eq!(seqs(&mut viewer, &burst(4, &[5, 6])), [5, 6]);
    assert_eq!(seqs(&mut viewer, &update(7)), [7]);
}

#[test]
fn updates_that_have_been_seen_are_not_shown_again() {
    let mut viewer = at(4);
    assert!(seqs(&mut viewer, &update(4)).is_empty());
    assert!(seqs(&mut viewer, &burst(1, &[2, 3])).is_empty());
    assert_eq!(seqs(&mut viewer, &burst(3, &[4, 5])), [5]);
    assert_eq!(place(&viewer), format!("{EPOCH}:5"));
}

#[test]
fn a_burst_may_have_fewer_updates_than_its_numbers_say() {
    let mut viewer = at(4);
    let frame = r#"{"type":"dashboard.updates","prev":4,"seq":9,"updates":[]}"#;
    assert!(seqs(&mut viewer, frame).is_empty());
    assert_eq!(place(&viewer), format!("{EPOCH}:9"));
}

#[test]
fn a_gap_leaves_the_position_where_it_was() {
    for frame in [update(6), burst(5, &[6, 7])] {
        let mut viewer = at(4);
        assert!(matches!(viewer.hear(&frame), Reaction::Gap(why) if why.contains(":4 up to 5")));
        assert_eq!(place(&viewer), format!("{EPOCH}:4"));
    }
}

#[test]
fn updates_before_a_position_and_unreadable_frames_are_gaps() {
    assert!(matches!(Viewer::new(None).hear(&update(1)), Reaction::Gap(_)));
    assert!(matches!(at(4).hear("nonsense"), Reaction::Gap(_)));
}

#[test]
fn a_position_that_is_too_old_gets_the_newer_part_of_the_state() {
    let mut viewer = at(4);
    let (seqs, note) = shown(&mut viewer, &state(EPOCH, 900, &[2, 4, 800, 900]));
    assert_eq!(seqs, [800, 900]);
    assert!(note.unwrap().contains("no longer reaches back to 5b1d000000000000:4"));
    assert_eq!(place(&viewer), format!("{EPOCH}:900"));
}

#[test]
fn another_epoch_starts_from_nothing() {
    let mut viewer = at(4);
    let (seqs, note) = shown(&mut viewer, &state(OTHER, 3, &[1, 3]));
    assert_eq!(seqs, [1, 3]);
    assert!(note.unwrap().contains("begun anew"));
    let (_, note) = shown(&mut at(4), &connected(OTHER, 0, "none"));
    assert!(note.unwrap().contains("begun anew"));
}

#[test]
fn a_replay_of_another_epoch_is_not_trusted() {
    let mut viewer = at(4);
    assert!(matches!(viewer.hear(&connected(OTHER, 9, "replayed")), Reaction::Gap(_)));
    assert_eq!(viewer.position(), None, "the next connection asks for the state");
}

#[test]
fn updates_that_were_not_shown_do_not_count_as_seen() {
    let mut viewer = at(4);
    assert_eq!(seqs(&mut viewer, &burst(4, &[5, 6, 7])), [5, 6, 7]);
    viewer.seen_only(5);
    assert_eq!(place(&viewer), format!("{EPOCH}:5"));
}

#[test]
fn an_error_frame_is_reported_and_the_connection_stays_open() {
    let error =
        r#"{"type":"error","code":"bad_frame","message":"no","retryable":false,"timestamp":"t"}"#;
    assert_eq!(shown(&mut at(4), error), (vec![], Some("bad_frame: no".to_owned())));
    assert_eq!(at(4).hear(r#"{"type":"pong"}"#), Reaction::Pong);
}

#[test]
fn the_user_is_told_when_the_token_ends() {
    let mut viewer = at(3);
    let frame = r#"{"type":"auth.expiring","expiresAt":"2026-01-07T11:01:00.000Z"}"#;
    let (shown, note) = shown(&mut viewer, frame);
    assert_eq!((shown, place(&viewer)), (vec![], format!("{EPOCH}:3")));
    assert!(note.unwrap().contains("the token ends at 2026-01-07T11:01:00.000Z"));
}
