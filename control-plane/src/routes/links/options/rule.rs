use contract::rules::{self, MAX_RULES};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Condition;
use crate::field_check::FieldCheck;

/// Most conditions of a rule.
const MAX_CONDITIONS: usize = 20;

/// Sends the visitors to whom all conditions apply somewhere. Of several rules the first one that
/// matches decides.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// All of them must hold. None: the rule is for everybody.
    #[serde(rename = "if")]
    #[schema(max_items = 20)]
    conditions: Vec<Condition>,
    /// What the visitor gets.
    #[serde(rename = "then")]
    action: Action,
}

/// What a rule does.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RuleAction, example = json!({ "url": "https://example.com/de" }))]
pub enum Action {
    /// Redirects there.
    Url(String),
    /// Refuses.
    Refuse(Refusal),
}

/// How a rule refuses.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// 404, as if there were no link.
    NotFound,
    /// 410.
    Gone,
    /// 451: not for this visitor's country, say.
    Unavailable,
}

impl Rule {
    pub(super) fn check_all(rules: Vec<Self>, check: &mut FieldCheck<'_>) -> Vec<rules::Rule> {
        if !check.length("rules", rules.len(), 0..=MAX_RULES) {
            return Vec::new();
        }
        let rules = rules.into_iter().enumerate();
        rules
            .filter_map(|(number, rule)| rule.check(&format!("rules[{number}]"), check))
            .collect()
    }

    fn check(self, field: &str, check: &mut FieldCheck<'_>) -> Option<rules::Rule> {
        let list = format!("{field}.if");
        if !check.length(&list, self.conditions.len(), 0..=MAX_CONDITIONS) {
            return None;
        }
        let conditions = self.conditions.into_iter().enumerate();
        let conditions = conditions
            .filter_map(|(number, condition)| condition.check(&format!("{list}[{number}]"), check))
            .collect();
        let action = match self.action {
            Action::Url(text) => {
                rules::Action::Url(check.url(&format!("{field}.then.url"), &text)?)
            }
            Action::Refuse(refusal) => rules::Action::Refuse(refusal.into()),
        };
        Some(rules::Rule { conditions, action })
    }
}

impl From<rules::Rule> for Rule {
    fn from(rule: rules::Rule) -> Self {
        Self {
            conditions: rule.conditions.into_iter().map(Into::into).collect(),
            action: match rule.action {
                rules::Action::Url(url) => Action::Url(url),
                rules::Action::Refuse(refusal) => Action::Refuse(refusal.into()),
            },
        }
    }
}

impl From<Refusal> for rules::Refusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::Gone => Self::Gone,
            Refusal::Unavailable => Self::Unavailable,
        }
    }
}

impl From<rules::Refusal> for Refusal {
    fn from(refusal: rules::Refusal) -> Self {
        match refusal {
            rules::Refusal::NotFound => Self::NotFound,
            rules::Refusal::Gone => Self::Gone,
            rules::Refusal::Unavailable => Self::Unavailable,
        }
    }
}
