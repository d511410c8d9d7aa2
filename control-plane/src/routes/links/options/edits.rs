use contract::rules;
use contract::{LinkOptions, Timestamp, split};

use super::{ClickCap, Rule, SocialPreview, Split};
use crate::field_check::FieldCheck;

/// Longest time for which browsers may remember where a link leads. Seconds: a day.
const MAX_AGE: i64 = 24 * 60 * 60;

/// What a body says of a link's options. The outer `None` leaves one alone, the inner clears it.
#[derive(Default)]
pub struct OptionFields {
    pub starts_at: Option<Option<String>>,
    pub expired_url: Option<Option<String>>,
    pub click_cap: Option<Option<ClickCap>>,
    pub rules: Option<Option<Vec<Rule>>>,
    pub split: Option<Option<Split>>,
    pub social_preview: Option<Option<SocialPreview>>,
    pub passes_query: Option<bool>,
    pub passes_path: Option<bool>,
    pub strict: Option<bool>,
    pub indexable: Option<bool>,
    pub max_age: Option<Option<i64>>,
}

/// The same, in order.
#[derive(Clone)]
pub struct OptionEdits {
    starts_at: Option<Option<Timestamp>>,
    expired_url: Option<Option<String>>,
    click_cap: Option<Option<contract::ClickCap>>,
    rules: Option<Vec<rules::Rule>>,
    split: Option<Option<split::Split>>,
    social_preview: Option<Option<contract::SocialPreview>>,
    passes_query: Option<bool>,
    passes_path: Option<bool>,
    is_strict: Option<bool>,
    is_indexable: Option<bool>,
    max_age: Option<u32>,
}

impl OptionFields {
    /// Those that lead somewhere, to be looked at again.
    pub fn targets_of(options: LinkOptions) -> Self {
        Self {
            expired_url: Some(options.expired_url),
            click_cap: Some(options.click_cap.map(Into::into)),
            rules: Some(Some(options.rules.into_iter().map(Into::into).collect())),
            split: Some(options.split.map(Into::into)),
            social_preview: Some(options.social_preview.map(Into::into)),
            ..Self::default()
        }
    }

    pub fn check(self, check: &mut FieldCheck<'_>) -> OptionEdits {
        OptionEdits {
            starts_at: self.starts_at.map(|text| {
                let moment = check.moment("starts_at", &text?);
                moment.map(Into::into)
            }),
            expired_url: self
                .expired_url
                .map(|text| check.url("expired_url", &text?)),
            click_cap: self.click_cap.map(|cap| cap?.check(check)),
            rules: self
                .rules
                .map(|rules| Rule::check_all(rules.unwrap_or_default(), check)),
            split: self.split.map(|split| split?.check(check)),
            social_preview: self.social_preview.map(|preview| preview?.check(check)),
            passes_query: self.passes_query,
            passes_path: self.passes_path,
            is_strict: self.strict,
            is_indexable: self.indexable,
            max_age: self.max_age.map(|seconds| {
                let seconds = seconds.and_then(|given| check.number("max_age", given, 0..=MAX_AGE));
                seconds.unwrap_or_default()
            }),
        }
    }
}

impl OptionEdits {
    /// Changes what is to be changed. `revision` is the link's before the edit.
    pub fn apply(mut self, options: &mut LinkOptions, revision: u64) {
        if let Some(Some(cap)) = &mut self.click_cap {
            // Another limit goes on counting. A cap where there was none counts anew: nobody has
            // counted the visits since the one before it was removed.
            cap.set_after = match &options.click_cap {
                Some(current) => current.set_after,
                None => revision,
            };
        }
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut options.starts_at, self.starts_at);
        set(&mut options.expired_url, self.expired_url);
        set(&mut options.click_cap, self.click_cap);
        set(&mut options.rules, self.rules);
        set(&mut options.split, self.split);
        set(&mut options.social_preview, self.social_preview);
        set(&mut options.passes_query, self.passes_query);
        set(&mut options.passes_path, self.passes_path);
        set(&mut options.is_strict, self.is_strict);
        set(&mut options.is_indexable, self.is_indexable);
        set(&mut options.max_age, self.max_age);
    }
}
