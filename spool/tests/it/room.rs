use contract::{DecodeError, Timestamp};
use spool::{Options, Recorded, SMALLEST_SEGMENT, Sync};

use crate::harness::{all_numbers, click, drain, open, options, seal};

#[test]
fn a_full_spool_takes_no_more_until_blocks_are_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        quota: 2 * SMALLEST_SEGMENT,
        ..options(folder.path())
    };
    let (writer, mut outbox) = spool::open(options).unwrap();
    let text = "x".repeat(400);
    let kept = (0..1_000).take_while(|number| {
        // Whether there is room is asked of the recorder; that there is none, of the disk's keeper.
        let _ = writer.make_spares();
        writer.record(&click(*number, &text)) == Recorded::Kept
    });
    let kept = kept.count();
    assert!((100..1_000).contains(&kept), "{kept}");
    assert!(writer.make_spares().is_err());

    let blocks = drain(&mut outbox);
    blocks
        .iter()
        .for_each(|it| assert!(outbox.acknowledge(it.id)));
    writer.make_spares().unwrap();
    assert_eq!(writer.record(&click(5_000, &text)), Recorded::Kept);
    seal(&writer);
    let mut seen = all_numbers(&blocks);
    seen.extend(all_numbers(&drain(&mut outbox)));
    let expected = (0..kept as u128).chain([5_000]);
    assert_eq!(
        seen,
        expected.collect::<Vec<_>>(),
        "none of the kept is lost"
    );
}

#[test]
fn a_closed_spool_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    assert_eq!(writer.record(&click(1, "")), Recorded::Kept);
    writer.close();
    assert_eq!(writer.record(&click(2, "")), Recorded::NoRoom);
    assert_eq!(all_numbers(&drain(&mut outbox)), [1]);
}

#[test]
fn what_must_reach_the_disk_does() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        sync: Sync::Always,
        ..options(folder.path())
    };
    let (writer, mut outbox) = spool::open(options).unwrap();
    for number in 0..20 {
        assert_eq!(writer.record(&click(number, "")), Recorded::Kept);
    }
    writer.sync().unwrap();
    writer.close();
    assert_eq!(drain(&mut outbox)[0].count, 20);
}

#[test]
fn too_small_a_segment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_size: 4_096,
        now: || Timestamp::from_micros(0),
        ..options(folder.path())
    };
    let error = spool::open(options).err().unwrap();
    assert!(error.to_string().contains("at least"), "{error}");
}

#[test]
fn the_longest_click_fits() -> Result<(), DecodeError> {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    let text = "ü".repeat(10_000);
    assert_eq!(writer.record(&click(1, &text)), Recorded::Kept);
    seal(&writer);
    assert_eq!(drain(&mut outbox)[0].clicks()?.len(), 1);
    Ok(())
}
