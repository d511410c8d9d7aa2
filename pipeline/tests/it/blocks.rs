//! Blocks as proxies make them.

use contract::{
    Block, BlockBuilder, BlockId, Click, Clock, LinkId, Method, RequestId, SegmentId, SystemClock,
    Timestamp,
};
use uuid::Uuid;

/// Links that blocks of [`plain`] share, so that workers meet at the same rows.
const LINKS: u128 = 7;

/// The name of a block in a segment of its own.
pub fn new_id() -> BlockId {
    BlockId {
        segment: SegmentId(*Uuid::new_v4().as_bytes()),
        number: 0,
    }
}

/// Somebody follows link 1, now.
pub fn click() -> Click<'static> {
    Click {
        clicked_at: SystemClock.now(),
        request_id: RequestId(Uuid::new_v4()),
        link_id: Some(link(1)),
        visitor: Some([9; 16]),
        method: Method::Get,
        is_prefetch: false,
        is_do_not_track: false,
        is_qr: false,
        variant: 0,
        rule: 0,
        status: 302,
        country: Some(*b"NZ"),
        domain: "localhost",
        code: "abc",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
        referrer: "https://example.org/",
        language: "en-NZ,en;q=0.5",
        city: "Wellington",
        query: "",
    }
}

/// A link by number.
pub fn link(number: u128) -> LinkId {
    LinkId(Uuid::from_u128(number))
}

/// A moment, in microseconds since 1970.
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// A block with these clicks.
pub fn sealed(id: BlockId, clicks: &[Click<'_>]) -> Block {
    let mut builder = BlockBuilder::new();
    for click in clicks {
        assert!(builder.push(click), "too many clicks for one block");
    }
    builder.seal(id)
}

/// `count` blocks of one segment with `clicks` clicks each, spread over a few links and two hours.
pub fn plain(count: u64, clicks: u128) -> Vec<Block> {
    let segment = new_id().segment;
    let block = |number| {
        let clicks: Vec<Click<'_>> = (0..clicks)
            .map(|index| Click {
                link_id: Some(link((index + u128::from(number)) % LINKS + 1)),
                clicked_at: at(SystemClock.now().as_micros() - (index as i64 % 2) * 3_600_000_000),
                ..click()
            })
            .collect();
        sealed(BlockId { segment, number }, &clicks)
    };
    (0..count).map(block).collect()
}
