//! Decides whether a page or program may watch a session. The name, origin, token, grant and position are
//! checked in this order. A request that is refused here never reaches a room.

use super::origin::Origins;
use super::token::{self, Carriers, TokenPolicy};
use crate::protocol::client_frame::pace;
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{Position, SessionId};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// What a request claims.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claimed<'a> {
    /// The session, as written in the path.
    pub session: &'a str,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The places that may carry the token.
    pub carriers: Carriers<'a>,
    /// The query parameter `resume`.
    pub resume: Option<&'a str>,
    /// The query parameter `topics`.
    pub topics: Option<&'a str>,
    /// The query parameter `resume_topics`.
    pub resume_topics: Option<&'a str>,
    /// The query parameter `pace`.
    pub pace: Option<&'a str>,
}

/// What was established about a request that is admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The session.
    pub session: SessionId,
    /// What the token lets its holder do.
    pub grant: Grant,
    /// The position up to which the client has seen updates.
    pub resume: Option<Position>,
    /// The topics of its subscription.
    pub topics: Topics,
    /// The topics for which the position counts, if they are others.
    pub resume_topics: Option<Topics>,
    /// Milliseconds that it wants to be between two frames.
    pub pace_ms: u32,
}

/// Checks everything that a request claims.
///
/// # Errors
/// The first check that failed.
pub fn admit(
    origins: &Origins,
    policy: &TokenPolicy,
    claimed: &Claimed<'_>,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    let session: SessionId = claimed.session.parse().map_err(|_| Refusal::BadSession)?;
    let carried = claimed.carriers.find();
    if !origins.allow(claimed.origin, carried.is_some_and(|carried| carried.ambient)) {
        return Err(Refusal::OriginRefused);
    }
    let carried = carried.ok_or(Refusal::TokenMissing)?;
    let grant = token::verify(policy, carried.token, now)?;
    if !grant.allows(&session) {
        return Err(Refusal::SessionRefused);
    }
    let resume = claimed.resume.map(str::parse).transpose().map_err(|_| Refusal::BadPosition)?;
    let topics = subscription(claimed.topics, &grant.topics)?;
    let resume_topics = claimed.resume_topics.map(list).transpose()?;
    let pace_ms = match claimed.pace {
        None => 0,
        Some(ms) => ms.parse().ok().and_then(pace).ok_or(Refusal::BadPace)?,
    };
    Ok(Admission { session, grant, resume, topics, resume_topics, pace_ms })
}

/// The topics that a client asks for. If it does not say, it gets all that its token allows.
fn subscription(asked: Option<&str>, allowed: &Topics) -> Result<Topics, Refusal> {
    let Some(asked) = asked else { return Ok(allowed.clone()) };
    let topics = list(asked)?;
    if allowed.cover(&topics) {
        Ok(topics)
    } else {
        Err(Refusal::TopicRefused)
    }
}

/// Names and patterns, separated by commas. An empty text is an empty list.
fn list(text: &str) -> Result<Topics, Refusal> {
    let names = text.split(',').filter(|_| !text.is_empty());
    Topics::parse(names).map_err(|_| Refusal::BadTopics)
}

#[cfg(test)]
mod tests {
    use super::super::secret::Secret;
    use super::super::token::{mint, NewToken};
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn verdict(change: impl FnOnce(&mut Claimed<'_>)) -> Result<Admission, Refusal> {
        let policy = TokenPolicy { key: Secret::new([7; 32]), issuer: None, audience: None };
        let sessions = ["s-1".to_owned()];
        let topics = ["a".to_owned(), "p:*".to_owned()];
        let expires = NOW.plus_ms(60_000);
        let (topics, permissions) = (Some(&topics[..]), &[][..]);
        let new = NewToken { user: "ada", sessions: &sessions, topics, permissions, expires };
        let bearer = format!("Bearer {}", mint(&policy, &new).unwrap());
        let origins = Origins::parse("https://app.example.com").unwrap();
        let mut claimed = Claimed { session: "s-1", ..Claimed::default() };
        claimed.carriers.authorization = Some(&bearer);
        // `change` can set static texts only, because `bearer` lives no longer than this function.
        change(&mut claimed);
        admit(&origins, &policy, &claimed, NOW)
    }

    #[test]
    fn a_good_request_is_admitted_with_its_position() {
        assert_eq!(verdict(|_| {}).unwrap().resume, None);
        let resumed = verdict(|claimed| claimed.resume = Some("0123456789abcdef:7")).unwrap();
        assert_eq!(resumed.resume.unwrap().seq, 7);
    }

    #[test]
    fn a_client_gets_the_topics_that_it_asks_for_or_all_that_its_token_allows() {
        let topics = |list: &[&str]| Topics::parse(list.iter().copied()).unwrap();
        assert_eq!(verdict(|_| {}).unwrap().topics, topics(&["a", "p:*"]));
        let asked = verdict(|claimed| claimed.topics = Some("p:7")).unwrap();
        assert_eq!((asked.topics, asked.resume_topics), (topics(&["p:7"]), None));
        assert_eq!(verdict(|claimed| claimed.pace = Some("251")).unwrap().pace_ms, 500);
        let none = verdict(|claimed| claimed.topics = Some("")).unwrap();
        assert_eq!(none.topics, Topics::none());
        let back = verdict(|claimed| claimed.resume_topics = Some("a,old")).unwrap();
        assert_eq!(back.resume_topics, Some(topics(&["a", "old"])));
    }

    #[test]
    fn each_check_refuses_with_its_own_reason() {
        let refusal = |change: fn(&mut Claimed<'_>)| verdict(change).unwrap_err();
        assert_eq!(refusal(|claimed| claimed.session = "a/b"), Refusal::BadSession);
        assert_eq!(refusal(|claimed| claimed.session = "s-2"), Refusal::SessionRefused);
        assert_eq!(refusal(|claimed| claimed.resume = Some("x")), Refusal::BadPosition);
        assert_eq!(refusal(|claimed| claimed.topics = Some("a,,p:1")), Refusal::BadTopics);
        assert_eq!(refusal(|claimed| claimed.resume_topics = Some("a*b")), Refusal::BadTopics);
        assert_eq!(refusal(|claimed| claimed.topics = Some("a,b")), Refusal::TopicRefused);
        assert_eq!(refusal(|claimed| claimed.topics = Some("*")), Refusal::TopicRefused);
        for bad in ["", "-1", "1.5", "60001", "fast"] {
            assert_eq!(verdict(|claimed| claimed.pace = Some(bad)), Err(Refusal::BadPace), "{bad}");
        }
        assert_eq!(
            refusal(|claimed| claimed.carriers = Carriers::default()),
            Refusal::TokenMissing
        );
        assert_eq!(
            refusal(|claimed| claimed.origin = Some("https://evil.test")),
            Refusal::OriginRefused
        );
        let bad = |claimed: &mut Claimed<'_>| claimed.carriers.authorization = Some("Bearer x");
        assert_eq!(refusal(bad), Refusal::TokenInvalid);
    }

    #[test]
    fn a_cookie_without_an_origin_is_refused() {
        let cookie = |claimed: &mut Claimed<'_>| {
            claimed.carriers = Carriers { cookie: Some("roomcast_token=x"), ..Carriers::default() };
        };
        assert_eq!(verdict(cookie), Err(Refusal::OriginRefused));
    }
}
