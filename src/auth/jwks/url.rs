//! Which URLs a JWKS may be fetched from.
//!
//! A host is a name: an address, or this machine, may be a service that trusts whoever is inside. What a name leads to is
//! not known here. Whoever fetches must not follow redirects.

use crate::limits::JWKS_URL_CHARS;

/// A URL that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JwksUrl(String);

/// Whether `http` to 127.0.0.1 is allowed too, for tests and for an issuer on one's own machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// Only `https`.
    Refused,
    /// `https`, and `http` to 127.0.0.1.
    OnThisMachine,
}

impl JwksUrl {
    /// Reads a URL: `https`, the name of a host, and nothing that stands for a user.
    ///
    /// # Errors
    /// What the URL must be. It is not repeated.
    pub fn parse(text: &str, plain: Plain) -> Result<Self, &'static str> {
        // What is outside of this is read differently by different readers.
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !printable || text.len() > JWKS_URL_CHARS || text.contains('#') {
            return Err("must be a URL of printable ASCII, without a fragment, and not too long");
        }
        if plain == Plain::OnThisMachine {
            if let Some((host, port)) = text.strip_prefix("http://").map(authority) {
                let here = host == "127.0.0.1" && is_port(port);
                return here.then(|| Self(text.to_owned())).ok_or("must be https, or 127.0.0.1");
            }
        }
        let (host, port) =
            authority(text.strip_prefix("https://").ok_or("must begin with https://")?);
        if !is_port(port) || !is_name(host) {
            return Err("must name a host such as id.example.com, not an address or this machine, and no user");
        }
        Ok(Self(text.to_owned()))
    }

    /// The URL as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host of what follows the scheme, and the port.
fn authority(rest: &str) -> (&str, Option<&str>) {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
}

fn is_port(port: Option<&str>) -> bool {
    port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    })
}

/// Whether a host is a name with at least two labels that does not stand for this machine. An `@`, a `[` or a `%` is in no
/// label. A last label that is a number makes the whole an IPv4 address, in whatever notation.
fn is_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    let number = last.starts_with(|c: char| c.is_ascii_digit());
    host.split('.').all(is_label) && !number && last != "localhost"
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_url_of_a_named_host_may_be_fetched() {
        for url in [
            "https://id.example.com/.well-known/jwks.json",
            "https://id.example.com:8443/keys?tenant=a",
            "https://ID.Example.Com",
            "https://xn--bcher-kva.example./k",
        ] {
            assert_eq!(JwksUrl::parse(url, Plain::Refused).unwrap().as_str(), url);
        }
    }

    #[test]
    fn addresses_this_machine_users_and_other_schemes_are_refused() {
        for url in [
            "",
            "https://",
            "http://id.example.com/k",
            "ftp://id.example.com",
            "//id.example.com",
            "HTTPS://id.example.com",
            "https:/id.example.com",
            "https:id.example.com",
            "https://localhost/k",
            "https://LOCALHOST./k",
            "https://a.localhost/k",
            "https://intranet/k",
            "https://127.0.0.1/k",
            "https://10.0.0.1",
            "https://169.254.169.254/latest",
            "https://1.1.1.1.",
            "https://0x7f.1/k",
            "https://127.1",
            "https://2130706433/k",
            "https://a.0x7f/k",
            "https://a.7/",
            "https://[::1]/k",
            "https://[::ffff:127.0.0.1]/k",
            "https://id.example.com:99999/k",
            "https://id.example.com:/k",
            "https://id.example.com:+80/k",
            "https://id.example.com:0/k",
            "https://user@id.example.com/k",
            "https://user:pass@id.example.com/k",
            "https://@id.example.com",
            "https://id.example.com\\@evil.example/k",
            "https://id.example.com#@evil.example",
            "https://id.exa mple.com/k",
            "https://id.example.com/\n",
            "https://idé.example.com/k",
            "https://id%2eexample.com/k",
            "https://id..example.com/",
            "https://.example.com/",
            "javascript:1",
        ] {
            let why = JwksUrl::parse(url, Plain::Refused).unwrap_err();
            assert!(why.starts_with("must "), "{url}");
        }
        let long = format!("https://id.example.com/{}", "k".repeat(JWKS_URL_CHARS));
        assert!(JwksUrl::parse(&long, Plain::Refused).is_err());
    }

    #[test]
    fn plain_http_reaches_only_127_0_0_1_and_only_where_it_is_allowed() {
        let local = |url| JwksUrl::parse(url, Plain::OnThisMachine).is_ok();
        assert!(local("http://127.0.0.1:8080/k") && local("https://id.example.com/k"));
        assert!(JwksUrl::parse("http://127.0.0.1:8080/k", Plain::Refused).is_err());
        for url in ["http://127.0.0.2/k", "http://localhost/k", "http://127.0.0.1@evil.example/k"] {
            assert!(!local(url), "{url}");
        }
        assert!(!local("http://127.0.0.1:80@evil.example/k") && !local("https://127.0.0.1/k"));
    }
}
