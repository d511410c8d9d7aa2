//! What a link may have beyond a target.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::rules::{Action, Rule};
use crate::split::Split;

/// All of it. The default is a plain link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkOptions {
    /// When it begins to redirect; before, it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// Where it leads once it has expired, instead of 410.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_url: Option<String>,
    /// How often it redirects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_cap: Option<ClickCap>,
    /// Set: visitors need the link's password. A number that changes with the password, so that
    /// who knew the old one is asked again. The password itself is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<u64>,
    /// The first one that matches decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Several targets for visitors whom no rule has sent elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// What chats show when the link is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub social_preview: Option<SocialPreview>,
    /// The visitor's query parameters go on to the target, except those that it has itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub passes_query: bool,
    /// What follows the code in the path goes on to the target.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub passes_path: bool,
    /// Rather no answer than one that may be out of date.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_strict: bool,
    /// Search engines may list the short address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_indexable: bool,
    /// Seconds for which browsers may remember where the link leads; 0: ask every time. As long,
    /// edits do not arrive and clicks do not count.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_age: u32,
}

impl LinkOptions {
    /// All addresses that visitors, or their browsers, may be sent to besides the link's own target: the
    /// picture of a preview, too.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.iter().filter_map(|rule| match &rule.action {
            Action::Url(url) => Some(url.as_str()),
            Action::Refuse(_) => None,
        });
        let variants = self.split.iter().flat_map(|split| &split.variants);
        let used_up = self
            .click_cap
            .iter()
            .filter_map(|cap| cap.used_up_url.as_deref());
        let picture = self
            .social_preview
            .iter()
            .filter_map(|preview| preview.image_url.as_deref());
        rules
            .chain(variants.map(|variant| variant.url.as_str()))
            .chain(used_up)
            .chain(self.expired_url.as_deref())
            .chain(picture)
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Stops a link after so many visits, counted over all proxies in Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClickCap {
    /// Visits it redirects. From 1.
    pub limit: u64,
    /// Where it leads afterwards, instead of 410.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_up_url: Option<String>,
    /// Redirect while nobody can be asked how often it was visited. Otherwise that is a 503.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redirects_uncounted: bool,
    /// Tells this count from those of caps that the link had before: visits between two caps were
    /// counted by neither. The link's revision before the edit that set the cap; 0 if it was made
    /// with the link.
    #[serde(default, skip_serializing_if = "is_none_before")]
    pub set_after: u64,
}

fn is_none_before(revision: &u64) -> bool {
    *revision == 0
}

/// What chats and social networks show instead of the target's own title and picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocialPreview {
    /// `og:title`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `og:description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `og:image`, a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}
