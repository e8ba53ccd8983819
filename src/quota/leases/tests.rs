use super::*;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

/// By then every connection has joined.
const LATER: Timestamp = Timestamp(NOW.0 + LEASE_JOINS_MS);

fn client(number: u8) -> ClientId {
    ClientId::from_random([number; 8])
}

fn take(leases: &mut Leases, number: u8, room: &str, now: Timestamp) -> Option<Allotment> {
    let attempt = leases.attempt(client(number), room.to_owned(), now);
    match leases.step(&attempt, u32::MAX, now) {
        Step::Granted(given, stored) => {
            assert_eq!(given, Leased::new(now, leases.life()));
            stored
        }
        other => panic!("it has no place: {other:?}"),
    }
}

/// A seat with so many leases, in a room each.
fn holding(count: u8) -> Leases {
    let mut leases = Leases::default();
    for number in 0..count {
        take(&mut leases, number, &format!("t/{number}"), NOW);
    }
    leases
}

/// A new life of a seat with four places in each of these rooms.
fn reborn(rooms: &[&str]) -> Leases {
    let allotment =
        |(slot, room): (u32, &&str)| Allotment { slot, room: (*room).into(), places: 4 };
    Leases::new((0..).zip(rooms).map(allotment).collect(), NOW)
}

fn attempt(leases: &mut Leases, now: Timestamp) -> Attempt {
    leases.attempt(client(99), "t/new".into(), now)
}

fn asked(step: Step) -> Round {
    match step {
        Step::Ask(round) => round,
        other => panic!("it asks nobody: {other:?}"),
    }
}

/// All rooms answer, and these connections are absent.
fn answer(leases: &mut Leases, round: &Round, absent: &[ClientId]) {
    for (room, question) in &round.questions {
        let clients = question.clients.iter();
        let present: Vec<_> = clients.filter(|one| !absent.contains(one)).cloned().collect();
        leases.answered(round, room, Some(&present));
    }
    leases.asked(round);
}

#[test]
fn places_are_given_up_to_the_limit_without_asking_anybody() {
    let mut leases = Leases::default();
    for number in 0..5 {
        let attempt = leases.attempt(client(number), "t/a".into(), NOW);
        let step = leases.step(&attempt, 5, NOW);
        let Step::Granted(given, stored) = step else { panic!("no place: {step:?}") };
        assert_eq!(given, Leased::new(NOW, leases.life()));
        let rows = [Some(4), None, None, None, Some(5)];
        assert_eq!(stored.map(|one| one.places), rows[usize::from(number)]);
    }
    assert_eq!(leases.iter().count(), 5);
    assert_eq!(leases.rooms().collect::<Vec<_>>(), ["t/a"]);
}

#[test]
fn a_client_that_is_sent_on_to_another_object_of_its_room_has_one_place() {
    let mut leases = holding(2);
    take(&mut leases, 9, "t/a", NOW);
    let again = leases.attempt(client(9), "t/a#any.0".into(), NOW);
    let Step::Granted(..) = leases.step(&again, 3, NOW) else { panic!("the place was its own") };
    assert_eq!(leases.count(), 3);
    assert!(!leases.rooms().any(|room| room == "t/a"));
}

#[test]
fn an_object_that_a_client_has_left_says_nothing_of_the_one_to_which_it_was_sent_on() {
    let mut leases = holding(2);
    take(&mut leases, 9, "t/a", NOW);
    let fourth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&fourth, 3, LATER));
    let again = leases.attempt(client(9), "t/a#any.0".into(), LATER);
    let Step::Granted(..) = leases.step(&again, 3, LATER) else { panic!("the place was its own") };
    leases.answered(&round, "t/a", Some(&[]));
    assert_eq!(leases.count(), 3);
}

#[test]
fn an_answer_is_not_about_a_lease_that_was_given_after_the_question() {
    let mut leases = holding(2);
    take(&mut leases, 9, "t/a", NOW);
    let fourth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&fourth, 3, LATER));
    take(&mut leases, 9, "t/a", LATER);
    leases.answered(&round, "t/a", Some(&[]));
    assert_eq!(leases.count(), 3);
}

#[test]
fn at_the_limit_the_rooms_are_asked_once_and_the_attempt_is_refused() {
    let mut leases = holding(5);
    let sixth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&sixth, 5, LATER));
    assert_eq!(round.questions.len(), 5);
    assert_eq!(round.questions["t/0"], Question { clients: vec![client(0)], all: false });
    assert!(matches!(leases.step(&sixth, 5, LATER), Step::Wait(_)));
    answer(&mut leases, &round, &[]);
    assert_eq!(leases.step(&sixth, 5, LATER), Step::Full);
}

#[test]
fn the_place_of_a_connection_that_is_gone_is_given_to_the_next_and_its_room_in_storage_too() {
    let mut leases = holding(5);
    let sixth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&sixth, 5, LATER));
    leases.answered(&round, "t/2", Some(&[]));
    let granted = leases.step(&sixth, 5, LATER);
    let Step::Granted(_, Some(stored)) = granted else { panic!("before the others answer") };
    assert_eq!((stored.slot, stored.room.as_str()), (2, "t/new"));
}

#[test]
fn a_room_that_does_not_answer_holds_its_places() {
    let mut leases = holding(5);
    let sixth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&sixth, 5, LATER));
    for room in round.questions.keys() {
        leases.answered(&round, room, None);
    }
    leases.asked(&round);
    assert_eq!(leases.step(&sixth, 5, LATER), Step::Full);
}

#[test]
fn a_room_is_not_asked_about_a_connection_that_may_be_on_its_way() {
    let mut leases = holding(5);
    let now = NOW.plus_ms(LEASE_JOINS_MS - 300);
    let sixth = attempt(&mut leases, now);
    assert_eq!(leases.step(&sixth, 5, now), Step::Wait(300));
    assert!(matches!(leases.step(&sixth, 5, now.plus_ms(300)), Step::Ask(_)));
}

#[test]
fn a_room_is_not_asked_twice_for_one_attempt() {
    let young = NOW.plus_ms(LEASE_JOINS_MS - 50);
    let mut leases = holding(1);
    take(&mut leases, 1, "t/1", young);
    let third = attempt(&mut leases, LATER);
    let round = asked(leases.step(&third, 2, LATER));
    assert_eq!(round.questions.keys().collect::<Vec<_>>(), ["t/0"]);
    answer(&mut leases, &round, &[]);
    assert!(matches!(leases.step(&third, 2, LATER), Step::Wait(_)));
    let later = young.plus_ms(LEASE_JOINS_MS);
    let round = asked(leases.step(&third, 2, later));
    assert_eq!(round.questions.keys().collect::<Vec<_>>(), ["t/1"]);
    answer(&mut leases, &round, &[]);
    assert_eq!(leases.step(&third, 2, later), Step::Full);
}

#[test]
fn only_what_was_asked_after_an_attempt_came_refuses_it() {
    let mut leases = holding(1);
    let first = attempt(&mut leases, LATER);
    let round = asked(leases.step(&first, 1, LATER));
    // The room has been asked when the place becomes free and somebody comes for it.
    let second = attempt(&mut leases, LATER);
    answer(&mut leases, &round, &[]);
    assert_eq!(leases.step(&first, 1, LATER), Step::Full);
    assert_eq!(leases.step(&second, 1, LATER), Step::Wait(VERIFY_EVERY_MS));
    let later = LATER.plus_ms(VERIFY_EVERY_MS);
    let round = asked(leases.step(&second, 1, later));
    answer(&mut leases, &round, &[client(0)]);
    assert!(matches!(leases.step(&second, 1, later), Step::Granted(..)));
}

#[test]
fn a_place_that_somebody_else_got_meanwhile_counts() {
    let mut leases = holding(1);
    let (first, second) = (attempt(&mut leases, LATER), attempt(&mut leases, LATER));
    let round = asked(leases.step(&first, 1, LATER));
    answer(&mut leases, &round, &[client(0)]);
    assert!(matches!(leases.step(&first, 1, LATER), Step::Granted(..)));
    assert_eq!(leases.step(&second, 1, LATER), Step::Full);
}

#[test]
fn whoever_hammers_causes_few_rounds() {
    let mut leases = holding(5);
    let mut rounds = 0;
    for tick in 0..1_000 {
        let now = LATER.plus_ms(tick);
        let next = attempt(&mut leases, now);
        if let Step::Ask(round) = leases.step(&next, 5, now) {
            answer(&mut leases, &round, &[]);
            rounds += 1;
        }
    }
    assert_eq!(rounds, 1_000 / VERIFY_EVERY_MS);
}

#[test]
fn an_attempt_does_not_wait_for_ever() {
    let mut leases = holding(5);
    let sixth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&sixth, 5, LATER));
    let end = LATER.plus_ms(SEAT_PATIENCE_MS);
    assert_eq!(leases.step(&sixth, 5, end), Step::Full);
    // A round that never ended is given up.
    let next = attempt(&mut leases, end);
    let again = asked(leases.step(&next, 5, end));
    leases.asked(&round);
    let third = attempt(&mut leases, end);
    assert!(matches!(leases.step(&third, 5, end), Step::Wait(_)), "the second goes on");
    leases.asked(&again);
}

#[test]
fn a_lower_limit_closes_nothing_and_lets_nobody_in() {
    let mut leases = holding(5);
    let next = attempt(&mut leases, LATER);
    let round = asked(leases.step(&next, 2, LATER));
    answer(&mut leases, &round, &[client(1)]);
    assert_eq!(leases.step(&next, 2, LATER), Step::Full);
    assert_eq!(leases.iter().count(), 4);
}

#[test]
fn a_clock_that_was_set_back_does_not_hold_places() {
    let mut leases = holding(5);
    let before = Timestamp(NOW.0 - 3_600_000);
    let sixth = attempt(&mut leases, before);
    assert!(matches!(leases.step(&sixth, 5, before), Step::Ask(_)));
}

#[test]
fn a_limit_of_nothing_lets_nobody_in_and_the_number_of_leases_is_bounded() {
    let mut leases = Leases::default();
    let nobody = attempt(&mut leases, NOW);
    assert_eq!(leases.step(&nobody, 0, NOW), Step::Full);
    for number in 0..SEAT_LEASES {
        let client = ClientId::from_random((number as u64).to_be_bytes());
        let one = leases.attempt(client, "t/new".into(), NOW);
        assert!(matches!(leases.step(&one, u32::MAX, NOW), Step::Granted(..)));
    }
    let more = attempt(&mut leases, NOW);
    assert!(matches!(leases.step(&more, u32::MAX, NOW), Step::Wait(_)));
}

#[test]
fn a_review_asks_about_all_that_have_had_time_to_join() {
    let mut leases = holding(2);
    assert_eq!(leases.review(NOW), None);
    let round = leases.review(LATER).unwrap();
    assert_eq!(leases.review(LATER), None, "one at a time");
    answer(&mut leases, &round, &[client(0), client(1)]);
    assert_eq!(leases.iter().count(), 0);
    assert_eq!(leases.review(LATER.plus_ms(1)), None);
}

#[test]
fn a_new_life_counts_as_many_connections_as_its_rooms_may_have() {
    let mut leases = reborn(&["t/a"]);
    assert_eq!((leases.count(), leases.iter().count()), (4, 0));
    assert_eq!(take(&mut leases, 1, "t/b", NOW).map(|one| one.slot), Some(1), "5 is the limit");
    let sixth = attempt(&mut leases, NOW);
    let round = asked(leases.step(&sixth, 5, NOW));
    assert_eq!(round.questions.len(), 1, "the other is on its way");
    assert_eq!(round.questions["t/a"], Question { clients: vec![], all: true });
    leases.answered(&round, "t/a", Some(&[client(7), client(8)]));
    assert_eq!((leases.count(), leases.iter().count()), (3, 3));
    assert!(matches!(leases.step(&sixth, 5, NOW), Step::Granted(..)));
    let named = leases.iter().filter(|lease| lease.room == "t/a").count();
    assert_eq!(named, 2, "whom the room has named is counted like others");
}

#[test]
fn a_room_that_does_not_answer_a_new_life_holds_all_its_places() {
    let mut leases = reborn(&["t/a", "t/b"]);
    let first = attempt(&mut leases, NOW);
    let round = asked(leases.step(&first, 5, NOW));
    leases.answered(&round, "t/a", None);
    assert!(matches!(leases.step(&first, 5, NOW), Step::Wait(_)), "the other may answer yet");
    leases.answered(&round, "t/b", Some(&[client(1)]));
    leases.asked(&round);
    let Step::Granted(..) = leases.step(&first, 6, NOW) else { panic!("4 + 1 of 6") };
    let second = leases.attempt(client(98), "t/new".into(), NOW);
    let later = LATER.plus_ms(VERIFY_EVERY_MS);
    let round = asked(leases.step(&second, 6, later));
    assert!(round.questions["t/a"].all, "it is asked again for those who come later");
}

#[test]
fn a_connection_that_joins_while_its_room_is_asked_is_counted_once() {
    let mut leases = reborn(&["t/a"]);
    take(&mut leases, 1, "t/a", NOW);
    let next = attempt(&mut leases, NOW);
    let round = asked(leases.step(&next, 5, NOW));
    leases.answered(&round, "t/a", Some(&[client(1), client(2)]));
    assert_eq!(leases.count(), 2);
}

#[test]
fn rooms_without_connections_are_not_concerned() {
    let mut leases = reborn(&["t/a", "t/b"]);
    assert_eq!(leases.rooms().count(), 2);
    let round = leases.review(NOW).unwrap();
    leases.answered(&round, "t/a", Some(&[]));
    assert_eq!(leases.rooms().collect::<Vec<_>>(), ["t/b"]);
}
