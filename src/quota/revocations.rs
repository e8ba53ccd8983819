//! The tokens of one user that count no longer, although they have not ended.
//!
//! A revocation is kept until every token has ended that it can be about. None is forgotten sooner: if there are too many,
//! one that covers them all takes their place.

use serde::{Deserialize, Serialize};

use crate::limits::{
    REVOCATIONS, REVOKE_AGAIN_MS, REVOKE_TRIED_MS, TOKEN_ID_CHARS, TOKEN_LEEWAY_S, TOKEN_LONGEST_S,
};
use crate::protocol::ids::SessionId;
use crate::protocol::time::Timestamp;

/// Milliseconds after which every token has ended that there is now, if its tenant takes none that last longer than usual.
pub const TOKENS_END_MS: u64 =
    (TOKEN_LONGEST_S.unsigned_abs() + 2 * TOKEN_LEEWAY_S.unsigned_abs()) * 1_000;

/// What is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// The `jti` of the only token that is revoked. Without it, all that were issued until `issued_until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The only session in which they are revoked. Without it, in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The last time at which a revoked token was issued. A token that does not say when it was issued counts as older. Of no
    /// meaning if `token` is set.
    pub issued_until: Timestamp,
}

/// A token, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// Its `jti`.
    pub id: Option<&'a str>,
    /// Its `iat`.
    pub issued: Option<Timestamp>,
    /// The session that it is shown for.
    pub session: &'a SessionId,
}

/// One revocation, and how long it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    revoked: Revoked,
    made: Timestamp,
    /// When all tokens have ended that it can be about.
    until: Timestamp,
    /// When rooms are told of it once more: by then every connection has joined that was on its way when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again: Option<Timestamp>,
}

/// The revocations of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revocations(Vec<Entry>);

impl Revocations {
    /// Adds a revocation of tokens that may last for `longest_ms` from now. Rooms are told of it once more at `again`. Returns
    /// what is revoked now, which may be more.
    pub fn add(
        &mut self,
        revoked: Revoked,
        (again, longest_ms): (Timestamp, u64),
        now: Timestamp,
    ) -> Revoked {
        self.forget(now);
        let long = revoked.token.as_ref().is_some_and(|id| id.chars().count() > TOKEN_ID_CHARS);
        let revoked = if long { everything(now) } else { revoked };
        let until = now.plus_ms(longest_ms.max(TOKENS_END_MS));
        let mut entry = Entry { revoked, made: now, until, again: Some(again) };
        self.0.retain(|other| !entry.replaces(other));
        if self.0.len() >= REVOCATIONS {
            entry.revoked = self.all(now);
            let longest = self.0.iter().map(|entry| entry.until).max();
            entry.until = entry.until.max(longest.unwrap_or_default());
            self.0.clear();
        }
        self.0.push(entry.clone());
        entry.revoked
    }

    /// What covers everything that is revoked.
    fn all(&self, now: Timestamp) -> Revoked {
        let last = self.0.iter().map(|entry| entry.revoked.issued_until).max();
        let everything = everything(now);
        let issued_until = everything.issued_until.max(last.unwrap_or_default());
        Revoked { issued_until, ..everything }
    }

    /// Whether a token of the user counts no longer.
    pub fn refuses(&self, token: Token<'_>) -> bool {
        self.0.iter().any(|entry| entry.revoked.covers(token))
    }

    /// Forgets what is not needed any more. Says whether there was anything.
    pub fn forget(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        self.0.retain(|entry| entry.until > now);
        self.0.len() < before
    }

    /// The revocations that rooms have to be told of once more.
    pub fn due(&self, now: Timestamp) -> Vec<Revoked> {
        let due = self.0.iter().filter(|entry| entry.again.is_some_and(|again| again <= now));
        due.map(|entry| entry.revoked.clone()).collect()
    }

    /// Notes that rooms were told of what was due at `now`. If not all of them have answered, they are told again, but not for
    /// ever.
    pub fn told(&mut self, now: Timestamp, all: bool) {
        for entry in &mut self.0 {
            let tried = now.ms_since(entry.made) > REVOKE_TRIED_MS;
            entry.again = match entry.again {
                Some(again) if again <= now => {
                    (!all && !tried).then(|| now.plus_ms(REVOKE_AGAIN_MS))
                }
                again => again,
            };
        }
    }

    /// When there is something to do next: to tell rooms, or to forget.
    pub fn next(&self) -> Option<Timestamp> {
        self.0.iter().map(|entry| entry.again.unwrap_or(entry.until)).min()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Revoked {
    fn covers(&self, token: Token<'_>) -> bool {
        let here = self.session.as_ref().is_none_or(|session| session == token.session);
        here && match &self.token {
            Some(id) => token.id == Some(id.as_str()),
            None => token.issued.is_none_or(|issued| issued <= self.issued_until),
        }
    }
}

impl Entry {
    /// Whether it covers all that another one does, for as long.
    fn replaces(&self, other: &Self) -> bool {
        let (own, old) = (&self.revoked, &other.revoked);
        let same = own.token == old.token && own.session == old.session;
        same && own.issued_until >= old.issued_until && self.until >= other.until
    }
}

/// All tokens of the user that there are. The clock of their issuer may be ahead of ours.
fn everything(now: Timestamp) -> Revoked {
    let leeway = TOKEN_LEEWAY_S.unsigned_abs() * 1_000;
    Revoked { token: None, session: None, issued_until: now.plus_ms(leeway) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn all_until(issued_until: Timestamp) -> Revoked {
        Revoked { token: None, session: None, issued_until }
    }

    fn one(id: &str) -> Revoked {
        Revoked { token: Some(id.into()), ..all_until(NOW) }
    }

    fn refuses(revocations: &Revocations, id: Option<&str>, issued: Option<u64>) -> bool {
        let session = "s-1".parse().unwrap();
        revocations.refuses(Token { id, issued: issued.map(Timestamp), session: &session })
    }

    fn with(revoked: impl IntoIterator<Item = Revoked>) -> Revocations {
        let mut revocations = Revocations::default();
        for one in revoked {
            revocations.add(one, (NOW, 0), NOW);
        }
        revocations
    }

    #[test]
    fn a_user_loses_the_tokens_that_were_issued_until_then_and_those_that_do_not_say() {
        let revocations = with([all_until(NOW)]);
        assert!(refuses(&revocations, Some("t"), Some(NOW.0)));
        assert!(refuses(&revocations, None, None));
        assert!(!refuses(&revocations, None, Some(NOW.0 + 1)));
    }

    #[test]
    fn a_token_is_revoked_alone() {
        let revocations = with([one("t-1")]);
        assert!(refuses(&revocations, Some("t-1"), Some(NOW.0 + 99_000)));
        assert!(!refuses(&revocations, Some("t-2"), None) && !refuses(&revocations, None, None));
    }

    #[test]
    fn a_user_may_be_sent_out_of_one_session() {
        let session = Some("s-1".parse().unwrap());
        let revocations = with([Revoked { session, ..all_until(NOW) }]);
        assert!(refuses(&revocations, None, None));
        let other = "s-2".parse().unwrap();
        let token = Token { id: None, issued: None, session: &other };
        assert!(!revocations.refuses(token));
    }

    #[test]
    fn a_revocation_lasts_until_the_longest_token_has_ended() {
        let mut revocations = with([all_until(NOW)]);
        assert!(!revocations.forget(NOW.plus_ms(TOKENS_END_MS - 1)));
        assert!(revocations.forget(NOW.plus_ms(TOKENS_END_MS)) && revocations.is_empty());
    }

    #[test]
    fn a_later_revocation_takes_the_place_of_an_earlier_one_and_not_the_other_way_round() {
        let mut revocations = with([all_until(NOW), all_until(NOW.plus_ms(5))]);
        assert_eq!(revocations.0.len(), 1);
        revocations.add(all_until(NOW), (NOW, 0), NOW);
        assert!(refuses(&revocations, None, Some(NOW.0 + 5)));
    }

    #[test]
    fn none_is_forgotten_when_there_are_too_many() {
        let ids: Vec<String> = (0..REVOCATIONS + 3).map(|number| format!("t-{number}")).collect();
        let revocations = with(ids.iter().map(|id| one(id)));
        assert!(revocations.0.len() <= REVOCATIONS);
        for id in &ids {
            assert!(refuses(&revocations, Some(id), Some(NOW.0)), "{id}");
        }
        assert!(!refuses(&revocations, None, Some(NOW.0 + 61_000)), "tokens from later on count");
        let text = serde_json::to_string(&revocations).unwrap();
        assert!(text.len() < 100_000);
    }

    #[test]
    fn the_bytes_of_all_revocations_are_bounded() {
        let long = "x".repeat(TOKEN_ID_CHARS);
        let ids = (0..REVOCATIONS).map(|number| format!("{number:03}{}", long.split_at(3).1));
        let mut revocations = with(ids.map(|id| one(&id)));
        assert!(serde_json::to_string(&revocations).unwrap().len() < 1_000_000);
        let more = revocations.add(one(&format!("{long}x")), (NOW, 0), NOW);
        assert_eq!(more.token, None, "a token with a longer id takes all with it");
    }

    #[test]
    fn rooms_are_told_again_once() {
        let mut revocations = Revocations::default();
        let again = NOW.plus_ms(9_000);
        revocations.add(one("t-1"), (again, 0), NOW);
        assert_eq!((revocations.due(NOW), revocations.next()), (vec![], Some(again)));
        assert_eq!(revocations.due(again), [one("t-1")]);
        revocations.told(again, true);
        assert_eq!(revocations.due(again), []);
        assert_eq!(revocations.next(), Some(NOW.plus_ms(TOKENS_END_MS)));
    }

    #[test]
    fn rooms_that_do_not_answer_are_told_again_for_a_while() {
        let mut revocations = with([one("t-1")]);
        revocations.told(NOW, false);
        let again = NOW.plus_ms(REVOKE_AGAIN_MS);
        assert_eq!(revocations.next(), Some(again));
        revocations.told(NOW.plus_ms(REVOKE_TRIED_MS + 1), false);
        assert_eq!(revocations.next(), Some(NOW.plus_ms(TOKENS_END_MS)));
    }

    #[test]
    fn the_form_of_revocations_is_unchanged() {
        let text = concat!(
            r#"[{"revoked":{"token":"t-1","issued_until":1},"made":1,"until":2,"again":3},"#,
            r#"{"revoked":{"session":"s-1","issued_until":1},"made":1,"until":2}]"#
        );
        let read: Revocations = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
