use contract::{Block, Click, Count, DecodeError, LinkId, Timestamp};
use spool::{Options, Recorded};
use uuid::Uuid;

use crate::harness::{all_numbers, click, drain, open, options, seal};

/// Room for two tables of counts, and for some small segments.
const QUOTA: u64 = 2_000_000;

#[test]
fn without_room_for_clicks_their_links_are_counted_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let quota = QUOTA;
    let options = options(folder.path());
    let (writer, mut outbox) = spool::open(Options { quota, ..options }).unwrap();
    let text = "x".repeat(400);
    let mut kept = Vec::new();
    let mut tallied = 0;
    for number in 0..3_000 {
        // That there is none is told to whoever looks after the disk.
        let _ = writer.make_spares();
        match writer.record(&click(number, &text)) {
            Recorded::Kept => kept.push(number),
            Recorded::Tallied => tallied += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(kept.len() > 300 && tallied > 300, "{tallied}");
    assert!(writer.make_spares().is_err());

    let blocks = drain(&mut outbox);
    blocks
        .iter()
        .for_each(|it| assert!(outbox.acknowledge(it.id)));
    writer.make_spares().unwrap();
    assert_eq!(writer.record(&click(5_000, &text)), Recorded::Kept);
    seal(&writer);
    let more = drain(&mut outbox);
    let mut seen = all_numbers(&blocks);
    seen.extend(all_numbers(&more));
    kept.push(5_000);
    assert_eq!(seen, kept, "none of the kept is lost");
    assert_eq!(
        tallies(&more),
        tallied,
        "and all others are in their link's number"
    );
    assert!(more.iter().all(|block| outbox.acknowledge(block.id)));
}

#[test]
fn counts_survive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let quota = QUOTA;
    let options = options(folder.path());
    let (writer, outbox) = spool::open(Options { quota, ..options }).unwrap();
    let text = "x".repeat(400);
    let mut tallied = 0;
    for number in 0..3_000 {
        let _ = writer.make_spares();
        tallied += u32::from(writer.record(&click(number, &text)) == Recorded::Tallied);
    }
    drop((writer, outbox));
    for _ in 0..2 {
        let (_writer, mut outbox) = open(folder.path());
        assert_eq!(tallies(&drain(&mut outbox)), tallied);
    }
}

#[test]
fn what_not_even_a_table_has_room_for_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let quota = QUOTA;
    let options = options(folder.path());
    let (writer, mut outbox) = spool::open(Options { quota, ..options }).unwrap();
    let text = "x".repeat(400);
    let (mut tallied, mut lost) = (0, 0);
    for number in 0..40_000 {
        let _ = writer.make_spares();
        // Each for another link.
        let click = Click {
            link_id: Some(LinkId(Uuid::new_v4())),
            ..click(number, &text)
        };
        match writer.record(&click) {
            Recorded::Kept => {}
            Recorded::Tallied => tallied += 1,
            Recorded::InGap => lost += 1,
            Recorded::Lost => panic!("not even counted"),
        }
    }
    assert!(tallied > 10_000 && lost > 1_000, "{tallied} {lost}");
    writer.close();
    let blocks = drain(&mut outbox);
    assert_eq!(tallies(&blocks), tallied);
    let counts = blocks.iter().flat_map(|block| block.counts().unwrap());
    let gaps = counts.filter_map(|count| match count {
        Count::Gap(gap) => Some((gap.from, gap.until, gap.hits)),
        Count::Tally(_) => None,
    });
    let at = click(0, "").clicked_at;
    assert_eq!(gaps.collect::<Vec<_>>(), [(at, at, lost)]);
    assert!(blocks.iter().all(|block| outbox.acknowledge(block.id)));
    assert!(outbox.is_done());
}

fn tallies(blocks: &[Block]) -> u32 {
    let counts = blocks.iter().flat_map(|block| block.counts().unwrap());
    let numbers = counts.map(|count| match count {
        Count::Tally(tally) => tally.clicks + tally.other_hits,
        Count::Gap(_) => 0,
    });
    numbers.sum()
}

#[test]
fn a_closed_spool_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut outbox) = open(folder.path());
    assert_eq!(writer.record(&click(1, "")), Recorded::Kept);
    writer.close();
    assert_eq!(writer.record(&click(2, "")), Recorded::Lost);
    assert_eq!(all_numbers(&drain(&mut outbox)), [1]);
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
