use contract::{Ack, BlockId, DecodeError, SegmentId};
use proptest::prelude::*;

fn id(byte: u8, number: u64) -> BlockId {
    BlockId {
        segment: SegmentId([byte; 16]),
        number,
    }
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let ack = Ack {
        blocks: vec![id(0xab, 7), id(0x01, u64::MAX - 1)],
    };
    let golden = include_str!("../golden/ack_v1.hex").trim_end();
    let bytes = ack.encode();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden);
    assert_eq!(Ack::decode(&bytes), Ok(ack));
}

#[test]
fn damage_and_newer_versions_are_told_apart() {
    let bytes = Ack {
        blocks: vec![id(3, 4)],
    }
    .encode();
    let newer = [&[2], &bytes[1..], b"and more"].concat();
    assert_eq!(
        Ack::decode(&newer),
        Err(DecodeError::NewerVersion {
            found: 2,
            supported: 1
        })
    );
    for damaged in [&[][..], &[0], &bytes[..bytes.len() - 1]] {
        assert!(
            matches!(Ack::decode(damaged), Err(DecodeError::Malformed { .. })),
            "{damaged:?}"
        );
    }
    assert_eq!(Ack::decode(&[1]), Ok(Ack::default()));
}

proptest! {
    #[test]
    fn round_trips(names: Vec<([u8; 16], u64)>) {
        let name = |(segment, number)| BlockId { segment: SegmentId(segment), number };
        let ack = Ack { blocks: names.into_iter().map(name).collect() };
        prop_assert_eq!(Ack::decode(&ack.encode()), Ok(ack));
    }

    #[test]
    fn hostile_bytes_never_panic(bytes: Vec<u8>) {
        let _ = Ack::decode(&bytes);
    }
}
