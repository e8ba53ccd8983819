//! The address of a server, and the addresses of its routes.
//!
//! Nothing here connects. Credentials in an address are used but never shown.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use crate::protocol::ids::{Position, PresetName, RoomName, SessionId, TenantName};

/// The base address of a Roomcast server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// The address to which events are posted.
    pub fn events(&self) -> Url {
        self.below(&["api", "events"])
    }

    /// The address at which a session is watched from `position` on. It does not contain the token.
    pub fn live(&self, session: &SessionId, position: Option<&Position>) -> Url {
        let mut url = self.below(&["api", "sessions", session.as_str(), "live"]);
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        // This fails only for schemes of another kind, which `from_str` refuses.
        let _ = url.set_scheme(scheme);
        if let Some(position) = position {
            url.query_pairs_mut().append_pair("resume", &position.to_string());
        }
        url
    }

    /// The same server, as it serves a tenant.
    #[must_use]
    pub fn of_tenant(&self, tenant: &TenantName) -> Self {
        Self(self.below(&["t", tenant.as_str()]))
    }

    /// The address of a tenant in the admin API.
    pub fn tenant(&self, tenant: &TenantName) -> Url {
        self.below(&["admin", "tenants", tenant.as_str()])
    }

    /// The address of the list of tenants that come after one in their order.
    pub fn tenants(&self, after: Option<&TenantName>) -> Url {
        let mut url = self.below(&["admin", "tenants"]);
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after.as_str());
        }
        url
    }

    /// The address at which a tenant's secrets are sealed anew.
    pub fn reseal(&self, tenant: &TenantName) -> Url {
        self.below(&["admin", "tenants", tenant.as_str(), "reseal"])
    }

    /// The address of the list of a tenant's rooms that come after one in their order.
    pub fn rooms(&self, tenant: &TenantName, after: Option<&str>) -> Url {
        let mut url = self.below(&["admin", "tenants", tenant.as_str(), "rooms"]);
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        url
    }

    /// The address of what a tenant has used, on so many days before today.
    pub fn usage(&self, tenant: &TenantName, days: u64) -> Url {
        let mut url = self.below(&["admin", "tenants", tenant.as_str(), "usage"]);
        url.query_pairs_mut().append_pair("days", &days.to_string());
        url
    }

    /// The address at which a room says how it stands.
    pub fn room(&self, room: &RoomName) -> Url {
        let tenant = room.tenant.as_str();
        let preset = room.preset.as_ref().map(PresetName::as_str);
        let path = ["admin", "tenants", tenant, "rooms"].into_iter().chain(preset);
        let path: Vec<_> = path.chain([room.session.as_str()]).collect();
        self.below(&path)
    }

    /// The origin that a browser sends for the page that the server serves.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    fn below(&self, path: &[&str]) -> Url {
        let mut url = self.0.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

impl FromStr for Endpoint {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "must be an address such as http://127.0.0.1:8787";
        let url = Url::parse(text).map_err(|_| WANTED)?;
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        usable.then_some(Self(url)).ok_or(WANTED)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // These fail only for addresses without a host, which have no credentials either.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        f.write_str(shown.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_of_the_base_is_kept() {
        let events = |base| endpoint(base).events().to_string();
        assert_eq!(events("http://127.0.0.1:8787"), "http://127.0.0.1:8787/api/events");
        assert_eq!(events("https://a.test/edge/"), "https://a.test/edge/api/events");
        let acme = endpoint("https://a.test/edge").of_tenant(&"acme".parse().unwrap());
        assert_eq!(acme.events().as_str(), "https://a.test/edge/t/acme/api/events");
    }

    #[test]
    fn a_session_is_watched_over_the_matching_scheme() {
        let position = "5b1d000000000000:42".parse().unwrap();
        let live = endpoint("https://a.test").live(&"s-1".parse().unwrap(), Some(&position));
        assert_eq!(
            live.as_str(),
            "wss://a.test/api/sessions/s-1/live?resume=5b1d000000000000%3A42"
        );
        let live = endpoint("http://a.test:1").live(&"a@b".parse().unwrap(), None);
        assert_eq!(live.as_str(), "ws://a.test:1/api/sessions/a@b/live");
    }

    #[test]
    fn a_room_is_asked_below_its_tenant() {
        let room = |name: &str| endpoint("https://a.test").room(&name.parse().unwrap());
        assert_eq!(room("acme/s-1").as_str(), "https://a.test/admin/tenants/acme/rooms/s-1");
        let other = "https://a.test/admin/tenants/acme/rooms/admin/all";
        assert_eq!(room("acme/admin/all").as_str(), other);
        let rooms = endpoint("https://a.test").rooms(&"acme".parse().unwrap(), Some("admin/all"));
        let rest = "https://a.test/admin/tenants/acme/rooms?after=admin%2Fall";
        assert_eq!(rooms.as_str(), rest);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origin = |text| endpoint(text).origin();
        assert_eq!(origin("http://127.0.0.1:8787/edge"), "http://127.0.0.1:8787");
        assert_eq!(origin("https://me:hunter2@a.test:443"), "https://a.test");
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(endpoint("https://me:hunter2@a.test/").to_string(), "https://a.test");
    }

    #[test]
    fn an_address_that_is_not_http_is_refused() {
        for text in ["127.0.0.1:8787", "ftp://a.test", "http://", "", "file:///etc"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }
}
