use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::harness::{all_numbers, drain, files, open, record, seal};

/// Three blocks of one click each, left behind; then some bytes are changed.
fn left_behind(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let (writer, outbox) = open(folder);
    for number in 1..=3 {
        record(&writer, number, "something to find");
        seal(&writer);
    }
    drop((writer, outbox));
    for path in files(folder, "spool") {
        let mut bytes = fs::read(&path).unwrap();
        if find(&bytes, b"something to find").is_empty() {
            fs::remove_file(path).unwrap();
            continue;
        }
        change(&mut bytes);
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
        return;
    }
    panic!("no segment has the clicks");
}

fn find(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(what.len()).enumerate();
    let found = windows.filter(|(_, window)| *window == what);
    found.map(|(at, _)| at).collect()
}

#[test]
fn one_damaged_block_does_not_cost_the_others() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), |bytes| {
        // Of three texts in each click, one in the second click.
        let place = find(bytes, b"something to find")[4];
        bytes[place] ^= 1;
    });
    let (_writer, mut outbox) = open(folder.path());
    let blocks = drain(&mut outbox);
    assert_eq!(all_numbers(&blocks), [1, 3]);
    assert_eq!(blocks[1].id.number, 2, "names do not move");
    assert_eq!((outbox.losses().blocks, outbox.losses().segments), (1, 0));
    blocks
        .iter()
        .for_each(|it| assert!(outbox.acknowledge(it.id)));
    assert_eq!(
        files(folder.path(), "damaged").len(),
        1,
        "kept to be looked at"
    );
}

#[test]
fn behind_a_damaged_length_nothing_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), |bytes| {
        // Behind the header: the first click's word, the click, a seal, and the second's word.
        let length = u32::from_le_bytes(*bytes[4096..].first_chunk().unwrap()) as usize;
        let second = 4096 + 8 + length.next_multiple_of(8) + 8;
        bytes[second..second + 8].fill(0xee);
    });
    let (_writer, mut outbox) = open(folder.path());
    let blocks = drain(&mut outbox);
    assert_eq!(all_numbers(&blocks), [1]);
    assert_eq!(outbox.losses().segments, 1);
    assert!(outbox.acknowledge(blocks[0].id));
    assert_eq!(files(folder.path(), "damaged").len(), 1);
}

#[test]
fn a_record_that_was_not_finished_is_none_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, outbox) = open(folder.path());
    record(&writer, 1, "finished");
    drop((writer, outbox));
    for path in files(folder.path(), "spool") {
        let bytes = fs::read(&path).unwrap();
        let file = OpenOptions::new().write(true).open(path).unwrap();
        if let Some(last) = find(&bytes, b"finished").pop() {
            // Copied by half, without its word.
            let next = (last + b"finished".len()).next_multiple_of(8) + 8;
            file.write_all_at(b"half of the next record", next as u64)
                .unwrap();
        }
    }
    for _ in 0..2 {
        let (_writer, mut outbox) = open(folder.path());
        assert_eq!(all_numbers(&drain(&mut outbox)), [1]);
        assert_eq!(outbox.losses(), spool::Losses::default());
    }
}

#[test]
fn bytes_far_behind_the_end_say_that_something_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, outbox) = open(folder.path());
    record(&writer, 1, "first");
    drop((writer, outbox));
    for path in files(folder.path(), "spool") {
        let bytes = fs::read(&path).unwrap();
        let file = OpenOptions::new().write(true).open(path).unwrap();
        if !find(&bytes, b"first").is_empty() {
            file.write_all_at(b"lost", bytes.len() as u64 - 8).unwrap();
        }
    }
    let (_writer, mut outbox) = open(folder.path());
    assert_eq!(drain(&mut outbox), []);
    assert_eq!(outbox.losses().segments, 1);
}
