//! Into how many streams clicks are divided.

use std::ops::Range;

use crate::SegmentId;

/// A number of partitions of the click stream: 1 to [`MAX`](Self::MAX). Proxies and pipelines must
/// agree on it, or blocks lie in a stream that nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions(u16);

impl Partitions {
    /// Most there may be: each costs every pipeline two connections, and a cluster of Redis has
    /// far fewer nodes.
    pub const MAX: u16 = 256;

    /// One stream.
    pub const ONE: Self = Self(1);

    /// So many; `None` if that is not possible.
    pub fn new(count: u32) -> Option<Self> {
        let count = u16::try_from(count).ok()?;
        (1..=Self::MAX).contains(&count).then_some(Self(count))
    }

    /// Where the blocks of a segment go. Always the same one: whoever sends a block again has to
    /// find the entry that it was sent as before.
    pub fn of(self, segment: SegmentId) -> u16 {
        u16::from(segment.0[0]) % self.0
    }

    /// All of them.
    pub fn all(self) -> Range<u16> {
        0..self.0
    }

    /// Those that there would be if there were more.
    pub fn beyond(self) -> Range<u16> {
        self.0..Self::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_at_least_one_and_not_too_many() {
        assert_eq!(Partitions::new(0), None);
        assert_eq!(Partitions::new(1), Some(Partitions::ONE));
        assert!(Partitions::new(256).is_some());
        assert_eq!(Partitions::new(257), None);
        assert_eq!(Partitions::new(65_537), None);
    }

    #[test]
    fn every_segment_has_a_partition_and_every_partition_segments() {
        for count in [1, 3, 256] {
            let partitions = Partitions::new(count).unwrap();
            let found: Vec<u16> = (0..=255)
                .map(|byte| partitions.of(SegmentId([byte; 16])))
                .collect();
            assert!(found.iter().all(|it| partitions.all().contains(it)));
            assert!(partitions.all().all(|it| found.contains(&it)));
            assert_eq!(partitions.all().len() + partitions.beyond().len(), 256);
        }
    }
}
