use contract::{
    Change, Day, DayKey, DayKeys, DecodeError, FeedMessage, Heartbeat, LinkId, LinkRecord,
    LinkState, RedirectStatus, Timestamp,
};
use proptest::prelude::*;
use uuid::Uuid;

fn record() -> LinkRecord {
    LinkRecord {
        link_id: LinkId(Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0123_4567_89ab)),
        domain: "go.example.com".parse().unwrap(),
        code: "Spring-24".parse().unwrap(),
        revision: 42,
        state: LinkState::Active,
        original_url: "https://example.com/sale?utm_source=poster".into(),
        status: RedirectStatus::Permanent,
        expires_at: Some(Timestamp::from_micros(1_790_000_000_000_000)),
    }
}

fn day_keys() -> DayKeys {
    let key = DayKey {
        day: Day::from_number(20_779),
        key: std::array::from_fn(|position| position as u8),
    };
    DayKeys { keys: vec![key] }
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let golden = include_str!("../golden/link_record_v1.json").trim_end();
    assert_eq!(LinkRecord::decode(golden.as_bytes()), Ok(record()));
    assert_eq!(record().encode(), golden);

    let golden = include_str!("../golden/change_v1.json").trim_end();
    let change = Change {
        seq: 42,
        record: record(),
    };
    assert_eq!(Change::decode(golden.as_bytes()), Ok(change.clone()));
    assert_eq!(change.encode(), golden);

    let golden = include_str!("../golden/heartbeat_v1.json").trim_end();
    let heartbeat = FeedMessage::Heartbeat(Heartbeat {
        head_seq: 42,
        epoch: Uuid::from_u128(7),
        database_time: Timestamp::from_micros(1_790_000_000_000_000),
    });
    assert_eq!(
        FeedMessage::decode(golden.as_bytes()),
        Ok(heartbeat.clone())
    );
    assert_eq!(heartbeat.encode(), golden);

    let golden = include_str!("../golden/day_keys_v1.json").trim_end();
    assert_eq!(DayKeys::decode(golden.as_bytes()), Ok(day_keys()));
    assert_eq!(day_keys().encode(), golden);

    let message = FeedMessage::Change(change);
    assert_eq!(
        FeedMessage::decode(message.encode().as_bytes()),
        Ok(message)
    );
}

#[test]
fn fields_with_defaults_may_be_absent_and_unknown_ones_are_ignored() {
    let lean = r#"{"v":1,"id":"lnk_0000000000000000000007","domain":"d","code":"c","rev":1,
                   "state":"active","url":"https://e.com/","from_the_future":[1]}"#;
    let record = LinkRecord::decode(lean.as_bytes()).unwrap();
    assert_eq!(record.status, RedirectStatus::Found);
    assert_eq!(record.expires_at, None);
}

#[test]
fn a_newer_version_is_told_from_damage() {
    let newer = LinkRecord::decode(br#"{"v":2,"shape":"unknown here"}"#);
    assert_eq!(
        newer,
        Err(DecodeError::NewerVersion {
            found: 2,
            supported: 1
        })
    );
    let damaged = LinkRecord::decode(br#"{"v":1,"id":"#);
    assert!(matches!(damaged, Err(DecodeError::Malformed { .. })));
}

#[test]
fn keys_of_days_are_never_shown() {
    assert_eq!(
        format!("{:?}", day_keys()),
        "DayKeys { keys: [DayKey(Day(20779), …)] }"
    );
    for damaged in [
        r#"{"v":1,"keys":[{"day":1,"key":"5ec4e7"}]}"#,
        r#"{"v":1,"keys":[{"day":1,"key":"5ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75exx"}]}"#,
        r#"{"v":1,"keys":[{"day":"5ec4e7"}]}"#,
        r#"{"v":1,"keys":["5ec4e7"]}"#,
    ] {
        let error = DayKeys::decode(damaged.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("malformed visitor keys: "), "{error}");
        assert!(!error.contains("5ec4e7"), "{error}");
    }
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes: Vec<u8>) {
        let _ = LinkRecord::decode(&bytes);
        let _ = Change::decode(&bytes);
        let _ = FeedMessage::decode(&bytes);
        let _ = DayKeys::decode(&bytes);
    }
}
