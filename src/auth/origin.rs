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
    fn an_entry_that_is_not_an_origin_is_refused() {
        for entry in ["app.example.com", "https://", "https://*.example.com", "https://a.test/"] {
            assert!(Origins::parse(entry).unwrap_err().starts_with("must be an origin"), "{entry}");
        }
    }
}
