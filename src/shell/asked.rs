//! What a client asks for when it connects or reads: headers and query, read once.

use futures::FutureExt as _;
use web_sys::Request;
use worker::{Env, Result};

use super::answer::SUBPROTOCOL;
use super::environment::now;
use super::headers::Headers;
use super::query::parameter;
use super::record::{write, Line};
use super::tenants;
use crate::auth::admission::{admit, Admission, Claimed, Place, Session};
use crate::auth::operator;
use crate::auth::secret::Secret;
use crate::auth::token::{offered, unknown_key, Carriers};
use crate::protocol::address::path_and_query;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::SessionId;
use crate::tenant::Tenant;

/// The headers that matter, in the order in which [`Asked::read`] reads them.
const HEADERS: &str = "origin,authorization,sec-websocket-protocol,cookie";

/// The parts of a request that matter, read once.
pub(super) struct Asked {
    pub(super) origin: Option<String>,
    authorization: Option<String>,
    protocols: Option<String>,
    cookie: Option<String>,
    token: Option<String>,
    resume: Option<String>,
    topics: Option<String>,
    resume_topics: Option<String>,
    pace: Option<String>,
    compress: Option<String>,
}

impl Asked {
    pub(super) fn read(request: &Request) -> Self {
        let headers = Headers::of(request, HEADERS);
        let [origin, authorization, protocols, cookie] =
            headers.values().map(|value| value.map(str::to_owned));
        let url = request.url();
        let (_, query) = path_and_query(&url);
        let query = |name: &str| parameter(query, name);
        let (token, resume) = (query("token"), query("resume"));
        let (topics, resume_topics) = (query("topics"), query("resume_topics"));
        let (pace, compress) = (query("pace"), query("compress"));
        Self {
            origin,
            authorization,
            protocols,
            cookie,
            token,
            resume,
            topics,
            resume_topics,
            pace,
            compress,
        }
    }

    pub(super) fn speaks_v1(&self) -> bool {
        let protocols = self.protocols.as_deref().unwrap_or_default();
        offered(protocols).any(|name| name == SUBPROTOCOL)
    }

    /// Only the reader's own cache may keep a state, and it must ask each time whether the state is still the latest. The
    /// reader is admitted each time, so the answer need not vary by token. If the address contains a token, no cache may
    /// store it.
    pub(super) fn caching(&self) -> &'static str {
        if self.token.is_some() {
            "no-store"
        } else {
            "private, no-cache"
        }
    }

    /// Admits the client to a place. If its token names a key that the tenant does not have, the issuer is asked once more.
    pub(super) async fn admit(
        &self,
        place: &Place<'_>,
        tenant: &Tenant,
        env: &Env,
    ) -> Result<Admission, Refusal> {
        let admitted = self.admitted(place, tenant);
        let Err(Refusal::TokenInvalid) = admitted else { return admitted };
        let Some(kid) = self.unknown_key(tenant) else { return admitted };
        match tenants::with_key(tenant, kid, env).boxed_local().await {
            Some(newer) => self.admitted(place, &newer),
            None => admitted,
        }
    }

    fn admitted(&self, place: &Place<'_>, tenant: &Tenant) -> Result<Admission, Refusal> {
        admit((&tenant.origins, &tenant.tokens), place, &self.claimed(), now())
    }

    fn claimed(&self) -> Claimed<'_> {
        Claimed {
            origin: self.origin.as_deref(),
            carriers: self.carriers(),
            resume: self.resume.as_deref(),
            topics: self.topics.as_deref(),
            resume_topics: self.resume_topics.as_deref(),
            pace: self.pace.as_deref(),
            compress: self.compress.as_deref(),
        }
    }

    /// Admits the operator, by the address of the request, to this session.
    pub(super) fn admit_operator(
        &self,
        token: Option<&Secret>,
        place: (SessionId, &str),
    ) -> Result<Admission, Refusal> {
        operator::admit(token, place, &self.claimed(), now())
    }

    /// The key that the token names, if an issuer may have it.
    fn unknown_key(&self, tenant: &Tenant) -> Option<String> {
        let carried = self.carriers().find().filter(|_| !tenant.jwks.is_empty())?;
        unknown_key(&tenant.tokens, carried.token)
    }

    fn carriers(&self) -> Carriers<'_> {
        Carriers {
            authorization: self.authorization.as_deref(),
            protocols: self.protocols.as_deref(),
            cookie: self.cookie.as_deref(),
            query: self.token.as_deref(),
        }
    }

    /// Logs that the client was refused.
    pub(super) fn record_refusal(&self, place: &Place<'_>, tenant: &Tenant, refusal: Refusal) {
        let session = match place.session {
            Session::Named(name) => name,
            Session::Only(session) => session.as_str(),
        };
        write(&Line::Refused {
            tenant: tenant.name.as_str(),
            session,
            origin: self.origin.as_deref(),
            status: refusal.status(),
            reason: refusal.code(),
        });
    }
}
