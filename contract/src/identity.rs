//! What makes two visits one visitor's.

use std::net::IpAddr;

use crate::click::MAX_USER_AGENT;

/// The kind of address, the address, the user agent.
const LONGEST: usize = 1 + 8 + MAX_USER_AGENT;

/// Separates these values from all others that might be made of the same facts. No secret.
const STICKY: &[u8; 32] = b"linkpulse sticky split value v1.";

/// Address and user agent, as hashes see them. Of IPv6 the first half counts: the other half is
/// one device's, and changes within a day. Where the address ends is told by its kind, so no two
/// visitors have the same bytes. The user agent counts as far as it is stored.
pub struct Identity {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Identity {
    /// Whoever has this address and sends this user agent.
    pub fn of(address: IpAddr, user_agent: &[u8]) -> Self {
        let mut identity = Self {
            bytes: [0; LONGEST],
            length: 0,
        };
        match address.to_canonical() {
            IpAddr::V4(address) => {
                identity.push(&[4]);
                identity.push(&address.octets());
            }
            IpAddr::V6(address) => {
                identity.push(&[6]);
                identity.push(&address.octets()[..8]);
            }
        }
        identity.push(&user_agent[..user_agent.len().min(MAX_USER_AGENT)]);
        identity
    }

    /// 128 bits that nobody without the key can make, or try out addresses with.
    pub fn hash(&self, key: &[u8; 32]) -> [u8; 16] {
        let hash = blake3::keyed_hash(key, &self.bytes[..self.length]);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        half
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.bytes[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }
}

/// A value that stays the same for a visitor, at every proxy and for ever: by it a split keeps
/// showing them the same target, without a cookie. Addresses can be found out from it by trying, so
/// it must never be written anywhere, nor leave this process.
pub fn sticky_value(address: IpAddr, user_agent: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = Identity::of(address, user_agent).hash(STICKY);
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sticky(address: &str, user_agent: &str) -> u64 {
        sticky_value(address.parse().unwrap(), user_agent.as_bytes())
    }

    #[test]
    fn address_and_user_agent_make_a_visitor() {
        let value = sticky("203.0.113.1", "Firefox");
        assert_eq!(sticky("203.0.113.1", "Firefox"), value);
        assert_eq!(sticky("::ffff:203.0.113.1", "Firefox"), value);
        assert_ne!(sticky("203.0.113.2", "Firefox"), value);
        assert_ne!(sticky("203.0.113.1", "Chrome"), value);
    }

    #[test]
    fn a_network_of_ipv6_is_one_visitor() {
        let value = sticky("2001:db8::1", "Firefox");
        assert_eq!(sticky("2001:db8::8f3a:1", "Firefox"), value);
        assert_ne!(sticky("2001:db8:0:1::1", "Firefox"), value);
    }

    #[test]
    fn addresses_and_user_agents_are_not_confused() {
        // The same bytes, but for the kind of address.
        assert_ne!(
            sticky("32.1.13.184", "\0\0\0\0Firefox"),
            sticky("2001:db8::", "Firefox")
        );
    }

    #[test]
    fn a_user_agent_counts_as_far_as_it_is_stored() {
        let long = "x".repeat(MAX_USER_AGENT);
        let value = sticky("203.0.113.1", &long);
        assert_eq!(sticky("203.0.113.1", &format!("{long}yz")), value);
        assert_ne!(sticky("203.0.113.1", &long[1..]), value);
    }

    #[test]
    fn the_value_is_the_same_in_every_release() {
        // Another value would show visitors of a running split another target.
        assert_eq!(sticky("203.0.113.1", "Firefox"), 4_014_496_447_408_776_096);
    }
}
