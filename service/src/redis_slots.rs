//! Which node of a Redis Cluster has which keys.

/// The hash slot of a key, 0 to 16383: of the part between its first braces if there is one, as
/// in `lp:click_events:{3}`. Source: the specification of Redis Cluster.
pub fn slot_of(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| {
        let (tag, _) = rest.split_once('}')?;
        (!tag.is_empty()).then_some(tag)
    });
    let tag = tag.unwrap_or(key);
    crc16(tag.as_bytes()) % 16_384
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    })
}

/// A range of slots, and the node that has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRange {
    /// The first slot.
    pub first: u16,
    /// The last slot.
    pub last: u16,
    /// The node's host; empty if it does not know its name.
    pub host: String,
    /// The node's port.
    pub port: u16,
}

/// The node that has a slot.
pub fn owner(ranges: &[SlotRange], slot: u16) -> Option<&SlotRange> {
    ranges
        .iter()
        .find(|range| (range.first..=range.last).contains(&slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot_of("hello"), 866);
        assert_eq!(slot_of("foo"), 12_182);
        assert_eq!(slot_of("any:{foo}:thing{bar}"), 12_182);
        assert_eq!(slot_of("foo{}"), crc16(b"foo{}") % 16_384);
    }

    #[test]
    fn an_owner_has_the_slots_of_its_ranges() {
        let range = |first, last, port| SlotRange {
            first,
            last,
            host: "node".to_owned(),
            port,
        };
        let ranges = [range(0, 5, 1), range(7, 9, 2)];
        let port = |slot| owner(&ranges, slot).map(|range| range.port);
        assert_eq!([port(5), port(6), port(7)], [Some(1), None, Some(2)]);
    }
}
