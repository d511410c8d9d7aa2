//! Random histories of a spool, compared with what must be true of any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use contract::{Block, BlockId};
use proptest::prelude::*;
use spool::{Options, Outbox, SMALLEST_SEGMENT, Writer};

use crate::harness::{drain, numbers, options, record, seal};

#[derive(Debug, Clone)]
enum Step {
    /// This many clicks, of this length.
    Record(u8, u16),
    /// A look for old blocks.
    SealOld,
    /// At most so many blocks are sent.
    Send(u8),
    /// One of those that were sent is acknowledged.
    Acknowledge(prop::sample::Index),
    /// One of them is sent again.
    SendAgain(prop::sample::Index),
    /// The process is killed, and another one starts.
    Kill,
    /// The process stops, and another one starts.
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..60_u8, 0..500_u16).prop_map(|(count, length)| Step::Record(count, length)),
        3 => Just(Step::SealOld),
        4 => (1..9_u8).prop_map(Step::Send),
        4 => any::<prop::sample::Index>().prop_map(Step::Acknowledge),
        1 => any::<prop::sample::Index>().prop_map(Step::SendAgain),
        1 => Just(Step::Kill),
        1 => Just(Step::Stop),
    ]
}

/// What the world knows of a spool.
#[derive(Default)]
struct World {
    recorded: u128,
    /// Every block that ever came out. The same name is the same block, for ever.
    seen: BTreeMap<BlockId, Block>,
    acknowledged: BTreeSet<BlockId>,
}

impl World {
    fn takes(&mut self, block: Block) {
        let first = self.seen.entry(block.id).or_insert_with(|| block.clone());
        assert_eq!(*first, block, "a block changed");
    }

    fn pick(&self, index: prop::sample::Index) -> Option<BlockId> {
        let ids: Vec<&BlockId> = self.seen.keys().collect();
        (!ids.is_empty()).then(|| **index.get(&ids))
    }
}

/// With room for what killed processes had ready, which nobody gives back before somebody sends.
fn open(folder: &Path) -> (Arc<Writer>, Outbox) {
    let quota = 2_000 * SMALLEST_SEGMENT;
    spool::open(Options {
        quota,
        ..options(folder)
    })
    .unwrap()
}

fn play(folder: &Path, steps: Vec<Step>) {
    let mut world = World::default();
    let (mut writer, mut outbox) = open(folder);
    for step in steps {
        match step {
            Step::Record(count, length) => {
                let text = "x".repeat(length.into());
                for _ in 0..count {
                    record(&writer, world.recorded, &text);
                    world.recorded += 1;
                }
            }
            Step::SealOld => writer.seal_old(),
            Step::Send(limit) => {
                let blocks = outbox.next(limit.into());
                assert!(blocks.len() <= limit.into());
                blocks.into_iter().for_each(|block| world.takes(block));
            }
            Step::Acknowledge(index) => {
                if let Some(id) = world.pick(index) {
                    outbox.acknowledge(id);
                    world.acknowledged.insert(id);
                }
            }
            Step::SendAgain(index) => {
                // None: acknowledged, or this process has not come to it yet.
                let id = world.pick(index);
                if let Some(block) = id.and_then(|id| outbox.again(id)) {
                    world.takes(block);
                }
            }
            Step::Kill => {
                drop((writer, outbox));
                (writer, outbox) = open(folder);
            }
            Step::Stop => {
                writer.close();
                drop((writer, outbox));
                (writer, outbox) = open(folder);
            }
        }
    }
    seal(&writer);
    drain(&mut outbox)
        .into_iter()
        .for_each(|it| world.takes(it));
    assert_eq!(outbox.losses(), spool::Losses::default());

    // Each click is in one block, whatever happened.
    let mut all: Vec<u128> = world.seen.values().flat_map(numbers).collect();
    all.sort_unstable();
    assert_eq!(all, (0..world.recorded).collect::<Vec<_>>());

    // What is not acknowledged can be had again, also by another process.
    let missing = world
        .seen
        .keys()
        .filter(|id| !world.acknowledged.contains(id));
    let missing: BTreeSet<BlockId> = missing.copied().collect();
    drop((writer, outbox));
    let (_writer, mut outbox) = open(folder);
    let again: BTreeSet<BlockId> = drain(&mut outbox).iter().map(|block| block.id).collect();
    assert!(missing.is_subset(&again), "{missing:?} {again:?}");

    // And once everything is acknowledged, nothing is left.
    again
        .into_iter()
        .for_each(|id| assert!(outbox.acknowledge(id)));
    drop(outbox);
    let (_writer, mut outbox) = open(folder);
    assert_eq!(drain(&mut outbox), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_history_loses_or_doubles_a_click(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        play(folder.path(), steps);
    }
}

#[test]
fn many_kills_before_anything_is_sent_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut steps = vec![Step::Kill; 30];
    steps.extend([Step::Record(2, 0), Step::Kill, Step::Record(2, 0)]);
    play(folder.path(), steps);
}
