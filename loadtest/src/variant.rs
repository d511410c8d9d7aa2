//! What links have besides a target.

use clap::ValueEnum;
use contract::rules::{Action, Condition, Country, Language, Rule, Test};
use contract::split::{self, Split};
use contract::user_agent::Device;
use contract::{LinkOptions, LinkRecord, Timestamp};
use serde::Serialize;

/// In the year 2125. Microseconds.
const FAR: Timestamp = Timestamp::from_micros(4_922_000_000_000_000);

/// What the links of a run have besides a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Variant {
    /// Nothing.
    Plain,
    /// Three rules, by country, device and language. None of them matches, so all are asked.
    Rules,
    /// Two targets, shown equally often.
    Split,
    /// An expiry in a hundred years.
    Expiry,
}

impl Variant {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Rules => "with 3 rules",
            Self::Split => "with an A/B split",
            Self::Expiry => "with an expiry",
        }
    }

    /// Gives a plain link what this variant has, and returns the targets it may lead to.
    pub(crate) fn equip(self, record: &mut LinkRecord) -> Vec<String> {
        let mut targets = vec![record.original_url.clone()];
        let mut options = LinkOptions::default();
        match self {
            Self::Plain => {}
            Self::Rules => options.rules = rules(&record.original_url),
            Self::Split => {
                targets.push(format!("{}&b", record.original_url));
                options.split = Some(even(&targets));
            }
            Self::Expiry => record.expires_at = Some(FAR),
        }
        record.options = (options != LinkOptions::default()).then(|| Box::new(options));
        targets
    }
}

/// For people who are not those that the generator plays.
fn rules(target: &str) -> Vec<Rule> {
    let rule = |test| Rule {
        conditions: vec![Condition {
            test,
            is_negated: false,
        }],
        action: Action::Url(format!("{target}&elsewhere")),
    };
    let languages = ["fr", "it"].map(|tag| Language(tag.to_owned()));
    vec![
        rule(Test::Country(vec![Country(*b"FR"), Country(*b"IT")])),
        rule(Test::Device(vec![Device::Tv])),
        rule(Test::Language(languages.into())),
    ]
}

fn even(targets: &[String]) -> Split {
    let variant = |url: &String| split::Variant {
        url: url.clone(),
        weight: 1,
    };
    Split {
        variants: targets.iter().map(variant).collect(),
        uses_cookie: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Links;

    #[test]
    fn each_variant_is_another_record_and_is_understood() {
        let record = |variant| Links::make(1, variant, 1).unwrap().get(0).record().clone();
        for &variant in Variant::value_variants() {
            let text = record(variant).encode();
            assert_eq!(
                LinkRecord::decode(text.as_bytes()).unwrap(),
                record(variant)
            );
            let is_plain = text == record(Variant::Plain).encode();
            assert_eq!(is_plain, variant == Variant::Plain);
        }
    }
}
