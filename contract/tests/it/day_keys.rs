use contract::{Day, DayKey, DayKeys};
use proptest::prelude::*;

fn day_keys() -> DayKeys {
    let key = DayKey {
        day: Day::from_number(20_779),
        key: std::array::from_fn(|position| position as u8),
    };
    DayKeys { keys: vec![key] }
}

#[test]
fn what_version_1_wrote_is_read_for_ever() {
    let golden = include_str!("../golden/day_keys_v1.json").trim_end();
    assert_eq!(DayKeys::decode(golden.as_bytes()), Ok(day_keys()));
    assert_eq!(day_keys().encode(), golden);
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
        let _ = DayKeys::decode(&bytes);
    }
}
