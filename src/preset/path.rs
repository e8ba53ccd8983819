//! Paths: where the clients of a document connect and read.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::faults::Faults;
use super::session::SessionRule;
use crate::protocol::form::Form;
use crate::protocol::route::Route;
use crate::protocol::topics::Topics;

/// The segment that stands for a session's name.
const SESSION: &str = "{session}";

/// One path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Path {
    /// The path, such as `/ws` or `/boards/{session}/live`.
    pub path: String,
    /// What is there.
    pub serves: Serves,
    /// Who may use it.
    #[serde(default)]
    pub access: Access,
    /// The topics that a client gets that asks for none. By default all that its token allows. For a client without a token
    /// these are all that it may ask for.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Vec<String>>"))]
    pub topics: Option<Topics>,
    /// Connections that there may be at once from one address at the live paths of this document that have this limit. It
    /// counts for them instead of the tenant's.
    pub connections_per_address: Option<u32>,
    /// Whether clients see who else is here, and are seen. By default as the document says.
    pub presence: Option<bool>,
    /// Whether clients may send signals to each other. By default as the document says.
    pub signals: Option<bool>,
}

/// What is at a path.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Serves {
    /// The room, live: a `WebSocket`.
    Live,
    /// The room, live, for clients of Socket.IO. Such a path may be asked for with a slash at its end.
    SocketIo,
    /// Engine.IO alone: each message comes back. For the conformance suite of Engine.IO.
    EngineIoEcho,
    /// `GET`: the state, as `roomcast.v1` knows it.
    State,
    /// `GET`: who is here.
    Presence,
    /// `GET`: a page of the log.
    Log,
    /// `GET`: the data of the latest update of a type.
    #[serde(untagged)]
    Latest(Latest),
}

/// The data of the latest update of a type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Latest {
    /// The type of the update.
    #[serde(rename = "latest")]
    pub kind: String,
    /// The answer. Names: `@data`. By default the data itself.
    pub body: Option<Form>,
}

/// Who may use a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Access {
    /// Users with a token.
    #[default]
    Token,
    /// Also pages of an allowed origin without a token.
    Anonymous,
}

impl Serves {
    /// Whether clients come by Engine.IO.
    pub fn is_engine_io(&self) -> bool {
        matches!(self, Self::SocketIo | Self::EngineIoEcho)
    }

    /// Whether clients have connections there.
    fn has_connections(&self) -> bool {
        matches!(self, Self::Live) || self.is_engine_io()
    }
}

impl Path {
    /// The session in a request's path: its segment without percent encoding, or an empty text if the path has none. `None` if
    /// the request is for another path.
    pub fn session(&self, path: &str) -> Option<String> {
        let path = match path.strip_suffix('/') {
            Some(bare) if self.serves.is_engine_io() => bare,
            _ => path,
        };
        let (mut own, mut asked) = (self.path.split('/'), path.split('/'));
        let mut session = String::new();
        loop {
            match (own.next(), asked.next()) {
                (None, None) => return Some(session),
                (Some(SESSION), Some(name)) => {
                    session = percent_decode_str(name).decode_utf8_lossy().into_owned();
                }
                (Some(step), Some(name)) if step == name => {}
                _ => return None,
            }
        }
    }

    /// What is wrong with it, in a document with this session rule and these types of updates.
    pub(super) fn check(&self, rule: &SessionRule, kinds: &[&str], faults: &mut Faults<'_>) {
        let path = self.path.as_str();
        let inner = path.strip_prefix('/').unwrap_or_default();
        let clean = |step: &str| {
            let plain = step.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b));
            step == SESSION || (plain && !step.is_empty() && !step.starts_with('.'))
        };
        let right = !inner.is_empty() && inner.split('/').all(clean);
        faults.check("path", right, "must be like /ws or /boards/{session}/live");
        faults.check("path", !is_taken(path), "is a path of Roomcast itself");
        let sessions = inner.split('/').filter(|step| *step == SESSION).count();
        let (wanted, reason) = match rule {
            SessionRule::One(_) => (0, "has a {session}, but there is only one session"),
            SessionRule::Named { .. } => {
                (1, "must have {session} once, as events name their session")
            }
        };
        faults.check("path", sessions == wanted, reason);
        let patterns = self.topics.iter().flat_map(Topics::patterns);
        let patterns: Vec<String> = patterns.map(|pattern| pattern.0).collect();
        if let Err(bad) = Topics::parse(patterns.iter().map(String::as_str)) {
            faults.at("topics").add(bad.to_string());
        }
        let counted = self.connections_per_address;
        let live = counted.is_none() || self.serves.has_connections();
        faults.check(
            "connections_per_address",
            live,
            "only clients of live paths have connections",
        );
        faults.check("connections_per_address", counted != Some(0), "must be 1 or more");
        let company = self.presence.is_some() || self.signals.is_some();
        let alone = !company || self.serves.has_connections();
        faults.check("presence", alone, "only clients of live paths have company");
        if let Serves::Latest(Latest { kind, body }) = &self.serves {
            let known = kinds.contains(&kind.as_str());
            faults.check("serves.latest", known, "no row and no tally emits this type");
            if let Some(fault) = body.as_ref().and_then(|body| body.fault(&["data"])) {
                faults.at("serves.body").add(fault);
            }
        }
    }
}

/// Whether Roomcast has a path itself, or one that only differs in names, such as that of a session.
fn is_taken(path: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    let mut fixed = Route::ALL.iter().map(|route| route.fixed()).filter(|fixed| !fixed.is_empty());
    fixed.any(|fixed| path.strip_prefix(fixed).is_some_and(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        let (serves, access) = (Serves::Live, Access::Token);
        let (topics, connections_per_address, presence, signals) = (None, None, None, None);
        let path = text.into();
        Path { path, serves, access, topics, connections_per_address, presence, signals }
    }

    #[test]
    fn a_path_matches_segment_by_segment() {
        let session = |own: &str, asked: &str| path(own).session(asked);
        assert_eq!(session("/ws", "/ws").as_deref(), Some(""));
        assert_eq!(session("/b/{session}/live", "/b/s%2D1/live").as_deref(), Some("s-1"));
        for asked in ["/", "/ws/", "/ws/x", "/WS", "//ws", "/b/s-1", "/b//live/x"] {
            assert_eq!(session("/ws", asked), None, "{asked}");
        }
        assert_eq!(session("/b/{session}/live", "/b//live").as_deref(), Some(""), "no name");
    }

    #[test]
    fn only_a_live_path_limits_connections() {
        let faults = |serves: Serves, limit: u32| {
            let mut found = Vec::new();
            let rule = SessionRule::One("all".parse().unwrap());
            let limited = Path { serves, connections_per_address: Some(limit), ..path("/ws") };
            limited.check(&rule, &[], &mut Faults::new(&mut found));
            found.len()
        };
        assert_eq!((faults(Serves::Live, 10), faults(Serves::Live, 0)), (0, 1));
        assert_eq!(faults(Serves::State, 10), 1);
    }

    #[test]
    fn only_a_live_path_has_company() {
        let faults = |serves: Serves| {
            let mut found = Vec::new();
            let rule = SessionRule::One("all".parse().unwrap());
            let path = Path { serves, signals: Some(true), ..path("/ws") };
            path.check(&rule, &[], &mut Faults::new(&mut found));
            found.len()
        };
        assert_eq!((faults(Serves::Live), faults(Serves::State)), (0, 1));
    }

    #[test]
    fn a_path_that_cannot_be_asked_for_or_is_taken_is_refused() {
        let faults = |text: &str| {
            let mut found = Vec::new();
            let rule = SessionRule::One("all".parse().unwrap());
            path(text).check(&rule, &[], &mut Faults::new(&mut found));
            found.len()
        };
        assert_eq!((faults("/ws"), faults("/api/v1/stats"), faults("/api/eventsource")), (0, 0, 0));
        for text in ["", "/", "ws", "/a//b", "/a b", "/a?b", "/a*", "/../x", "/a/{session}"] {
            assert!(faults(text) > 0, "{text}");
        }
        for route in Route::ALL {
            let own = route.template().replace("{+", "").replace(['{', '}'], "");
            assert!(faults(&own) > 0, "{own}");
        }
        for text in ["/api/sessions/x", "/dashboard", "/admin/tenants", "/admin/tenants/acme/x"] {
            assert!(faults(text) > 0, "{text}");
        }
    }
}
