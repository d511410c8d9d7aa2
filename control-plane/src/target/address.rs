//! Addresses that the whole internet means the same machine by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether the whole internet means the same machine by it. Ranges: IANA's special-purpose
/// registry, read November 2026.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        // Relays of 6to4, given up, and some still answer.
        || (a == 192 && b == 88 && c == 99)
        // In no registry: what Azure's machines ask for their secrets.
        || address == Ipv4Addr::new(168, 63, 129, 16)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        // IPv4-mapped, IPv4-compatible, NAT64, 6to4: what matters is the address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        [0x2001, 0xdb8, ..] => false,
        // Documentation, too: 3fff::/20.
        [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is 2000::/3; what else is in use there is protocol machinery.
        [first, second, ..] => first & 0xe000 == 0x2000 && !(first == 0x2001 && second < 0x200),
    }
}
