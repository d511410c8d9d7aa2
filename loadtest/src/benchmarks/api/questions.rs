//! What lists are asked for.

use super::population::DOMAINS;
use super::words::{TAGS, WORDS, tag};

/// A kind of question.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: String,
    /// Queries of this kind, each another one.
    pub(super) queries: Vec<String>,
    /// Whether pages far behind are asked for, too.
    pub(super) is_deep: bool,
}

const ORDERS: [(&str, &str); 6] = [
    ("newest first", "sort=created"),
    ("oldest first", "sort=created&order=asc"),
    ("most clicks first", "sort=clicks"),
    ("fewest clicks first", "sort=clicks&order=asc"),
    ("last clicked first", "sort=last_clicked"),
    ("last clicked last", "sort=last_clicked&order=asc"),
];

/// All of them. Dates are those of links that are there.
pub(super) fn all(dates: &[String]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (name, query) in ORDERS {
        kinds.push(Kind {
            name: format!("all, {name}"),
            queries: vec![query.to_owned()],
            is_deep: true,
        });
    }
    let mut add = |name: &str, queries: Vec<String>| {
        kinds.push(Kind {
            name: name.to_owned(),
            queries,
            is_deep: false,
        });
    };
    for (name, texts) in searches() {
        let queries = |order: &str| {
            texts
                .iter()
                .map(|text| format!("q={text}{order}"))
                .collect()
        };
        add(&format!("search: {name}"), queries(""));
        add(
            &format!("search: {name}, by clicks"),
            queries("&sort=clicks"),
        );
        let last = queries("&sort=last_clicked");
        add(&format!("search: {name}, by last click"), last);
    }
    for (name, queries) in filters(dates) {
        let by_clicks = queries.iter().map(|query| format!("{query}&sort=clicks"));
        let by_clicks: Vec<String> = by_clicks.collect();
        add(name, queries);
        add(&format!("{name}, by clicks"), by_clicks);
    }
    kinds
}

fn searches() -> Vec<(&'static str, Vec<String>)> {
    let letters = ["a", "b", "e", "k", "q", "s", "x", "z", "5", "_"];
    let pairs = [
        "su", "wi", "qu", "xy", "zz", "le", "ku", "9x", "ab", "ne", "bi", "-7", "er", "ph",
    ];
    let threes = [
        "sum", "win", "qui", "kum", "ter", "ing", "zep", "xyl", "com", "a-9", "sai", "bal", "9zk",
    ];
    let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![
        ("one character", text(&letters)),
        ("two characters", text(&pairs)),
        ("three characters", text(&threes)),
        ("a word", text(&WORDS)),
        (
            "part of a target",
            (0..40)
                .map(|n| format!("{}.example.com%2F{}", word(n), word(n * 7 + 3)))
                .collect(),
        ),
        (
            "two words of a title",
            (0..40)
                .map(|n| format!("{}%20{}", word(n), word(n * 3 + 1)))
                .collect(),
        ),
        (
            "a number in a target",
            (0..40).map(|n| format!("-{}", 77 * n + 12)).collect(),
        ),
        (
            "nothing like it",
            text(&[
                "zzqqxx",
                "not%20there",
                "wintersummerx",
                "qqq",
                "kumquat%2Fkumquat-x",
            ]),
        ),
    ]
}

fn filters(dates: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let each_tag = || (0..TAGS).step_by(5).map(tag);
    let range = |days: usize| {
        let pairs = dates.iter().zip(dates.iter().skip(days));
        pairs
            .map(|(from, to)| format!("created_from={from}&created_before={to}"))
            .collect()
    };
    vec![
        ("with any of two tags", {
            let pairs = each_tag().map(|one| format!("any_tag={one},{}", tag(0)));
            pairs.collect()
        }),
        ("with a rare tag", {
            let rare = (TAGS - 40..TAGS).map(|number| format!("any_tag={}", tag(number)));
            rare.collect()
        }),
        ("with all of two tags", {
            let pairs = each_tag().map(|one| format!("all_tags={one},{}", tag(1)));
            pairs.collect()
        }),
        ("with none of two tags", {
            let pairs = each_tag().map(|one| format!("no_tag={one},{}", tag(0)));
            pairs.collect()
        }),
        (
            "in one state",
            [
                "active",
                "disabled",
                "scheduled",
                "expired",
                "blocked",
                "deleted",
            ]
            .map(|state| format!("status={state}"))
            .into(),
        ),
        (
            "archived only",
            vec![
                "archived=only".into(),
                "archived=only&status=expired".into(),
            ],
        ),
        (
            "of one domain",
            DOMAINS.map(|domain| format!("domain={domain}")).into(),
        ),
        (
            "of one maker",
            (0..20)
                .map(|n| format!("created_by=usr_loadtest{n:014}"))
                .collect(),
        ),
        ("made within a short time", range(1)),
        (
            "made within a longer time",
            range((dates.len() / 10).max(2)),
        ),
        (
            "several filters",
            DOMAINS
                .iter()
                .flat_map(|domain| {
                    (0..10).map(move |n| {
                        format!(
                            "domain={domain}&any_tag={}&status=active&q={}",
                            tag(n),
                            word(n)
                        )
                    })
                })
                .collect(),
        ),
    ]
}

fn word(number: usize) -> &'static str {
    WORDS[number % WORDS.len()]
}
