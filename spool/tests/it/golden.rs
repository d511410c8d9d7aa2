//! What version 1 wrote is read for ever.

use std::fs;
use std::os::unix::fs::FileExt;

use spool::SMALLEST_SEGMENT;

use crate::harness::{click, drain, files, open, seal};

/// Where the records begin.
const HEADER: usize = 4096;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let golden = include_str!("../golden/segment_v1.hex");
    let [header, records] = golden.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("two lines");
    };
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("old.spool")).unwrap();
    file.set_len(SMALLEST_SEGMENT).unwrap();
    file.write_all_at(&bytes(header), 0).unwrap();
    file.write_all_at(&bytes(records), HEADER as u64).unwrap();
    drop(file);

    let (_writer, mut outbox) = open(folder.path());
    let blocks = drain(&mut outbox);
    assert_eq!(blocks.len(), 2);
    assert_eq!(
        blocks[0].id.to_string(),
        "07070707070707070707070707070707/0"
    );
    assert_eq!(
        blocks[0].clicks().unwrap(),
        [click(1, "Mozilla/5.0"), click(2, "")]
    );
    assert_eq!(blocks[1].clicks().unwrap(), [click(3, "open")]);
}

#[test]
fn version_1_is_what_is_written() {
    let golden = include_str!("../golden/segment_v1.hex");
    let records = golden.split_whitespace().nth(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (writer, _outbox) = open(folder.path());
    for (number, text) in [(1, "Mozilla/5.0"), (2, "")] {
        let _ = writer.record(&click(number, text));
    }
    seal(&writer);
    let _ = writer.record(&click(3, "open"));
    let written = files(folder.path(), "spool");
    let written = written
        .iter()
        .map(|path| hex(&fs::read(path).unwrap()[HEADER..]));
    let written: Vec<String> = written.filter(|hex| hex.starts_with(records)).collect();
    assert_eq!(written.len(), 1, "expected {records}");
}
