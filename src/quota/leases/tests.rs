use super::*;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

/// By then every connection has joined.
const LATER: Timestamp = Timestamp(NOW.0 + LEASE_JOINS_MS);

fn client(number: u8) -> ClientId {
    ClientId::from_random([number; 8])
}

/// A seat with so many leases, in a room each.
fn holding(count: u8) -> Leases {
    let lease = |number| Lease { client: client(number), room: format!("t/{number}"), taken: NOW };
    Leases::new((0..count).map(|number| (u32::from(number), lease(number))))
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
    for (room, clients) in &round.questions {
        let present: Vec<_> = clients.iter().filter(|one| !absent.contains(one)).cloned().collect();
        leases.answered(round, room, Some(&present));
    }
    leases.asked(round);
}

#[test]
fn places_are_given_up_to_the_limit_without_asking_anybody() {
    let mut leases = Leases::default();
    for number in 0..5 {
        let attempt = leases.attempt(client(number), "t/a".into(), NOW);
        let lease = Lease { client: client(number), room: "t/a".into(), taken: NOW };
        assert_eq!(leases.step(&attempt, 5, NOW), Step::Granted(number.into(), lease));
    }
    assert_eq!(leases.iter().count(), 5);
}

#[test]
fn at_the_limit_the_rooms_are_asked_once_and_the_attempt_is_refused() {
    let mut leases = holding(5);
    let sixth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&sixth, 5, LATER));
    assert_eq!(round.questions.len(), 5);
    assert_eq!(round.questions["t/0"], [client(0)]);
    assert!(matches!(leases.step(&sixth, 5, LATER), Step::Wait(_)));
    answer(&mut leases, &round, &[]);
    assert_eq!(leases.step(&sixth, 5, LATER), Step::Full);
}

#[test]
fn the_place_of_a_connection_that_is_gone_is_given_to_the_next_and_stored_in_its_slot() {
    let mut leases = holding(5);
    let sixth = attempt(&mut leases, LATER);
    let round = asked(leases.step(&sixth, 5, LATER));
    leases.answered(&round, "t/2", Some(&[]));
    let granted = leases.step(&sixth, 5, LATER);
    assert!(matches!(granted, Step::Granted(2, _)), "before the other rooms answer: {granted:?}");
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
    let lease =
        |number, taken| Lease { client: client(number), room: format!("t/{number}"), taken };
    let young = NOW.plus_ms(LEASE_JOINS_MS - 50);
    let mut leases = Leases::new([(0, lease(0, NOW)), (1, lease(1, young))]);
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
    assert!(matches!(leases.step(&second, 1, later), Step::Granted(0, _)));
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
    for _ in 0..SEAT_LEASES {
        let one = attempt(&mut leases, NOW);
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
fn free_slots_are_found() {
    let free = |taken: &[u32]| first_free(taken.iter().copied());
    assert_eq!((free(&[]), free(&[1, 2]), free(&[0, 1]), free(&[3, 0, 1])), (0, 0, 2, 2));
}
