use contract::rules::{Action, Condition, Country, Refusal, Rule, Test};
use contract::split::{Split, Variant};
use contract::{
    Change, ClickCap, DecodeError, DomainRecord, FeedMessage, Heartbeat, LinkId, LinkOptions,
    LinkRecord, LinkState, Record, RedirectStatus, SocialPreview, Timestamp,
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
        options: None,
    }
}

/// One of everything.
fn record_with_options() -> LinkRecord {
    let conditions = [
        r#"{"country":["DE","AT"]}"#,
        r#"{"continent":["EU"],"not":true}"#,
        r#"{"region":["BY"]}"#,
        r#"{"city":["Munich"]}"#,
        r#"{"device":["mobile","tablet"]}"#,
        r#"{"os":["ios"]}"#,
        r#"{"browser":["safari"]}"#,
        r#"{"language":["de"]}"#,
        r#"{"query":{"name":"ref","value":"present"}}"#,
        r#"{"query":{"name":"ref","value":{"equals":"poster"}}}"#,
        r#"{"referrer":["t.co"]}"#,
        r#"{"address":["192.0.2.0/24","2001:db8::/32"]}"#,
        r#"{"before":1790000000000000}"#,
        r#"{"after":1780000000000000}"#,
        r#"{"hours":{"zone":"Europe/Berlin","days":["mon","fri"],"from":"08:00","until":"24:00"}}"#,
    ];
    let conditions = conditions.map(|json| serde_json::from_str(json).unwrap());
    let variant = |url: &str, weight| Variant {
        url: url.into(),
        weight,
    };
    LinkRecord {
        options: Some(Box::new(LinkOptions {
            starts_at: Some(Timestamp::from_micros(1_770_000_000_000_000)),
            expired_url: Some("https://example.com/over".into()),
            click_cap: Some(ClickCap {
                limit: 1_000,
                used_up_url: Some("https://example.com/sold-out".into()),
                redirects_uncounted: true,
                set_after: 0,
            }),
            password: Some(3),
            rules: vec![
                Rule {
                    conditions: conditions.into(),
                    action: Action::Url("https://example.com/de".into()),
                },
                Rule {
                    conditions: vec![Condition {
                        test: Test::Country(vec![Country(*b"FR")]),
                        is_negated: false,
                    }],
                    action: Action::Refuse(Refusal::Unavailable),
                },
            ],
            split: Some(Split {
                variants: vec![
                    variant("https://example.com/a", 3),
                    variant("https://example.com/b", 1),
                ],
                uses_cookie: true,
            }),
            social_preview: Some(SocialPreview {
                title: Some("Spring sale".into()),
                description: None,
                image_url: Some("https://example.com/sale.png".into()),
            }),
            passes_query: true,
            passes_path: true,
            is_strict: true,
            is_indexable: true,
            max_age: 60,
        })),
        ..record()
    }
}

fn domain() -> DomainRecord {
    DomainRecord {
        domain: "go.example.com".parse().unwrap(),
        revision: 43,
        root_url: Some("https://example.com/".into()),
        not_found_url: None,
        expired_url: Some("https://example.com/over".into()),
        ignores_case: true,
    }
}

#[test]
fn what_version_2_wrote_is_read_for_ever() {
    let golden = include_str!("../golden/link_record_v2.json").trim_end();
    let link = record_with_options();
    assert_eq!(link.encode(), golden);
    assert_eq!(LinkRecord::decode(golden.as_bytes()), Ok(link.clone()));
    assert_eq!(Record::decode(golden.as_bytes()), Ok(link.into()));

    let golden = include_str!("../golden/domain_record_v2.json").trim_end();
    assert_eq!(domain().encode(), golden);
    assert_eq!(Record::decode(golden.as_bytes()), Ok(domain().into()));

    let golden = include_str!("../golden/change_v2.json").trim_end();
    let change = Change {
        seq: 43,
        epoch: None,
        record: domain().into(),
    };
    assert_eq!(change.encode(), golden);
    assert_eq!(Change::decode(golden.as_bytes()), Ok(change.clone()));
    let message = FeedMessage::Change(change);
    assert_eq!(
        FeedMessage::decode(message.encode().as_bytes()),
        Ok(message)
    );
}

#[test]
fn a_record_of_an_unknown_kind_or_of_none_is_refused() {
    let strange = Record::decode(br#"{"v":2,"kind":"planet"}"#);
    assert!(
        matches!(strange, Err(DecodeError::Malformed { .. })),
        "{strange:?}"
    );
    let empty = Change::decode(br#"{"v":2,"seq":1}"#);
    assert!(
        matches!(empty, Err(DecodeError::Malformed { .. })),
        "{empty:?}"
    );
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let golden = include_str!("../golden/link_record_v1.json").trim_end();
    assert_eq!(LinkRecord::decode(golden.as_bytes()), Ok(record()));
    assert_eq!(record().encode(), golden);

    let golden = include_str!("../golden/change_v1.json").trim_end();
    let change = Change {
        seq: 42,
        epoch: None,
        record: record().into(),
    };
    assert_eq!(Change::decode(golden.as_bytes()), Ok(change.clone()));
    assert_eq!(change.encode(), golden);

    let golden = include_str!("../golden/heartbeat_v1.json").trim_end();
    let heartbeat = FeedMessage::Heartbeat(Heartbeat {
        head_seq: 42,
        epoch: Uuid::from_u128(7),
        database_time: Timestamp::from_micros(1_790_000_000_000_000),
        redis_runs: Vec::new(),
    });
    assert_eq!(
        FeedMessage::decode(golden.as_bytes()),
        Ok(heartbeat.clone())
    );
    assert_eq!(heartbeat.encode(), golden);

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
    let newer = LinkRecord::decode(br#"{"v":3,"shape":"unknown here"}"#);
    assert_eq!(
        newer,
        Err(DecodeError::NewerVersion {
            found: 3,
            supported: 2
        })
    );
    let damaged = LinkRecord::decode(br#"{"v":1,"id":"#);
    assert!(matches!(damaged, Err(DecodeError::Malformed { .. })));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes: Vec<u8>) {
        let _ = LinkRecord::decode(&bytes);
        let _ = Record::decode(&bytes);
        let _ = Change::decode(&bytes);
        let _ = FeedMessage::decode(&bytes);
    }
}
