//! Which tenant a request means: `/t/<tenant>/…`, else the host name, else the default tenant.
//!
//! Says what is asked for, not whether there is such a tenant.

use crate::protocol::address::path_and_query;
use crate::protocol::ids::TenantName;

/// How a request names its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By its name.
    Tenant(TenantName),
    /// Perhaps by a host name of its own; if no tenant has it, the default tenant is meant.
    Host(String),
    /// By a text that is no tenant's name.
    Nobody,
}

/// The tenant that the address of a request names, and the path without it.
pub fn site<'u>(url: &'u str, suffix: Option<&str>) -> (Named, &'u str) {
    let (path, _) = path_and_query(url);
    if let Some((name, rest)) = below_t(path) {
        return (name.parse().map_or(Named::Nobody, Named::Tenant), rest);
    }
    let host = host(url).to_ascii_lowercase();
    if let Some(name) = suffix.and_then(|suffix| host.strip_suffix(suffix)) {
        return (name.parse().map_or(Named::Nobody, Named::Tenant), path);
    }
    (Named::Host(host), path)
}

/// `/t/<tenant>` and `/t/<tenant>/…` without the first two segments.
fn below_t(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/t/")?;
    let (name, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((name, if path.is_empty() { "/" } else { path }))
}

/// The host name of an absolute URL, without its port.
fn host(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, _)) if !host.ends_with(']') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(url: &str) -> (Named, &str) {
        site(url, Some(".rooms.test"))
    }

    fn tenant(name: &str) -> Named {
        Named::Tenant(name.parse().unwrap())
    }

    #[test]
    fn a_path_names_its_tenant_before_the_host_does() {
        let url = "https://other.rooms.test/t/acme/api/events";
        assert_eq!(named(url), (tenant("acme"), "/api/events"));
        assert_eq!(named("http://a.test:1/t/acme"), (tenant("acme"), "/"));
        assert_eq!(named("http://a.test:1/t/acme?x=/t/b"), (tenant("acme"), "/"));
        assert_eq!(named("http://a.test/t/Not%20one/x"), (Named::Nobody, "/x"));
        assert_eq!(named("http://a.test/t//x"), (Named::Nobody, "/x"));
    }

    #[test]
    fn a_host_names_its_tenant_by_the_suffix() {
        assert_eq!(named("https://acme.rooms.test/ws?t"), (tenant("acme"), "/ws"));
        assert_eq!(named("https://ACME.Rooms.Test:8443/"), (tenant("acme"), "/"));
        assert_eq!(named("https://a.b.rooms.test/"), (Named::Nobody, "/"));
        assert_eq!(named("https://.rooms.test/"), (Named::Nobody, "/"));
    }

    #[test]
    fn any_other_host_may_be_that_of_a_tenant_or_of_the_default_tenant() {
        let host = |host: &str| Named::Host(host.to_owned());
        assert_eq!(named("http://127.0.0.1:8787/tt/x"), (host("127.0.0.1"), "/tt/x"));
        assert_eq!(named("http://[::1]:8787/x"), (host("[::1]"), "/x"));
        assert_eq!(named("http://[::1]"), (host("[::1]"), "/"));
        assert_eq!(named("https://evilrooms.test/x"), (host("evilrooms.test"), "/x"));
        assert_eq!(site("https://acme.rooms.test/", None).0, host("acme.rooms.test"));
    }
}
