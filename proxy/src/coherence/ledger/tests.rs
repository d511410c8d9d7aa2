//! Single steps. What any order of steps may not do: `model.rs`.

use contract::{FixedClock, LinkId, LinkRecord, LinkState, Record, RedirectStatus, Timestamp};

use super::*;
use crate::cache::Lookup;

const EPOCH: Uuid = Uuid::from_u128(1);
const RUN: &str = "run";

pub(super) fn ledger() -> Ledger {
    let clock = Arc::new(FixedClock::new(Timestamp::from_micros(0)));
    let freshness = Freshness::since(Moment::now(&*clock), Duration::from_secs(60));
    Ledger::new(
        Position::default(),
        Arc::new(Cache::new(100)),
        clock,
        Arc::new(freshness),
        Arc::new(Metrics::new()),
        Readiness::waiting_for(&[JOINED]),
    )
}

pub(super) fn record(code: &str, revision: u64, url: &str) -> Record {
    Record::Link(LinkRecord {
        link_id: LinkId(Uuid::from_u128(1)),
        domain: "localhost".parse().unwrap(),
        code: code.parse().unwrap(),
        revision,
        state: LinkState::Active,
        original_url: url.to_owned(),
        status: RedirectStatus::Found,
        expires_at: None,
        options: None,
    })
}

fn change(code: &str, seq: u64) -> Change {
    Change {
        seq,
        epoch: Some(EPOCH),
        record: record(code, seq, "https://example.com/"),
    }
}

fn heartbeat(head_seq: u64, time: i64) -> Heartbeat {
    Heartbeat {
        head_seq,
        epoch: EPOCH,
        database_time: Timestamp::from_micros(time),
        redis_runs: vec![RUN.to_owned()],
    }
}

fn at(head: u64) -> Ledger {
    let ledger = ledger();
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(head, 0)));
    ledger
}

fn entries(codes: &[(&str, u64)]) -> Vec<LogEntry> {
    let entry = |(code, seq): &(&str, u64)| LogEntry {
        seq: *seq,
        change: Ok(change(code, *seq)),
    };
    codes.iter().map(entry).collect()
}

fn page(head: u64, codes: &[(&str, u64)]) -> ChangePage {
    ChangePage {
        heartbeat: heartbeat(head, 0),
        changes: codes
            .iter()
            .map(|(code, seq)| Ok(change(code, *seq)))
            .collect(),
    }
}

fn now(ledger: &Ledger) -> Moment {
    Moment::now(&*ledger.clock)
}

fn applied(ledger: &Ledger) -> u64 {
    ledger.standing.borrow().applied
}

fn knows(ledger: &Ledger, code: &str) -> bool {
    matches!(
        ledger.cache.get(&format!("localhost/{code}")),
        Lookup::Hit(_)
    )
}

#[test]
fn the_first_head_makes_it_ready() {
    let ledger = ledger();
    assert!(ledger.readiness.missing().contains_key(JOINED));
    ledger.on_message(RUN, FeedMessage::Change(change("a", 6)));
    assert!(!knows(&ledger, "a"), "before or after the head?");
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(5, 0)));
    assert!(ledger.readiness.missing().is_empty());
    assert_eq!(applied(&ledger), 5);
}

#[test]
fn only_the_next_change_is_taken() {
    let ledger = at(5);
    for seq in [3, 7] {
        ledger.on_message(RUN, FeedMessage::Change(change("a", seq)));
        assert!(!knows(&ledger, "a"), "{seq}");
    }
    ledger.on_message(RUN, FeedMessage::Change(change("a", 6)));
    assert!(knows(&ledger, "a"));
    assert_eq!(applied(&ledger), 6);
}

#[test]
fn in_a_cluster_records_are_believed_after_a_change_when_a_heartbeat_says_who_has_it() {
    let ledger = ledger();
    let trusts = |run| ledger.standing.borrow().trusts(run).is_some();
    let beat = |head, runs: [&str; 2]| {
        let redis_runs = runs.map(str::to_owned).into();
        let heartbeat = Heartbeat {
            redis_runs,
            ..heartbeat(head, 0)
        };
        ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat));
    };
    beat(5, [RUN, "replaced"]);
    assert!(trusts(RUN) && trusts("replaced"));
    // Perhaps it was written to a process that has replaced one of them.
    ledger.on_message(RUN, FeedMessage::Change(change("a", 6)));
    assert_eq!(applied(&ledger), 6);
    assert!(!trusts(RUN) && !trusts("replaced"));
    beat(6, [RUN, "replacement"]);
    assert!(trusts(RUN) && trusts("replacement") && !trusts("replaced"));
}

#[test]
fn a_new_heartbeat_in_redis_proves_freshness_as_of_the_look_before() {
    let ledger = at(5);
    let run: Arc<str> = RUN.into();
    let look = |heartbeat| ledger.on_stored_beat(&run, heartbeat, now(&ledger));
    look(Some(heartbeat(5, 1)));
    assert!(!ledger.freshness.is_confirmed(), "it may be of yesterday");
    look(Some(heartbeat(5, 1)));
    assert!(!ledger.freshness.is_confirmed(), "still the same");
    look(Some(heartbeat(6, 2)));
    assert!(!ledger.freshness.is_confirmed(), "6 is missing");
    ledger.on_message(RUN, FeedMessage::Change(change("a", 6)));
    assert!(ledger.freshness.is_confirmed());
}

#[test]
fn a_redis_that_was_restarted_or_emptied_is_not_believed() {
    let ledger = at(5);
    let trusts = |run| ledger.standing.borrow().trusts(run);
    assert_eq!(trusts(RUN), Some(EPOCH));
    let restarted: Arc<str> = "restarted".into();
    ledger.on_stored_beat(&restarted, Some(heartbeat(5, 1)), now(&ledger));
    assert_eq!((trusts(RUN), trusts("restarted")), (None, None));
    ledger.on_stored_beat(&RUN.into(), Some(heartbeat(5, 2)), now(&ledger));
    assert_eq!(trusts(RUN), Some(EPOCH));
    ledger.on_stored_beat(&RUN.into(), None, now(&ledger));
    assert_eq!(trusts(RUN), None);
}

#[test]
fn a_redis_that_is_behind_is_not_believed_until_it_has_caught_up() {
    let ledger = at(5);
    let trusts = || ledger.standing.borrow().trusts(RUN).is_some();
    let errand = ledger.page_errand().unwrap();
    assert!(!ledger.on_page(errand, page(6, &[("a", 6)]), now(&ledger)));
    assert!(knows(&ledger, "a") && !trusts(), "Redis lacks 6");
    ledger.on_message(RUN, FeedMessage::Change(change("a", 6)));
    assert!(
        !trusts(),
        "an old message, perhaps from a relay that woke up"
    );
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(6, 1)));
    assert!(trusts());
    ledger.on_message(RUN, FeedMessage::Change(change("b", 7)));
    assert!(trusts(), "announced after it was written");
    ledger.on_message("other", FeedMessage::Change(change("b", 8)));
    assert!(!trusts(), "announced by another Redis");
}

#[test]
fn what_redis_lacks_comes_from_the_control_plane_and_voids_nothing() {
    let ledger = at(5);
    ledger.cache.feed(record("kept", 1, "https://example.com/"));
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(8, 1)));
    let errand = ledger.log_errand(RUN).unwrap();
    ledger.on_log(RUN, errand, entries(&[("b", 8)]));
    assert!(ledger.log_errand(RUN).is_none(), "it will not get better");
    assert!(!knows(&ledger, "b"));

    let errand = ledger.page_errand().unwrap();
    assert_eq!(errand.after, Some(5));
    let first = page(8, &[("a", 6), ("a", 7)]);
    assert!(ledger.on_page(errand, first, now(&ledger)), "there is more");
    let errand = ledger.page_errand().unwrap();
    assert!(!ledger.on_page(errand, page(8, &[("b", 8)]), now(&ledger)));
    assert!(knows(&ledger, "a") && knows(&ledger, "b") && knows(&ledger, "kept"));
    assert_eq!(applied(&ledger), 8);
    assert!(ledger.freshness.is_confirmed());
}

#[test]
fn what_nobody_has_any_more_voids_everything() {
    for is_pruned in [true, false] {
        let ledger = at(5);
        ledger.cache.feed(record("kept", 1, "https://example.com/"));
        ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(8, 1)));
        let errand = ledger.log_errand(RUN).unwrap();
        ledger.on_log(RUN, errand, Vec::new());
        if is_pruned {
            let errand = ledger.page_errand().unwrap();
            assert!(!ledger.on_page(errand, page(8, &[("b", 8)]), now(&ledger)));
        } else {
            ledger.on_no_page();
        }
        assert!(!knows(&ledger, "kept"), "{is_pruned}");
        assert_eq!(applied(&ledger), 8);
    }
}

#[test]
fn a_control_plane_that_is_away_voids_nothing_by_itself() {
    let ledger = at(5);
    ledger.cache.feed(record("kept", 1, "https://example.com/"));
    ledger.on_no_page();
    assert!(knows(&ledger, "kept"));
}

#[test]
fn answers_to_questions_of_another_history_are_ignored() {
    let ledger = at(5);
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(6, 1)));
    let (for_log, for_page) = (
        ledger.log_errand(RUN).unwrap(),
        ledger.page_errand().unwrap(),
    );
    let other = Heartbeat {
        epoch: Uuid::from_u128(2),
        ..heartbeat(5, 2)
    };
    ledger.on_message(RUN, FeedMessage::Heartbeat(other));
    ledger.on_log(RUN, for_log, entries(&[("a", 6)]));
    ledger.on_page(for_page, page(6, &[("a", 6)]), now(&ledger));
    assert!(!knows(&ledger, "a"));
    assert_eq!(applied(&ledger), 5);
}

#[test]
fn the_heartbeat_of_a_relay_that_was_frozen_moves_nothing() {
    let ledger = at(9);
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(5, -1)));
    assert_eq!(applied(&ledger), 9);
    assert!(ledger.standing.borrow().trusts(RUN).is_none(), "for now");
    ledger.on_message(RUN, FeedMessage::Heartbeat(heartbeat(9, 1)));
    assert!(ledger.standing.borrow().trusts(RUN).is_some());
}

#[test]
fn a_change_that_cannot_be_understood_voids_what_it_may_have_changed() {
    let ledger = at(5);
    ledger.cache.feed(record("kept", 1, "https://example.com/"));
    ledger.on_loss();
    let errand = ledger.log_errand(RUN).unwrap();
    let newer = contract::DecodeError::NewerVersion {
        found: 9,
        supported: 1,
    };
    let entry = LogEntry {
        seq: 6,
        change: Err(newer.clone()),
    };
    ledger.on_log(RUN, errand, vec![entry]);
    assert!(!knows(&ledger, "kept"));
    assert_eq!(applied(&ledger), 6);

    let mut page = page(8, &[("a", 8)]);
    page.changes.insert(0, Err(newer));
    let errand = ledger.page_errand().unwrap();
    ledger.on_page(errand, page, now(&ledger));
    assert!(knows(&ledger, "a"), "what comes after is taken");
    assert_eq!(applied(&ledger), 8);
}
