//! The parts of a request's address.
//!
//! The runtime has parsed the address and written it in its normal form. Parsing it again would be a noticeable part of
//! the cost of a connection, so this only cuts it.

/// The path of an absolute address, and its query without the question mark.
pub fn path_and_query(address: &str) -> (&str, &str) {
    let address = address.split('#').next().unwrap_or_default();
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let after_scheme = place.split_once("://").map_or(place, |(_, rest)| rest);
    let path = after_scheme.find('/').and_then(|start| after_scheme.get(start..));
    (path.unwrap_or("/"), query)
}

#[cfg(test)]
mod tests {
    use super::path_and_query;

    #[test]
    fn an_address_has_a_path_and_a_query() {
        for (address, parts) in [
            ("http://a:8787/api/events", ("/api/events", "")),
            ("https://a/?token=a/b?c", ("/", "token=a/b?c")),
            ("https://a/s/%2F//x?resume=e:1#part?", ("/s/%2F//x", "resume=e:1")),
            ("https://a", ("/", "")),
            ("https://a?q=http://b/c", ("/", "q=http://b/c")),
            ("", ("/", "")),
        ] {
            assert_eq!(path_and_query(address), parts, "{address}");
        }
    }
}
