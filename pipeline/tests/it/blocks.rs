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

/// User agents of five kinds of hits; the first two are persons'.
const USER_AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
     Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
    "curl/8.14.1",
    "WhatsApp/2.24.8.85 A",
    "Mozilla/5.0 zgrab/0.x",
];

/// Like [`plain`], but every hit has another user agent, and another time, on two days.
pub fn mixed(count: u64, clicks: u128) -> Vec<Block> {
    let segment = new_id().segment;
    let now = SystemClock.now().as_micros();
    let block = |number| {
        let clicks: Vec<Click<'_>> = (0..clicks)
            .map(|index| {
                let step = index as i64 + number as i64;
                Click {
                    link_id: Some(link(step as u128 % LINKS + 1)),
                    clicked_at: at(now + step - (step % 2) * 86_400_000_000),
                    user_agent: USER_AGENTS[step as usize % USER_AGENTS.len()],
                    ..click()
                }
            })
            .collect();
        sealed(BlockId { segment, number }, &clicks)
    };
    (0..count).map(block).collect()
}

/// Hits of persons in blocks of [`mixed`].
pub fn persons(blocks: &[Block]) -> i64 {
    let clicks = blocks.iter().flat_map(|block| block.clicks().unwrap());
    clicks
        .filter(|click| USER_AGENTS[..2].contains(&click.user_agent))
        .count() as i64
}
