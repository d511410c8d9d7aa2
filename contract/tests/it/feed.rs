use contract::{Change, ChangePage, DecodeError, FeedMessage, Heartbeat, ProxyReport, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

fn heartbeat() -> Heartbeat {
    Heartbeat {
        head_seq: 42,
        epoch: Uuid::from_u128(7),
        database_time: Timestamp::from_micros(1_790_000_000_000_000),
        redis_runs: vec!["a".repeat(40)],
    }
}

/// From a release that did not name the history yet.
fn change() -> Change {
    let golden = include_str!("../golden/change_v1.json").trim_end();
    Change::decode(golden.as_bytes()).unwrap()
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let golden = include_str!("../golden/heartbeat_v1_redis.json").trim_end();
    let message = FeedMessage::Heartbeat(heartbeat());
    assert_eq!(FeedMessage::decode(golden.as_bytes()), Ok(message.clone()));
    assert_eq!(message.encode(), golden);

    let golden = include_str!("../golden/change_v1_epoch.json").trim_end();
    let change = Change {
        epoch: Some(Uuid::from_u128(7)),
        ..change()
    };
    assert_eq!(Change::decode(golden.as_bytes()), Ok(change.clone()));
    assert_eq!(change.encode(), golden);

    let golden = include_str!("../golden/proxy_report_v1.json").trim_end();
    let report = ProxyReport {
        id: Uuid::from_u128(8),
        name: "edge-1".into(),
        version: "0.1.0".into(),
        started_at: Timestamp::from_micros(1_790_000_000_000_000),
        epoch: Some(Uuid::from_u128(7)),
        applied: 42,
        max_stale_seconds: 86_400,
    };
    assert_eq!(ProxyReport::decode(golden.as_bytes()), Ok(report.clone()));
    assert_eq!(report.encode(), golden);
}

#[test]
fn a_page_holds_what_can_be_understood_of_it() {
    let change = change();
    let text = ChangePage::encode(heartbeat(), [change.clone()]);
    let page = ChangePage::decode(text.as_bytes()).unwrap();
    assert_eq!(page.heartbeat, heartbeat());
    assert_eq!(page.changes, [Ok(change.clone())]);

    let newer = format!(
        "{text}\n{{\"v\":99}}\n{}",
        FeedMessage::Change(change.clone()).encode()
    );
    let page = ChangePage::decode(newer.as_bytes()).unwrap();
    assert_eq!(page.changes.len(), 3);
    assert!(matches!(
        page.changes[1],
        Err(DecodeError::NewerVersion { found: 99, .. })
    ));
    assert_eq!(page.changes[2], Ok(change.clone()));

    let headless = FeedMessage::Change(change).encode();
    assert!(ChangePage::decode(headless.as_bytes()).is_err());
    assert!(ChangePage::decode(b"").is_err());
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes: Vec<u8>) {
        let _ = ChangePage::decode(&bytes);
        let _ = ProxyReport::decode(&bytes);
    }
}
