use std::collections::HashMap;

use contract::{
    Block, BlockBuilder, BlockId, Click, Count, DecodeError, Gap, LinkId, Method, RequestId,
    SegmentId, Tally, Timestamp,
};
use proptest::prelude::*;
use uuid::Uuid;

const ID: BlockId = BlockId {
    segment: SegmentId([0xab; 16]),
    number: 7,
};

fn click(user_agent: &str) -> Click<'_> {
    Click {
        clicked_at: Timestamp::from_micros(1_790_000_000_123_456),
        request_id: RequestId(Uuid::from_u128(1)),
        link_id: Some(LinkId(Uuid::from_u128(2))),
        visitor: Some([3; 16]),
        method: Method::Get,
        is_prefetch: false,
        is_do_not_track: true,
        is_qr: true,
        variant: 2,
        rule: 1,
        status: 302,
        country: Some(*b"NL"),
        domain: "go.example.com",
        code: "Spring-24",
        user_agent,
        referrer: "https://news.example/",
        language: "nl,en;q=0.8",
        city: "Zürich",
        query: "utm_source=poster",
    }
}

fn orphan() -> Click<'static> {
    let method = Method::Head;
    Click {
        link_id: None,
        visitor: None,
        country: None,
        method,
        city: "",
        ..click("")
    }
}

fn sealed(clicks: &[Click<'_>]) -> Block {
    let mut builder = BlockBuilder::new();
    for click in clicks {
        assert!(builder.push(click));
    }
    builder.seal(ID)
}

fn read(fields: &HashMap<&str, Vec<u8>>) -> Result<Block, DecodeError> {
    Block::from_fields(|name| fields.get(name).map(Vec::as_slice))
}

fn fields_of(block: &Block) -> HashMap<&'static str, Vec<u8>> {
    contract::block::FIELDS
        .into_iter()
        .zip(block.to_fields())
        .collect()
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let block = sealed(&[click("Mozilla/5.0 (X11; Linux x86_64)"), orphan()]);
    let golden = include_str!("../golden/block_v1.hex").trim_end();
    let hex: String = block
        .payload
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, golden);
    assert_eq!(block.crc, 0x35ba_931b);
    assert_eq!(
        block.clicks().unwrap(),
        [click("Mozilla/5.0 (X11; Linux x86_64)"), orphan()]
    );
}

#[test]
fn what_version_2_wrote_is_read_for_ever() {
    let minute = Timestamp::from_micros(1_790_000_040_000_000);
    let counts = [
        Count::Tally(Tally {
            link_id: LinkId(Uuid::from_u128(2)),
            minute,
            clicks: 7,
            other_hits: 3,
        }),
        Count::Gap(Gap {
            from: minute,
            until: Timestamp::from_micros(1_790_000_041_000_000),
            hits: 1_000,
        }),
    ];
    let block = Block::of_counts(ID, &counts);
    let golden = include_str!("../golden/block_v2.hex").trim_end();
    let hex: String = block
        .payload
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, golden);
    let read = read(&fields_of(&block)).unwrap();
    assert_eq!(read, block);
    assert_eq!(read.counts().unwrap(), counts);
    assert_eq!(read.clicks().unwrap(), [], "there is none in it");
    assert_eq!(sealed(&[orphan()]).counts().unwrap(), []);
}

#[test]
fn texts_are_cut_between_characters() {
    let long = "ü".repeat(400);
    let block = sealed(&[click(&long)]);
    assert_eq!(block.clicks().unwrap()[0].user_agent, "ü".repeat(256));

    let odd = format!("x{long}");
    assert_eq!(
        sealed(&[click(&odd)]).clicks().unwrap()[0].user_agent.len(),
        511
    );
}

#[test]
fn a_full_block_refuses_and_keeps_what_it_has() {
    let text = "x".repeat(10_000);
    let longest = Click {
        domain: &text,
        code: &text,
        referrer: &text,
        language: &text,
        city: &text,
        query: &text,
        ..click(&text)
    };
    let mut builder = BlockBuilder::new();
    assert!(
        builder.push(&longest),
        "the longest click fits into an empty block"
    );
    let mut pushed = 1;
    while builder.push(&longest) {
        pushed += 1;
    }
    let block = builder.seal(ID);
    assert_eq!(block.clicks().unwrap().len(), pushed);
    assert!(block.payload.len() <= contract::block::BLOCK_CAPACITY);
}

#[test]
fn damage_and_newer_versions_are_told_apart() {
    let block = sealed(&[orphan()]);

    let mut newer = fields_of(&block);
    newer.insert("v", b"3".to_vec());
    newer.insert("crc", b"?".to_vec());
    assert_eq!(
        read(&newer),
        Err(DecodeError::NewerVersion {
            found: 3,
            supported: 2
        })
    );

    let mut flipped = fields_of(&block);
    flipped.get_mut("payload").unwrap()[9] ^= 1;
    assert!(matches!(read(&flipped), Err(DecodeError::Malformed { .. })));

    for name in contract::block::FIELDS {
        let mut incomplete = fields_of(&block);
        incomplete.remove(name);
        assert!(
            matches!(read(&incomplete), Err(DecodeError::Malformed { .. })),
            "{name}"
        );
    }

    let wrong_count = Block { count: 2, ..block };
    assert!(wrong_count.clicks().is_err());
}

prop_compose! {
    fn any_click()(
        at: i64, ids: (u128, u128, u128), flags: [bool; 4], numbers: (u8, u8, u16), country: [u8; 2],
    ) -> Click<'static> {
        Click {
            clicked_at: Timestamp::from_micros(at),
            request_id: RequestId(Uuid::from_u128(ids.0)),
            link_id: (ids.1 != 0).then_some(LinkId(Uuid::from_u128(ids.1))),
            visitor: (ids.2 != 0).then_some(ids.2.to_be_bytes()),
            method: if flags[0] { Method::Head } else { Method::Get },
            is_prefetch: flags[1],
            is_do_not_track: flags[2],
            is_qr: flags[3],
            variant: numbers.0,
            rule: numbers.1,
            status: numbers.2,
            country: (country != [0; 2]).then_some(country),
            ..orphan()
        }
    }
}

proptest! {
    #[test]
    fn round_trips(clicks in prop::collection::vec(any_click(), 0..40), agent in ".{0,100}") {
        let clicks: Vec<_> =
            clicks.into_iter().map(|click| Click { user_agent: &agent, ..click }).collect();
        let block = read(&fields_of(&sealed(&clicks))).unwrap();
        prop_assert_eq!(block.clicks().unwrap(), clicks);
    }

    #[test]
    fn hostile_payloads_never_panic(payload: Vec<u8>, count: u32, version in 1..3_u32) {
        let block = Block { id: ID, version, count, crc: 0, payload };
        let _ = (block.clicks(), block.counts());
    }

    #[test]
    fn hostile_fields_never_panic(values in prop::collection::vec(any::<Vec<u8>>(), 6)) {
        let fields = contract::block::FIELDS.into_iter().zip(values).collect();
        let _ = read(&fields);
    }
}
