//! The checks, in the order in which they run: each states a fact of docs/protocol.md.

use std::future::Future;
use std::pin::Pin;

use super::asking::Found;
use super::subject::Subject;
use super::{limits, recovery, refusals, wire};

type Running<'s> = Pin<Box<dyn Future<Output = Found> + 's>>;

/// What a check does to the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// It connects and asks.
    Nothing,
    /// It posts events.
    Posts,
}

/// One check.
pub(super) struct Check {
    pub(super) group: &'static str,
    /// What it shows.
    pub(super) fact: &'static str,
    pub(super) needs: Needs,
    pub(super) run: for<'s> fn(&'s Subject) -> Running<'s>,
}

macro_rules! checks {
    ($($group:ident { $($name:ident, $needs:ident, $fact:literal;)* })*) => {
        vec![$($(Check {
            group: stringify!($group),
            fact: $fact,
            needs: Needs::$needs,
            run: |subject| Box::pin($group::$name(subject)),
        },)*)*]
    };
}

/// All checks.
pub(super) fn all() -> Vec<Check> {
    checks! {
        wire {
            health, Nothing, "the deployment says that it is there";
            greeting, Nothing, "a client is greeted first, with its session, an id, and the position of the room";
            pong, Nothing, "the exact ping is answered with the exact pong";
            unknown_frame, Nothing, "a frame of an unknown type is answered with an error that repeats its ref, and the connection stays";
            accepted, Posts, "a posted event is accepted with a number, and clients get an update with that number";
            order, Posts, "events of one post are numbered in their order, without gaps";
            everyone, Posts, "all clients of a session get the same updates, and those of another session none";
            plain, Posts, "a client that names no subprotocol gets each update alone, with the payload of its event";
        }
        recovery {
            missed, Posts, "a client that comes back with its position gets exactly what it has missed";
            nothing_missed, Posts, "a client that has missed nothing is sent nothing";
            within, Posts, "any position that a client received is one to come back from, also within a post";
            snapshot, Posts, "a client without a position gets the state at exactly the head";
            other_epoch, Posts, "a client with a position of another epoch gets the state";
            again, Posts, "an event that is posted again is a duplicate with its first number, and nobody gets it twice";
            asked_state, Posts, "the state that a client asks for is the one that a new client gets";
        }
        refusals {
            no_token, Nothing, "a client without a token is closed with 4401 token_missing";
            other_key, Nothing, "a token of another key is refused with token_invalid";
            expired, Nothing, "a token that has ended is refused with token_expired";
            other_session, Nothing, "a token for another session is refused with 4403 session_refused";
            other_origin, Nothing, "a page of another origin is refused with 4403 origin_refused";
            bad_position, Nothing, "a malformed position is refused with 4400 bad_position";
            plain_refusal, Nothing, "a client that names no subprotocol is refused with a status and a problem document";
            no_upgrade, Nothing, "a request without an upgrade is answered 426";
            unknown_tenant, Nothing, "a tenant that does not exist is refused with tenant_unknown";
            unsigned, Nothing, "a post without a signature is refused with signature_missing";
            wrongly_signed, Nothing, "a post with a signature of another secret is refused with signature_invalid";
            stale, Posts, "a post that was signed ten minutes ago is refused with signature_stale";
            malformed, Posts, "a malformed event is refused with its index and field, and nothing of its post is applied";
        }
        limits {
            long_frame, Nothing, "a frame of over 4,096 bytes closes the connection with 1009";
            events, Posts, "a post of over 500 events is refused with too_large";
            bytes, Posts, "a post of over 262,144 bytes is refused with too_large";
            connections, Posts, "a user who has as many connections as a user may have is refused with 4413 user_full";
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_states_another_fact() {
        let mut facts: Vec<_> = all().iter().map(|check| check.fact).collect();
        let many = facts.len();
        facts.sort_unstable();
        facts.dedup();
        assert_eq!(facts.len(), many);
    }
}
