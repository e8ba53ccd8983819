//! Decides whether a page or program may watch a session. The name, origin, token, grant and position are
//! checked in this order. A request that is refused here never reaches a room.

use super::origin::Origins;
use super::token::{self, Carriers, TokenPolicy};
use crate::protocol::client_frame::pace;
use crate::protocol::codes::Refusal;
use crate::protocol::company::Company;
use crate::protocol::deflate::DEFLATE;
use crate::protocol::grant::Grant;
use crate::protocol::ids::{Position, SessionId};
use crate::protocol::time::Timestamp;
use crate::protocol::topics::Topics;

/// What a request is for, as its path says.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The session; as written in the path, if the path names it.
    pub session: Session<'a>,
    /// Who may be there without a token.
    pub open: Open,
    /// The topics that a client gets that asks for none. All that it may see, without this.
    pub topics: Option<&'a Topics>,
    /// How many connections there may be from one address, if the place has a limit of its own. Counted elsewhere.
    pub connections_per_address: Option<u32>,
    /// What clients may do besides watching. Decided elsewhere.
    pub company: Company,
}

/// The session of a place.
#[derive(Debug, Clone, Copy)]
pub enum Session<'a> {
    /// The path names it.
    Named(&'a str),
    /// The document has only this one. A token need not name it.
    Only(&'a SessionId),
}

/// Who may be at a place without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Nobody.
    Closed,
    /// Pages of an allowed origin. Browsers name the origin of a page that opens a WebSocket.
    ToOrigins,
    /// Pages of an allowed origin and whoever names none. Browsers name no origin when a page reads from its own.
    ToReaders,
}

impl<'a> Place<'a> {
    /// A session that the path names, for users with a token.
    pub fn of(session: &'a str) -> Self {
        let (open, topics, connections_per_address) = (Open::Closed, None, None);
        let (session, company) = (Session::Named(session), Company::default());
        Self { session, open, topics, connections_per_address, company }
    }
}

/// What a request claims.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claimed<'a> {
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
    /// The query parameter `compress`.
    pub compress: Option<&'a str>,
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
    /// Whether it asks for compressed frames.
    pub deflate: bool,
}

/// Checks everything that a request claims.
///
/// # Errors
/// The first check that failed.
pub fn admit(
    (origins, policy): (&Origins, &TokenPolicy),
    place: &Place<'_>,
    claimed: &Claimed<'_>,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    let session = place.session.id()?;
    let carried = claimed.carriers.find();
    if !origins.allow(claimed.origin, carried.is_some_and(|carried| carried.ambient)) {
        return Err(Refusal::OriginRefused);
    }
    let grant = match carried {
        Some(carried) => place.session.granted(token::verify(policy, carried.token, now)?)?,
        None => place.anonymous(claimed.origin)?,
    };
    wanted((session, grant), place.topics, claimed)
}

/// What a client that has this grant asks for in a session. `usual` are the topics that it gets if it asks for none.
///
/// # Errors
/// It asks for something that is malformed, or that its grant does not allow.
pub(super) fn wanted(
    (session, grant): (SessionId, Grant),
    usual: Option<&Topics>,
    claimed: &Claimed<'_>,
) -> Result<Admission, Refusal> {
    let resume = claimed.resume.map(str::parse).transpose().map_err(|_| Refusal::BadPosition)?;
    let topics = subscription(claimed.topics, usual, &grant.topics)?;
    let resume_topics = claimed.resume_topics.map(list).transpose()?;
    let pace_ms = match claimed.pace {
        None => 0,
        Some(ms) => ms.parse().ok().and_then(pace).ok_or(Refusal::BadPace)?,
    };
    // A way that is not known is none, so that clients may ask for those of later versions.
    let deflate = claimed.compress == Some(DEFLATE);
    Ok(Admission { session, grant, resume, topics, resume_topics, pace_ms, deflate })
}

impl Session<'_> {
    /// Its name.
    ///
    /// # Errors
    /// [`Refusal::BadSession`] when what the path names can be no session.
    pub fn id(self) -> Result<SessionId, Refusal> {
        match self {
            Self::Named(name) => name.parse().map_err(|_| Refusal::BadSession),
            Self::Only(session) => Ok(session.clone()),
        }
    }

    /// Passes a grant on, if it is good for the session.
    ///
    /// # Errors
    /// It is not, or the session's name can be none.
    pub fn granted(self, grant: Grant) -> Result<Grant, Refusal> {
        match (grant.allows(&self.id()?), self) {
            (Some(true), _) | (None, Self::Only(_)) => Ok(grant),
            (Some(false), _) => Err(Refusal::SessionRefused),
            (None, Self::Named(_)) => Err(Refusal::TokenInvalid),
        }
    }
}

impl Place<'_> {
    /// The grant of a client without a token.
    fn anonymous(&self, origin: Option<&str>) -> Result<Grant, Refusal> {
        let open = match self.open {
            Open::Closed => return Err(Refusal::TokenMissing),
            Open::ToOrigins => origin.is_some(),
            Open::ToReaders => true,
        };
        if open {
            Ok(Grant::anonymous(self.topics.cloned().unwrap_or_default()))
        } else {
            Err(Refusal::OriginRefused)
        }
    }
}

/// The topics that a client asks for. If it does not say, it gets those of the place, as far as its token allows them.
fn subscription(
    asked: Option<&str>,
    usual: Option<&Topics>,
    allowed: &Topics,
) -> Result<Topics, Refusal> {
    let Some(asked) = asked else { return Ok(unasked(usual, allowed)) };
    let topics = list(asked)?;
    if allowed.cover(&topics) {
        Ok(topics)
    } else {
        Err(Refusal::TopicRefused)
    }
}

/// The topics of a client that does not ask for any: those of the place, or all, as far as its token allows them.
pub fn unasked(usual: Option<&Topics>, allowed: &Topics) -> Topics {
    usual.map_or_else(|| allowed.clone(), |usual| usual.within(allowed))
}

/// Names and patterns, separated by commas. An empty text is an empty list.
fn list(text: &str) -> Result<Topics, Refusal> {
    let names = text.split(',').filter(|_| !text.is_empty());
    Topics::parse(names).map_err(|_| Refusal::BadTopics)
}

#[cfg(test)]
mod tests {
    use super::super::token::{mint, NewToken};
    use super::*;

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn verdict(change: impl FnOnce(&mut Claimed<'_>)) -> Result<Admission, Refusal> {
        verdict_at(&Place::of("s-1"), Some(&["s-1"]), change)
    }

    fn verdict_at(
        place: &Place<'_>,
        sessions: Option<&[&str]>,
        change: impl FnOnce(&mut Claimed<'_>),
    ) -> Result<Admission, Refusal> {
        let policy = TokenPolicy::shared([7; 32]).unwrap();
        let sessions: Option<Vec<_>> =
            sessions.map(|all| all.iter().map(ToString::to_string).collect());
        let sessions = sessions.as_deref();
        let topics = ["a".to_owned(), "p:*".to_owned()];
        let expires = NOW.plus_ms(60_000);
        let (topics, permissions) = (Some(&topics[..]), &[][..]);
        let new = NewToken { sessions, topics, permissions, ..NewToken::new("ada", expires) };
        let bearer = format!("Bearer {}", mint(&policy, &new, NOW).unwrap());
        let origins = Origins::parse("https://app.example.com").unwrap();
        let mut claimed = Claimed::default();
        claimed.carriers.authorization = Some(&bearer);
        // `change` can set static texts only, because `bearer` lives no longer than this function.
        change(&mut claimed);
        admit((&origins, &policy), place, &claimed, NOW)
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
        let at = |session: &str| verdict_at(&Place::of(session), Some(&["s-1"]), |_| {});
        assert_eq!(at("a/b"), Err(Refusal::BadSession));
        assert_eq!(at("s-2"), Err(Refusal::SessionRefused));
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

    #[test]
    fn a_token_need_not_name_the_only_session_of_a_document() {
        let only: SessionId = "all".parse().unwrap();
        let place = Place { session: Session::Only(&only), ..Place::of("") };
        assert_eq!(verdict_at(&place, None, |_| {}).unwrap().session, only);
        assert!(verdict_at(&place, Some(&["all"]), |_| {}).is_ok());
        assert_eq!(verdict_at(&place, Some(&["s-1"]), |_| {}), Err(Refusal::SessionRefused));
        assert_eq!(verdict_at(&Place::of("s-1"), None, |_| {}), Err(Refusal::TokenInvalid));
    }

    #[test]
    fn a_place_may_be_open_to_pages_of_an_allowed_origin() {
        const ORIGIN: Option<&str> = Some("https://app.example.com");
        let bare = |claimed: &mut Claimed<'_>, origin| {
            (claimed.carriers, claimed.origin) = (Carriers::default(), origin);
        };
        let verdict = |open, origin: Option<&'static str>| {
            let topics = Topics::parse(["a"]).unwrap();
            let place = Place { open, topics: Some(&topics), ..Place::of("s-1") };
            verdict_at(&place, None, |claimed| bare(claimed, origin))
        };
        let admitted = verdict(Open::ToOrigins, ORIGIN).unwrap();
        assert_eq!(
            (admitted.grant.user.as_str(), admitted.grant.permissions.is_empty()),
            ("", true)
        );
        assert_eq!(admitted.grant.topics, Topics::parse(["a"]).unwrap());
        assert_eq!(verdict(Open::ToOrigins, None), Err(Refusal::OriginRefused));
        assert!(verdict(Open::ToReaders, None).is_ok());
        let foreign = Some("https://evil.test");
        for open in [Open::ToOrigins, Open::ToReaders] {
            assert_eq!(verdict(open, foreign), Err(Refusal::OriginRefused));
        }
        assert_eq!(verdict(Open::Closed, ORIGIN), Err(Refusal::TokenMissing));
        let wrong = |claimed: &mut Claimed<'_>| {
            claimed.carriers.authorization = Some("Bearer x");
            claimed.origin = ORIGIN;
        };
        let open = Place { open: Open::ToOrigins, ..Place::of("s-1") };
        assert_eq!(verdict_at(&open, None, wrong), Err(Refusal::TokenInvalid), "not as nobody");
    }

    #[test]
    fn a_client_that_asks_for_no_topics_gets_those_of_the_place_that_it_may_see() {
        let usual = Topics::parse(["a", "b"]).unwrap();
        let place = Place { topics: Some(&usual), ..Place::of("s-1") };
        let topics = verdict_at(&place, Some(&["s-1"]), |_| {}).unwrap().topics;
        assert_eq!(topics, Topics::parse(["a"]).unwrap());
        let asked = |claimed: &mut Claimed<'_>| claimed.topics = Some("p:7");
        let topics = verdict_at(&place, Some(&["s-1"]), asked).unwrap().topics;
        assert_eq!(topics, Topics::parse(["p:7"]).unwrap());
    }
}
