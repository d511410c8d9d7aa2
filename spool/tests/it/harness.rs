use std::path::Path;
use std::sync::Arc;

use contract::{Block, Click, LinkId, Method, RequestId, Timestamp};
use spool::{Options, Outbox, Recorded, SMALLEST_SEGMENT, SyncPolicy, Writer};
use uuid::Uuid;

/// Small segments, so that there are many.
pub fn options(folder: &Path) -> Options {
    Options {
        folder: folder.to_owned(),
        segment_size: SMALLEST_SEGMENT,
        quota: 100 * SMALLEST_SEGMENT,
        sync: SyncPolicy::Never,
        threads: 2,
        now: || Timestamp::from_micros(1_790_000_000_000_000),
    }
}

pub fn open(folder: &Path) -> (Arc<Writer>, Outbox) {
    spool::open(options(folder)).unwrap()
}

/// A click with a number, and as long as its texts.
pub fn click(number: u128, text: &str) -> Click<'_> {
    Click {
        clicked_at: Timestamp::from_micros(1_790_000_000_123_456),
        request_id: RequestId(Uuid::from_u128(number)),
        link_id: Some(LinkId(Uuid::from_u128(2))),
        visitor: None,
        method: Method::Get,
        is_prefetch: false,
        is_do_not_track: false,
        is_qr: false,
        variant: 0,
        rule: 0,
        status: 302,
        country: None,
        domain: "go.example.com",
        code: "abc",
        user_agent: text,
        referrer: text,
        language: "",
        city: "",
        query: text,
    }
}

/// Records, and makes room where there is none, as the one would who looks after the spool.
pub fn record(writer: &Writer, number: u128, text: &str) {
    if writer.needs_spares() {
        writer.make_spares().unwrap();
    }
    assert_eq!(writer.record(&click(number, text)), Recorded::Kept);
}

/// The numbers of the clicks in a block.
pub fn numbers(block: &Block) -> Vec<u128> {
    let clicks = block.clicks().unwrap();
    clicks.iter().map(|it| it.request_id.0.as_u128()).collect()
}

/// Everything that comes out now.
pub fn drain(outbox: &mut Outbox) -> Vec<Block> {
    outbox.next(usize::MAX)
}

/// Seals what is open, whatever its age.
pub fn seal(writer: &Writer) {
    writer.seal_old();
    writer.seal_old();
}

pub fn all_numbers(blocks: &[Block]) -> Vec<u128> {
    blocks.iter().flat_map(numbers).collect()
}

/// The files in a folder, by the ends of their names.
pub fn files(folder: &Path, extension: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .collect()
}
