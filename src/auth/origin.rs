//! Which pages may connect. This prevents cross-site WebSocket hijacking, because CORS does not apply to
//! upgrades.

/// The origins of a tenant: scheme, host and port, compared exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// The origins in `text`, separated by blanks.
    ///
    /// # Errors
    /// The first entry that is not `scheme://host` with an optional port.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split_whitespace().map(origin).collect::<Result<_, _>>().map(Self)
    }

    /// Adds those of another list.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether a page of `origin` may connect. A request without an origin does not come from a page. It
    /// may connect, unless its credentials are of the kind that a browser adds by itself.
    pub fn allow(&self, origin: Option<&str>, ambient_credentials: bool) -> bool {
        match origin {
            Some(origin) => self.contains(origin),
            None => !ambient_credentials,
        }
    }

    /// Whether `origin` is on the list.
    pub fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed == origin)
    }
}

/// Whether a page of `origin` is one of the deployment's own, by the address of its request. Only the host is compared: a proxy in
/// front of the Worker may have taken the encryption away.
pub fn is_own(origin: &str, address: &str) -> bool {
    let host = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        let own = matches!(scheme, "http" | "https");
        own.then(|| rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase())
    };
    let host_only = !origin.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    host_only && host(origin).is_some_and(|own| !own.is_empty() && Some(own) == host(address))
}

fn origin(entry: &str) -> Result<String, String> {
    let host = entry.strip_prefix("https://").or_else(|| entry.strip_prefix("http://"));
    let well_formed = |host: &str| !host.is_empty() && !host.contains(['/', '*', '?', '#', '@']);
    match host {
        Some(host) if well_formed(host) => Ok(entry.to_ascii_lowercase()),
        _ => Err("must be an origin such as https://app.example.com".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_must_match_in_scheme_host_and_port() {
        let origins = Origins::parse("https://app.example.com http://localhost:8787").unwrap();
        assert!(origins.allow(Some("https://app.example.com"), true));
        for other in [
            "http://app.example.com",
            "https://app.example.com:444",
            "https://example.com",
            "https://app.example.com.evil.test",
            "http://localhost",
            "null",
            "",
        ] {
            assert!(!origins.allow(Some(other), false), "{other:?}");
        }
    }

    #[test]
    fn a_missing_origin_is_allowed_for_tokens_and_refused_for_cookies() {
        assert!(Origins::default().allow(None, false));
        assert!(!Origins::default().allow(None, true));
    }

    #[test]
    fn an_own_page_has_the_host_and_port_of_the_request() {
        let own = |origin| is_own(origin, "https://live.example.com:8443/admin/console/live?x=1");
        assert!(own("https://live.example.com:8443") && own("http://LIVE.example.com:8443"));
        for other in [
            "",
            "null",
            "https://",
            "https://live.example.com",
            "https://live.example.com:84",
            "https://evil.test",
            "https://live.example.com:8443.evil.test",
            "https://live.example.com:8443/",
            "https://x@live.example.com:8443",
            "file://live.example.com:8443",
        ] {
            assert!(!own(other), "{other:?}");
        }
        assert!(!is_own("https://", "https://"));
    }

    #[test]
    fn an_entry_that_is_not_an_origin_is_refused() {
        for entry in ["app.example.com", "https://", "https://*.example.com", "https://a.test/"] {
            assert!(Origins::parse(entry).unwrap_err().starts_with("must be an origin"), "{entry}");
        }
    }
}
