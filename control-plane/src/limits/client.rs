//! Who a request comes from, as far as its address tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;

/// The client behind a request, to be counted under; its address goes nowhere.
///
/// Whoever has one address of an IPv6 network (64 bits) has all of them. Those without an address
/// are one client.
pub fn client_of(headers: &HeaderMap) -> IpAddr {
    match address(headers).map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        Some(address) => address,
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

/// The last that the header has, since that is what our proxy put there.
fn address(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(values: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        client_of(&headers).to_string()
    }

    #[test]
    fn the_address_is_the_one_that_our_proxy_wrote() {
        assert_eq!(client(&["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client(&["1.1.1.1, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client(&["1.1.1.1", "2001:db8::1"]), "2001:db8::");
        assert_eq!(client(&["192.0.2.1, x"]), "0.0.0.0");
        assert_eq!(client(&[]), "0.0.0.0");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        assert_eq!(client(&["2001:db8::1"]), client(&["2001:db8::ffff:1:2"]));
        assert_ne!(client(&["2001:db8::1"]), client(&["2001:db8:0:1::1"]));
        assert_eq!(client(&["::ffff:192.0.2.1"]), "192.0.2.1");
    }
}
