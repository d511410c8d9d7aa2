//! Reads the entries of a batch, and tells those that can be counted from those that cannot.

use contract::{Block, Count, DecodeError, Timestamp};

use crate::entry::Entry;

/// Times of clicks that we can store: the years 1970 to 9999, what every part of the way can
/// write down. A clock that is wrong by years is still inside.
const STORABLE: std::ops::Range<i64> = 0..253_402_300_800_000_000;

/// An entry and the block in it.
#[derive(Debug)]
pub(crate) struct Received {
    /// As it came.
    pub(crate) entry: Entry,
    /// What it says. Every click inside has been read once: it is whole.
    pub(crate) block: Block,
}

/// The entries of one batch, sorted by what can be done with them.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// To be counted.
    pub(crate) blocks: Vec<Received>,
    /// Written by a newer release: they wait for a newer pipeline.
    pub(crate) newer: Vec<(Entry, DecodeError)>,
    /// Damaged, or never ours.
    pub(crate) damaged: Vec<(Entry, DecodeError)>,
    /// Deleted from the stream by somebody else, before they were counted.
    pub(crate) vanished: Vec<Entry>,
}

impl Intake {
    /// Sorts entries.
    pub(crate) fn sort(entries: Vec<Entry>) -> Self {
        let mut intake = Self::default();
        for entry in entries {
            if entry.fields.is_none() {
                intake.vanished.push(entry);
                continue;
            }
            match read(&entry) {
                Ok(block) => intake.blocks.push(Received { entry, block }),
                Err(reason @ DecodeError::NewerVersion { .. }) => {
                    intake.newer.push((entry, reason))
                }
                Err(reason) => intake.damaged.push((entry, reason)),
            }
        }
        intake
    }
}

/// The block in an entry, if it can be counted.
pub(crate) fn read(entry: &Entry) -> Result<Block, DecodeError> {
    let block = Block::from_fields(|name| entry.field(name))?;
    if i64::try_from(block.id.number).is_err() {
        return Err(malformed("block number", block.id));
    }
    for click in block.clicks()? {
        if !STORABLE.contains(&click.clicked_at.as_micros()) {
            return Err(unstorable(click.clicked_at));
        }
    }
    for count in block.counts()? {
        let moments = match count {
            Count::Tally(tally) => [tally.minute; 2],
            Count::Gap(gap) => [gap.from, gap.until],
        };
        let is_storable = |moment: &Timestamp| STORABLE.contains(&moment.as_micros());
        if let Some(moment) = moments.iter().find(|moment| !is_storable(moment)) {
            return Err(unstorable(*moment));
        }
        if matches!(count, Count::Gap(gap) if i64::try_from(gap.hits).is_err()) {
            return Err(malformed("number of hits", "is larger than there are"));
        }
    }
    Ok(block)
}

/// A click's time that no calendar of ours has.
pub(crate) fn unstorable(moment: Timestamp) -> DecodeError {
    let reason = format!("{} µs is not in the years 1970 to 9999", moment.as_micros());
    malformed("time of a click", reason)
}

fn malformed(what: &'static str, reason: impl ToString) -> DecodeError {
    DecodeError::Malformed {
        what,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use contract::block::FIELDS;
    use contract::{BlockBuilder, BlockId, SegmentId};

    fn entry(micros: i64, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Entry {
        let mut builder = BlockBuilder::new();
        assert!(builder.push(&example::click(micros)));
        let block = builder.seal(BlockId {
            segment: SegmentId([3; 16]),
            number: 5,
        });
        let pairs = FIELDS.iter().zip(block.to_fields());
        let mut fields = pairs.flat_map(|(name, value)| [name.as_bytes().to_vec(), value]);
        let mut fields: Vec<Vec<u8>> = fields.by_ref().collect();
        change(&mut fields);
        Entry {
            id: "1-0".into(),
            fields: Some(fields),
        }
    }

    #[test]
    fn every_entry_finds_its_place() {
        let gone = Entry {
            id: "2-0".into(),
            fields: None,
        };
        let intake = Intake::sort(vec![
            entry(1, |_| {}),
            entry(1, |fields| fields[1] = b"3".to_vec()),
            entry(1, |fields| fields[11][9] ^= 1),
            entry(1, |fields| fields[5] = u64::MAX.to_string().into()),
            entry(-1, |_| {}),
            entry(STORABLE.end, |_| {}),
            entry(STORABLE.end - 1, |_| {}),
            gone,
        ]);
        assert_eq!(intake.blocks.len(), 2);
        assert_eq!(intake.newer.len(), 1);
        assert_eq!(intake.damaged.len(), 4);
        assert_eq!(intake.vanished.len(), 1);
    }

    #[test]
    fn the_last_storable_moment_is_the_last_the_calendar_has() {
        let at = |micros| Timestamp::from_micros(micros).to_datetime();
        assert!(at(STORABLE.end - 1).is_some());
        assert!(at(STORABLE.end).is_none());
    }
}
