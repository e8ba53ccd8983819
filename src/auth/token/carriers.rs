//! Where a request carries its token, and which place counts if several do.
//!
//! The shell takes the places out of the request; their order is here.

/// The four places that may carry a token.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carriers<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Sec-WebSocket-Protocol` header.
    pub protocols: Option<&'a str>,
    /// The `Cookie` header.
    pub cookie: Option<&'a str>,
    /// The query parameter `token`.
    pub query: Option<&'a str>,
}

/// A token that was found, and whether a browser added it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried<'a> {
    /// The token's text.
    pub token: &'a str,
    /// Whether it came in the cookie, which a browser adds by itself.
    pub ambient: bool,
}

impl<'a> Carriers<'a> {
    /// The token in the first place that has one.
    pub fn find(&self) -> Option<Carried<'a>> {
        let explicit = |token| Carried { token, ambient: false };
        self.bearer()
            .or_else(|| self.subprotocol())
            .map(explicit)
            .or_else(|| self.cookie().map(|token| Carried { token, ambient: true }))
            .or_else(|| self.query.map(explicit))
    }

    /// The token in the `Authorization` header.
    pub fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.authorization?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The token among the subprotocols.
    pub fn subprotocol(&self) -> Option<&'a str> {
        offered(self.protocols?).find_map(|name| name.strip_prefix("roomcast.bearer."))
    }

    fn cookie(&self) -> Option<&'a str> {
        let pairs = self.cookie?.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().find(|(name, _)| *name == "roomcast_token").map(|(_, token)| token)
    }
}

/// The subprotocols that a `Sec-WebSocket-Protocol` header offers.
pub fn offered(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_carries_a_token_counts() {
        let mut places = Carriers {
            authorization: Some("Bearer a"),
            protocols: Some("roomcast.v1, roomcast.bearer.b"),
            cookie: Some("x=1; roomcast_token=c"),
            query: Some("d"),
        };
        let found = |places: &Carriers<'static>| places.find().map(|c| (c.token, c.ambient));
        assert_eq!(found(&places), Some(("a", false)));
        places.authorization = Some("Basic a");
        assert_eq!(found(&places), Some(("b", false)));
        places.protocols = Some("roomcast.v1");
        assert_eq!(found(&places), Some(("c", true)));
        places.cookie = None;
        assert_eq!(found(&places), Some(("d", false)));
        places.query = None;
        assert_eq!(found(&places), None);
    }
}
