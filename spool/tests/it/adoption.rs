use std::fs;

use crate::harness::{all_numbers, drain, files, open, record, seal};

#[test]
fn what_a_process_left_behind_comes_out_of_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    (0..200).for_each(|number| record(&writer, number, "x"));
    seal(&writer);
    (200..210).for_each(|number| record(&writer, number, "open"));
    let sent = drain(&mut outbox);
    // As a kill would: nothing is closed.
    drop((writer, outbox));

    let (_writer, mut outbox) = open(folder.path());
    let again = drain(&mut outbox);
    assert_eq!(
        again[..sent.len()],
        sent,
        "the same blocks under the same names"
    );
    assert_eq!(all_numbers(&again), (0..210).collect::<Vec<_>>());
    drop(outbox);

    let (_, mut outbox) = open(folder.path());
    assert_eq!(drain(&mut outbox), again, "also those sealed by the heir");
    again
        .iter()
        .for_each(|it| assert!(outbox.acknowledge(it.id)));
    drop(outbox);
    let (_, mut outbox) = open(folder.path());
    assert_eq!(drain(&mut outbox), [], "and none that is acknowledged");
}

#[test]
fn what_was_acknowledged_before_the_end_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    for number in 0..5 {
        record(&writer, number, "x");
        seal(&writer);
    }
    let blocks = drain(&mut outbox);
    for acknowledged in [0, 1, 3] {
        assert!(outbox.acknowledge(blocks[acknowledged].id));
        assert!(!outbox.acknowledge(blocks[acknowledged].id), "no news");
    }
    assert_eq!(outbox.again(blocks[1].id), None);
    assert_eq!(outbox.again(blocks[2].id).as_ref(), Some(&blocks[2]));
    drop((writer, outbox));
    let (_, mut outbox) = open(folder.path());
    // How far all are acknowledged is kept; what lies beyond is recognised by the pipeline.
    assert_eq!(all_numbers(&drain(&mut outbox)), [2, 3, 4]);
}

#[test]
fn nobody_takes_what_somebody_has() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, outbox) = open(folder.path());
    record(&writer, 1, "x");
    let (_neighbour, mut neighbours) = open(folder.path());
    assert_eq!(neighbours.adopt().unwrap(), 0);
    writer.close();
    assert_eq!(drain(&mut neighbours), []);

    drop((writer, outbox));
    assert!(neighbours.adopt().unwrap() > 0);
    assert_eq!(all_numbers(&drain(&mut neighbours)), [1]);
}

#[test]
fn unfinished_files_are_removed_and_strange_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    fs::write(path("half.new"), "half a segment").unwrap();
    fs::write(path("notes.txt"), "somebody's").unwrap();
    fs::write(path("rubbish.spool"), "no segment").unwrap();
    let (_writer, outbox) = open(folder.path());
    assert_eq!(files(folder.path(), "new").len(), 0);
    assert!(path("notes.txt").exists());
    assert!(path("rubbish.spool").exists());
    assert_eq!(outbox.losses().segments, 1);
}
