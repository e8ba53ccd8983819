//! Decides what a refused request means for the messages that are in it: which can never be published, and what becomes of the others.
//!
//! The server refuses a request as a whole. So that one bad message holds up nobody, it is taken out, and the others are sent
//! again. A refusal that is not about the messages ends the bridge: what is on the bus stays there.

use std::collections::BTreeMap;

use roomcast::deployment::failure::Failure;
use roomcast::protocol::codes::ProblemCode;
use roomcast::protocol::problem::Problem;

use crate::posting::answer::Refused;

const MALFORMED: &str = ProblemCode::Malformed.code();
const TOO_LARGE: &str = ProblemCode::TooLarge.code();
const STALE: &str = ProblemCode::SignatureStale.code();

/// What to do with the events of a refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Those at these places can never be published. The others can be sent again.
    Without(BTreeMap<usize, Problem>),
    /// It is not known which one is bad: each is sent alone.
    Alone,
    /// All can be sent again, signed anew, after a pause.
    Again(Failure),
    /// None can be sent before somebody has done something.
    End(Failure),
}

/// What a refusal of so many events means for them.
pub(super) fn remedy(refused: Refused, events: usize) -> Remedy {
    let Refused { failure, problem } = refused;
    let Some(problem) = problem else { return Remedy::End(failure) };
    match problem.code.as_str() {
        MALFORMED | TOO_LARGE => {
            let named = named(&problem, events);
            match (named.is_empty(), events) {
                (false, _) => Remedy::Without(named),
                (true, 1) => Remedy::Without(BTreeMap::from([(0, problem)])),
                (true, _) => Remedy::Alone,
            }
        }
        // A room cannot tell whether it is a repeat of an event that it has forgotten. It can of one that is signed now.
        STALE => Remedy::Again(failure),
        _ => Remedy::End(failure),
    }
}

/// What is wrong with each event that the problem names. In a message of its own, each is the first.
fn named(problem: &Problem, events: usize) -> BTreeMap<usize, Problem> {
    let mut named = BTreeMap::new();
    for error in problem.errors.iter().filter(|error| error.index < events) {
        let own = || Problem { errors: Vec::new(), ..problem.clone() };
        let mut alone = error.clone();
        alone.index = 0;
        named.entry(error.index).or_insert_with(own).errors.push(alone);
    }
    named
}

#[cfg(test)]
mod tests {
    use roomcast::protocol::problem::Malformed;

    use super::*;

    fn refused(code: ProblemCode, wrong: &[(usize, &str)]) -> Refused {
        let error = |(index, field): &(usize, &str)| Malformed {
            index: *index,
            field: (*field).to_owned(),
            reason: "is missing".to_owned(),
        };
        let errors = wrong.iter().map(error).collect();
        let problem = Problem { errors, ..Problem::new(code, "The detail.") };
        Refused { problem: Some(problem), ..Failure::Refused("refused".to_owned()).into() }
    }

    #[test]
    fn only_the_events_that_are_named_are_dead() {
        let wrong = [(1, "payload"), (3, "event_type"), (1, "occurred_at"), (9, "x")];
        let Remedy::Without(dead) = remedy(refused(ProblemCode::Malformed, &wrong), 5) else {
            panic!("not without")
        };
        assert!(dead.keys().eq(&[1, 3]));
        let fields: Vec<_> =
            dead[&1].errors.iter().map(|error| (error.index, &*error.field)).collect();
        assert_eq!(fields, [(0, "payload"), (0, "occurred_at")]);
    }

    #[test]
    fn events_that_nobody_names_are_sent_alone_so_that_a_bad_one_is_told_apart() {
        for code in [ProblemCode::TooLarge, ProblemCode::Malformed] {
            assert_eq!(remedy(refused(code, &[]), 2), Remedy::Alone);
            let alone = remedy(refused(code, &[]), 1);
            assert!(matches!(alone, Remedy::Without(dead) if dead[&0].code == code.code()));
        }
    }

    #[test]
    fn what_is_not_about_the_messages_kills_none_of_them() {
        let stale = remedy(refused(ProblemCode::SignatureStale, &[]), 1);
        assert!(matches!(stale, Remedy::Again(_)));
        for code in
            [ProblemCode::SignatureInvalid, ProblemCode::NotFound, ProblemCode::Misconfigured]
        {
            assert!(matches!(remedy(refused(code, &[]), 1), Remedy::End(_)), "{code:?}");
        }
        let strange = Failure::Refused("<html>".to_owned()).into();
        assert!(matches!(remedy(strange, 1), Remedy::End(_)));
    }
}
