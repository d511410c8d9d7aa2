//! Blocks that Redis has confirmed and the pipeline has not. Pure: time comes in as an argument.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use contract::BlockId;

/// When an entry is looked for the first time. Doubled each time, since a look reads the whole
/// entry: a pipeline that is away for an hour must not cost Redis more than one that works.
const FIRST_LOOK: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Where a block is in Redis, and when to look whether it still is.
#[derive(Debug)]
struct Entry {
    id: String,
    sent_at: Instant,
    pause: Duration,
    look_at: Instant,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct OnTheWay {
    entries: HashMap<BlockId, Entry>,
    /// By the time of the next look.
    looks: BTreeSet<(Instant, BlockId)>,
}

impl OnTheWay {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// When the block was sent that has waited longest. Looks through all of them.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.values().map(|entry| entry.sent_at).min()
    }

    /// Redis has a block.
    pub(super) fn sent(&mut self, block: BlockId, entry: String, now: Instant) {
        self.remove(block);
        let look_at = now + FIRST_LOOK;
        self.looks.insert((look_at, block));
        let entry = Entry {
            id: entry,
            sent_at: now,
            pause: FIRST_LOOK,
            look_at,
        };
        self.entries.insert(block, entry);
    }

    /// Nobody needs to look for it any more.
    pub(super) fn remove(&mut self, block: BlockId) {
        if let Some(entry) = self.entries.remove(&block) {
            self.looks.remove(&(entry.look_at, block));
        }
    }

    /// There may be another Redis behind the connection: all are to be looked for now.
    pub(super) fn suspect_all(&mut self, now: Instant) {
        self.looks.clear();
        for (block, entry) in &mut self.entries {
            entry.look_at = now;
            self.looks.insert((now, *block));
        }
    }

    /// The next one to look for, and its entry. It is not due again before some time has passed.
    pub(super) fn next_look(&mut self, now: Instant) -> Option<(BlockId, String)> {
        let &(look_at, block) = self.looks.first()?;
        if look_at > now {
            return None;
        }
        self.looks.pop_first();
        let entry = self.entries.get_mut(&block)?;
        entry.pause = LONGEST_PAUSE.min(entry.pause * 2);
        entry.look_at = now + entry.pause;
        self.looks.insert((entry.look_at, block));
        Some((block, entry.id.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::SegmentId;

    fn block(number: u64) -> BlockId {
        BlockId {
            segment: SegmentId([1; 16]),
            number,
        }
    }

    #[test]
    fn each_is_looked_for_again_and_again_but_ever_less_often() {
        let mut way = OnTheWay::default();
        let begin = Instant::now();
        way.sent(block(1), "1-0".into(), begin);
        let mut looks = Vec::new();
        for second in 0..2_000 {
            let now = begin + Duration::from_secs(second);
            if let Some((found, entry)) = way.next_look(now) {
                assert_eq!((found, entry.as_str()), (block(1), "1-0"));
                looks.push(second);
            }
        }
        assert_eq!(looks, [5, 15, 35, 75, 155, 315, 615, 915, 1215, 1515, 1815]);
        way.remove(block(1));
        assert_eq!(way.next_look(begin + Duration::from_secs(9_999)), None);
        assert_eq!(way.oldest(), None);
    }

    #[test]
    fn all_are_looked_for_when_redis_may_be_another() {
        let mut way = OnTheWay::default();
        let now = Instant::now();
        (0..3).for_each(|number| way.sent(block(number), number.to_string(), now));
        assert_eq!(way.next_look(now), None);
        way.suspect_all(now);
        let looks = std::iter::from_fn(|| way.next_look(now));
        let blocks: Vec<BlockId> = looks.map(|(block, _)| block).collect();
        assert_eq!(blocks, [block(0), block(1), block(2)]);
        assert_eq!((way.len(), way.oldest()), (3, Some(now)));
    }
}
