//! Rules: some visitors get another target, or none.

mod condition;
mod hours;
mod match_condition;

use serde::{Deserialize, Serialize};

pub use condition::{Condition, Country, Language, QueryValue, Test};
pub use hours::{Hours, Weekday, Zone};

use crate::Visit;

/// Most rules of a link. Each is one byte in a click: 0 is none.
pub const MAX_RULES: usize = 50;

/// Sends visitors to whom all conditions apply somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// All of them must hold. None: the rule is for everybody.
    #[serde(rename = "if")]
    pub conditions: Vec<Condition>,
    /// What the visitor gets.
    #[serde(rename = "then")]
    pub action: Action,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Redirects there.
    Url(String),
    /// Refuses.
    Refuse(Refusal),
}

/// How a rule refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether all conditions hold.
    pub fn matches(&self, visit: &Visit<'_>) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(visit))
    }
}

/// The first rule that matches, with its number from 1.
pub(crate) fn first_match<'r>(rules: &'r [Rule], visit: &Visit<'_>) -> Option<(u8, &'r Rule)> {
    (1..)
        .zip(rules.iter().take(MAX_RULES))
        .find(|(_, rule)| rule.matches(visit))
}
