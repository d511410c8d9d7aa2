//! What links mean: the order of precedence, and properties that hold for every link and visit.

use contract::rules::{Action, Condition, Country, Refusal, Rule, Test};
use contract::split::{Split, Variant};
use contract::{
    CapState, ClickCap, LinkId, LinkOptions, LinkRecord, LinkState, Method, Outcome, Place, Reason,
    RedirectStatus, SocialPreview, Timestamp, Visit, decide,
};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

const TARGET: &str = "https://example.com/target?own=1#part";

fn link(options: LinkOptions) -> LinkRecord {
    LinkRecord {
        link_id: LinkId(Uuid::from_u128(1)),
        domain: "localhost".parse().unwrap(),
        code: "abc".parse().unwrap(),
        revision: 1,
        state: LinkState::Active,
        original_url: TARGET.into(),
        status: RedirectStatus::Found,
        expires_at: None,
        options: Some(Box::new(options)),
    }
}

fn at(now: i64) -> Visit<'static> {
    Visit {
        now: Timestamp::from_micros(now),
        ..Visit::default()
    }
}

fn rule(test: Test, action: Action) -> Rule {
    let condition = Condition {
        test,
        is_negated: false,
    };
    Rule {
        conditions: vec![condition],
        action,
    }
}

fn for_country(letters: &[u8; 2], action: Action) -> Rule {
    rule(Test::Country(vec![Country(*letters)]), action)
}

/// The outcome in a word, or the address.
fn outcome(record: &LinkRecord, visit: &Visit<'_>) -> String {
    match decide(record, visit) {
        Outcome::Redirect(redirect) => redirect.location.into_owned(),
        Outcome::Refuse { reason, .. } => format!("{reason:?}"),
        Outcome::AskPassword => "password".into(),
        Outcome::Preview => "preview".into(),
        Outcome::SocialPreview(_) => "social preview".into(),
    }
}

/// A link on which every reason applies, and a visit to it. Taking the reasons away one by one
/// shows their order.
#[test]
fn the_first_reason_wins() {
    let mut record = link(LinkOptions {
        starts_at: Some(Timestamp::from_micros(100)),
        expired_url: Some("https://e.example/expired".into()),
        click_cap: Some(ClickCap {
            limit: 1,
            used_up_url: None,
            redirects_uncounted: false,
            set_after: 0,
        }),
        password: Some(1),
        social_preview: Some(SocialPreview::default()),
        rules: vec![for_country(
            b"DE",
            Action::Url("https://e.example/rule".into()),
        )],
        split: Some(Split {
            variants: vec![Variant {
                url: "https://e.example/variant".into(),
                weight: 1,
            }],
            uses_cookie: false,
        }),
        ..LinkOptions::default()
    });
    record.state = LinkState::Deleted;
    record.expires_at = Some(Timestamp::from_micros(50));
    let mut visit = at(60);
    visit.cap = CapState::UsedUp;
    visit.wants_preview = true;
    visit.place.country = Some(*b"DE");

    assert_eq!(outcome(&record, &visit), "NotYetActive");
    visit.now = Timestamp::from_micros(100);
    assert_eq!(outcome(&record, &visit), "Deleted");
    record.state = LinkState::Disabled;
    assert_eq!(outcome(&record, &visit), "Disabled");
    record.state = LinkState::Blocked;
    assert_eq!(outcome(&record, &visit), "Blocked");
    record.state = LinkState::Active;
    assert_eq!(outcome(&record, &visit), "https://e.example/expired");
    record.options.as_mut().unwrap().expired_url = None;
    assert_eq!(outcome(&record, &visit), "Expired");
    record.expires_at = None;
    assert_eq!(outcome(&record, &visit), "UsedUp");
    visit.cap = CapState::Unknown;
    assert_eq!(outcome(&record, &visit), "Uncounted");
    visit.cap = CapState::Open;
    assert_eq!(outcome(&record, &visit), "password");
    visit.is_unlocked = true;
    assert_eq!(outcome(&record, &visit), "preview");
    visit.wants_preview = false;
    assert_eq!(outcome(&record, &visit), "https://e.example/rule");
    visit.place.country = Some(*b"AT");
    assert_eq!(outcome(&record, &visit), "https://e.example/variant");
    record.options.as_mut().unwrap().split = None;
    assert_eq!(outcome(&record, &visit), TARGET);
}

#[test]
fn chats_are_shown_the_owners_words_and_people_are_sent_on() {
    let record = link(LinkOptions {
        social_preview: Some(SocialPreview::default()),
        password: Some(1),
        ..LinkOptions::default()
    });
    let chat = Visit {
        user_agent: "WhatsApp/2.24.8.85 A",
        ..Visit::default()
    };
    assert_eq!(outcome(&record, &chat), "social preview");
    assert_eq!(outcome(&record, &at(0)), "password");
    let plain = link(LinkOptions::default());
    assert_eq!(
        outcome(&plain, &chat),
        TARGET,
        "nothing of the owner's to show"
    );
}

#[test]
fn the_first_rule_that_matches_decides() {
    let record = link(LinkOptions {
        rules: vec![
            for_country(b"FR", Action::Refuse(Refusal::Unavailable)),
            for_country(b"DE", Action::Url("https://e.example/2".into())),
            rule(Test::Country(vec![]), Action::Refuse(Refusal::Gone)),
            Rule {
                conditions: vec![],
                action: Action::Url("https://e.example/4".into()),
            },
        ],
        ..LinkOptions::default()
    });
    let from = |letters: &[u8; 2]| {
        let mut visit = at(0);
        visit.place.country = Some(*letters);
        match decide(&record, &visit) {
            Outcome::Redirect(redirect) => redirect.rule,
            Outcome::Refuse { reason, rule } => {
                assert_eq!(reason.status(), 451);
                rule
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([from(b"FR"), from(b"DE"), from(b"XX")], [1, 2, 4]);
}

#[test]
fn a_used_up_link_may_lead_elsewhere_and_an_uncounted_one_on() {
    let cap = ClickCap {
        limit: 5,
        used_up_url: Some("https://e.example/sold-out".into()),
        redirects_uncounted: true,
        set_after: 0,
    };
    let record = link(LinkOptions {
        click_cap: Some(cap),
        ..LinkOptions::default()
    });
    let with = |cap| Visit { cap, ..at(0) };
    assert_eq!(
        outcome(&record, &with(CapState::UsedUp)),
        "https://e.example/sold-out"
    );
    assert_eq!(outcome(&record, &with(CapState::Unknown)), TARGET);
}

#[test]
fn browsers_remember_only_what_stays_true() {
    let max_age = |change: fn(&mut LinkRecord)| {
        let mut record = link(LinkOptions {
            max_age: 300,
            ..LinkOptions::default()
        });
        change(&mut record);
        match decide(&record, &at(0)) {
            Outcome::Redirect(redirect) => redirect.max_age,
            other => panic!("{other:?}"),
        }
    };
    fn options(record: &mut LinkRecord) -> &mut LinkOptions {
        record.options.as_mut().unwrap()
    }
    assert_eq!(max_age(|_| {}), 300);
    assert_eq!(
        max_age(|link| link.expires_at = Some(Timestamp::from_micros(7_999_999))),
        7
    );
    assert_eq!(max_age(|link| options(link).is_strict = true), 0);
    assert_eq!(
        max_age(|link| options(link).split = Some(Split {
            variants: vec![],
            uses_cookie: false
        })),
        0
    );
    assert_eq!(max_age(|link| link.options = None), 0);
}

#[test]
fn a_path_behind_the_code_needs_permission() {
    let mut record = link(LinkOptions::default());
    let visit = Visit {
        extra_path: "/more",
        query: "own=2&new=3",
        ..at(0)
    };
    assert_eq!(outcome(&record, &visit), "ExtraPath");
    let options = record.options.as_mut().unwrap();
    (options.passes_path, options.passes_query) = (true, true);
    assert_eq!(
        outcome(&record, &visit),
        "https://example.com/target/more?own=1&new=3#part"
    );
    record.options = None;
    assert_eq!(outcome(&record, &visit), "ExtraPath");
}

prop_compose! {
    fn any_options()(
        starts_at in option::of(any::<i64>()),
        expired_url in option::of(Just("https://e.example/expired".to_owned())),
        limit in option::of(any::<u64>()),
        password in option::of(any::<u64>()),
        countries in prop::collection::vec("[A-Z]{2}", 0..4),
        weights in option::of(prop::collection::vec(any::<u32>(), 0..9)),
        flags: [bool; 7],
        max_age: u32,
    ) -> LinkOptions {
        let [passes_query, passes_path, is_strict, uses_cookie, redirects_uncounted, has_preview, refuses] = flags;
        let action = || match refuses {
            true => Action::Refuse(Refusal::NotFound),
            false => Action::Url("https://e.example/rule".into()),
        };
        LinkOptions {
            starts_at: starts_at.map(Timestamp::from_micros),
            expired_url,
            click_cap: limit.map(|limit| ClickCap { limit, used_up_url: None, redirects_uncounted, set_after: 0 }),
            password,
            rules: countries.into_iter().map(|letters| {
                rule(Test::Country(vec![letters.try_into().unwrap()]), action())
            }).collect(),
            split: weights.map(|weights| Split {
                variants: weights.into_iter().map(|weight| Variant { url: "https://e.example/variant".into(), weight }).collect(),
                uses_cookie,
            }),
            social_preview: has_preview.then(SocialPreview::default),
            passes_query,
            passes_path,
            is_strict,
            is_indexable: false,
            max_age,
        }
    }
}

fn any_state() -> impl Strategy<Value = LinkState> {
    prop_oneof![
        6 => Just(LinkState::Active),
        1 => Just(LinkState::Disabled),
        1 => Just(LinkState::Deleted),
        1 => Just(LinkState::Blocked),
    ]
}

prop_compose! {
    fn any_link()(
        options in option::of(any_options()),
        state in any_state(),
        expires_at in option::of(any::<i64>()),
        id: u128,
    ) -> LinkRecord {
        let mut record = link(LinkOptions::default());
        record.link_id = LinkId(Uuid::from_u128(id));
        record.state = state;
        record.expires_at = expires_at.map(Timestamp::from_micros);
        record.options = options.map(Box::new);
        record
    }
}

/// Texts of a visit, hostile ones among them.
#[derive(Debug)]
struct Texts {
    user_agent: String,
    language: String,
    referrer: String,
    query: String,
    extra_path: String,
}

prop_compose! {
    fn any_texts()(
        user_agent in "\\PC{0,60}",
        language in "\\PC{0,20}",
        referrer in "\\PC{0,40}",
        query in "\\PC{0,40}",
        extra_path in "(/\\PC{0,10}){0,2}",
    ) -> Texts {
        Texts { user_agent, language, referrer, query, extra_path }
    }
}

prop_compose! {
    fn any_facts()(
        now: i64,
        is_head: bool,
        wants_preview: bool,
        is_unlocked: bool,
        cap in prop_oneof![Just(CapState::Open), Just(CapState::UsedUp), Just(CapState::Unknown)],
        sticky: u64,
        variant_cookie: Option<u8>,
        country in option::of("[A-Z]{2}"),
    ) -> Visit<'static> {
        Visit {
            now: Timestamp::from_micros(now),
            method: if is_head { Method::Head } else { Method::Get },
            place: Place {
                country: country.map(|letters| letters.as_bytes().try_into().unwrap()),
                ..Place::default()
            },
            wants_preview,
            is_unlocked,
            cap,
            sticky,
            variant_cookie,
            ..Visit::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_visit_of_every_link_has_an_outcome_that_keeps_the_promises(
        record in any_link(), facts in any_facts(), texts in any_texts(),
    ) {
        let visit = Visit {
            user_agent: &texts.user_agent,
            language: &texts.language,
            referrer: &texts.referrer,
            query: &texts.query,
            extra_path: &texts.extra_path,
            ..facts
        };
        let outcome = decide(&record, &visit);
        prop_assert_eq!(&outcome, &decide(&record, &visit), "the same again");
        let options = record.options.clone().unwrap_or_default();
        let is_expired = record.expires_at.is_some_and(|end| visit.now >= end);
        match outcome {
            Outcome::Redirect(redirect) => {
                prop_assert!(options.starts_at.is_none_or(|start| visit.now >= start));
                prop_assert!(!matches!(record.state, LinkState::Deleted | LinkState::Disabled));
                let location = url::Url::parse(&redirect.location).unwrap();
                let own = ["example.com", "e.example"];
                prop_assert!(own.contains(&location.host_str().unwrap()), "{location}");
                prop_assert_eq!(location.scheme(), "https");
                if redirect.is_target {
                    prop_assert!(!is_expired && record.state == LinkState::Active);
                    prop_assert!(options.password.is_none() || visit.is_unlocked);
                    prop_assert!(options.click_cap.is_none() || visit.cap != CapState::UsedUp);
                    prop_assert!(!visit.wants_preview);
                }
                prop_assert!(redirect.variant == 0 || redirect.rule == 0);
                prop_assert!(redirect.max_age <= options.max_age);
                if !options.passes_query {
                    let before = location.query().unwrap_or_default();
                    prop_assert!(matches!(before, "" | "own=1"), "{before}");
                }
            }
            Outcome::Refuse { reason, .. } => prop_assert!(reason.status() >= 404),
            Outcome::AskPassword => prop_assert!(options.password.is_some() && !visit.is_unlocked),
            Outcome::Preview => prop_assert!(visit.wants_preview && !is_expired),
            Outcome::SocialPreview(_) => prop_assert!(options.social_preview.is_some()),
        }
    }

    /// Options that do nothing change nothing: the short way of plain links is the same function.
    #[test]
    fn a_plain_link_is_one_with_empty_options(
        record in any_link(), facts in any_facts(), texts in any_texts(),
    ) {
        let visit = Visit { query: &texts.query, extra_path: &texts.extra_path, ..facts };
        let [mut without, mut with] = [record.clone(), record];
        without.options = None;
        with.options = Some(Box::default());
        prop_assert_eq!(decide(&without, &visit), decide(&with, &visit));
    }

    #[test]
    fn what_is_written_is_read(record in any_link()) {
        prop_assert_eq!(LinkRecord::decode(record.encode().as_bytes()), Ok(record));
    }
}

#[test]
fn every_reason_has_the_status_of_its_kind() {
    let statuses = [
        (Reason::NotYetActive, 404),
        (Reason::UsedUp, 410),
        (Reason::Blocked, 451),
        (Reason::Uncounted, 503),
    ];
    for (reason, status) in statuses {
        assert_eq!(reason.status(), status);
    }
}
