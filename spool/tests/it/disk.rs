//! What reaches the disk itself, seen by what the system still has to write: the dirty pages of our maps.

use std::fs;
use std::path::Path;

use spool::{Options, Recorded, SyncPolicy};
use tempfile::TempDir;

use crate::harness::{click, options};

const PAGE: u64 = 4096;

/// A folder on a disk. The one for temporary files may be in memory, where nothing is ever written.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Pages of the mapped files of a folder: those that are as on the disk, and those that are not.
fn clean_and_dirty(folder: &Path) -> (u64, u64) {
    let maps = fs::read_to_string("/proc/self/smaps").unwrap();
    let folder = folder.to_str().unwrap();
    let (mut clean, mut dirty, mut is_ours) = (0, 0, false);
    for line in maps.lines() {
        let (name, value) = line.split_once(char::is_whitespace).unwrap();
        if !name.ends_with(':') {
            is_ours = line.contains(folder);
            continue;
        }
        let pages = match name {
            "Private_Clean:" | "Shared_Clean:" if is_ours => &mut clean,
            "Private_Dirty:" | "Shared_Dirty:" if is_ours => &mut dirty,
            _ => continue,
        };
        let kibibytes = value.trim().strip_suffix(" kB").unwrap();
        *pages += kibibytes.trim().parse::<u64>().unwrap() * 1024 / PAGE;
    }
    (clean, dirty)
}

#[test]
fn what_was_written_reaches_the_disk_and_the_empty_rest_does_not() {
    let folder = folder();
    let (writer, _outbox) = spool::open(options(folder.path())).unwrap();
    let text = "some text".repeat(20);
    let record = |from: u128| {
        for number in from..from + 40 {
            assert_eq!(writer.record(&click(number, &text)), Recorded::Kept);
        }
    };
    // Tables of counts are written whole, before anything is recorded.
    writer.sync().unwrap();
    let (empty, all) = clean_and_dirty(folder.path());
    record(0);
    assert_eq!(clean_and_dirty(folder.path()), (empty, all), "it waits");
    writer.sync().unwrap();
    let (first, dirty) = clean_and_dirty(folder.path());
    assert!(first >= empty + 40 * 180 * 3 / PAGE, "{first} pages");
    assert!(dirty > all / 2, "{dirty} of {all} pages can wait");
    record(40);
    let (clean, dirty_again) = clean_and_dirty(folder.path());
    assert_eq!(
        (clean, dirty_again),
        (first - 1, dirty + 1),
        "the last page"
    );
    writer.sync().unwrap();
    let (second, _) = clean_and_dirty(folder.path());
    assert!(second > first, "{second} pages");
}

#[test]
fn whoever_wants_every_click_on_the_disk_has_it_there() {
    let folder = folder();
    let options = Options {
        sync: SyncPolicy::Always,
        ..options(folder.path())
    };
    let (writer, _outbox) = spool::open(options).unwrap();
    let (_, before) = clean_and_dirty(folder.path());
    for number in 0..20 {
        assert_eq!(writer.record(&click(number, "")), Recorded::Kept);
        let (clean, dirty) = clean_and_dirty(folder.path());
        assert!(
            clean > 0 && dirty < before,
            "click {number}: {clean} clean, {dirty} dirty"
        );
    }
}
