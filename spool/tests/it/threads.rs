use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::harness::{all_numbers, drain, files, numbers, open, record, seal};

#[test]
fn what_several_threads_record_comes_out_once_and_in_order_of_each() {
    const EACH: u128 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    let is_over = AtomicBool::new(false);
    let mut blocks = Vec::new();
    thread::scope(|scope| {
        let recording = [0, 1, 2, 3].map(|thread: u128| {
            let writer = &writer;
            scope.spawn(move || (0..EACH).for_each(|it| record(writer, thread * EACH + it, "text")))
        });
        // Reads while they write.
        let reading = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                writer.seal_old();
                for block in outbox.next(7) {
                    assert!(outbox.acknowledge(block.id));
                    blocks.push(block);
                }
            }
        });
        recording.into_iter().for_each(|it| it.join().unwrap());
        is_over.store(true, Ordering::Relaxed);
        reading.join().unwrap();
    });
    writer.close();
    for block in drain(&mut outbox) {
        assert!(outbox.acknowledge(block.id));
        blocks.push(block);
    }
    let seen = all_numbers(&blocks);
    assert_eq!(seen.len(), 4 * EACH as usize);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    for block in &blocks {
        // Two threads may share a segment for a while, each in its own order.
        for thread in 0..4 {
            let of_thread = numbers(block).into_iter().filter(|it| it / EACH == thread);
            assert!(of_thread.is_sorted());
        }
    }
    assert!(outbox.is_done());
    assert_eq!(files(folder.path(), "spool").len(), 0, "nothing is left");
}

#[test]
fn a_block_is_sealed_when_it_is_full_or_old() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    record(&writer, 1, "");
    assert_eq!(drain(&mut outbox), []);
    writer.seal_old();
    assert_eq!(drain(&mut outbox), [], "it came just before the look");
    writer.seal_old();
    let blocks = drain(&mut outbox);
    assert_eq!(all_numbers(&blocks), [1]);
    seal(&writer);
    assert_eq!(drain(&mut outbox), [], "nothing new");

    (0..100).for_each(|number| record(&writer, number, &"x".repeat(300)));
    let full = drain(&mut outbox);
    assert_eq!(full.len(), 3);
    for block in &full {
        assert!(block.payload.len() <= contract::block::BLOCK_CAPACITY);
        assert!(block.payload.len() > contract::block::BLOCK_CAPACITY - 1_100);
    }
    let ids: Vec<u64> = blocks.iter().chain(&full).map(|it| it.id.number).collect();
    assert_eq!(ids, [0, 1, 2, 3]);
}
