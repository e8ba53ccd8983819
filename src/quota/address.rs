//! The address of a client, as the last proxy before us tells it in a header.
//!
//! Whether a header is believed at all is a setting of the deployment: anyone can send one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whom connections and attempts are counted for: an IPv4 address, or the /64 network of an IPv6 address. One household or
/// machine commonly has a whole /64 (RFC 6177, section 2), so counting single addresses of it would limit nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

impl Address {
    /// Reads the value of the header. Of a list, as in `X-Forwarded-For`, the last entry counts: each proxy appends whom it
    /// has heard, so all entries before it are what the client or a farther proxy claims.
    pub fn parse(header: &str) -> Option<Self> {
        let last = header.rsplit(',').next().unwrap_or_default().trim();
        let socket = || last.parse().map(|socket: SocketAddr| socket.ip());
        let bare = last.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse().or_else(|_| socket()).ok()?;
        Some(Self(network(address)))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => match long.to_ipv4_mapped() {
            Some(short) => IpAddr::V4(short),
            None => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() >> 64 << 64)),
        },
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{}", Ipv4Addr::from(address.octets())),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<String> {
        Address::parse(header).map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_read_in_every_way_that_proxies_write_it() {
        for text in ["192.0.2.7", " 192.0.2.7 ", "192.0.2.7:4711", "::ffff:192.0.2.7"] {
            assert_eq!(read(text).as_deref(), Some("192.0.2.7"), "{text}");
        }
        for text in ["2001:db8:1:2::7", "[2001:db8:1:2::7]", "[2001:DB8:1:2:3:4:5:6]:4711"] {
            assert_eq!(read(text).as_deref(), Some("2001:db8:1:2::/64"), "{text}");
        }
    }

    #[test]
    fn only_the_last_entry_of_a_list_is_believed() {
        assert_eq!(read("10.0.0.1, 192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(read("192.0.2.7, unknown"), None);
        assert_eq!(read("192.0.2.7,"), None);
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        assert_eq!(read("2001:db8:1:2::7"), read("2001:db8:1:2:ffff::1"));
        assert_ne!(read("2001:db8:1:2::7"), read("2001:db8:1:3::7"));
        assert_ne!(read("192.0.2.7"), read("192.0.2.8"));
    }

    #[test]
    fn a_text_that_is_no_address_is_none() {
        for text in ["", "unknown", "_hidden", "192.0.2", "192.0.2.7/8", "fe80::1%eth0", "a b"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
