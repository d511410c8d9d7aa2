use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::field_check::FieldCheck;

/// Highest cap. No link was ever visited that often.
const MAX_VISITS: i64 = 1_000_000_000_000;

/// Stops a link after so many visits.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClickCap {
    /// Visits it redirects, counted exactly. Those before the cap was set are included as far as statistics
    /// have them: all but those of the last second.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 1000)]
    limit: i64,
    /// Where it leads afterwards, instead of 410.
    #[schema(max_length = 2048, example = "https://example.com/sold-out")]
    used_up_url: Option<String>,
    /// Redirect also while nobody can be asked how often it was visited. Otherwise that is a 503.
    #[serde(default)]
    #[schema(default = false)]
    redirects_uncounted: bool,
}

impl ClickCap {
    pub(super) fn check(self, check: &mut FieldCheck<'_>) -> Option<contract::ClickCap> {
        let limit = check.number("click_cap.limit", self.limit, 1..=MAX_VISITS);
        let used_up_url = self
            .used_up_url
            .and_then(|text| check.url("click_cap.used_up_url", &text));
        Some(contract::ClickCap {
            limit: limit?,
            used_up_url,
            redirects_uncounted: self.redirects_uncounted,
            set_after: 0,
        })
    }
}

impl From<contract::ClickCap> for ClickCap {
    fn from(cap: contract::ClickCap) -> Self {
        Self {
            limit: i64::try_from(cap.limit).unwrap_or(i64::MAX),
            used_up_url: cap.used_up_url,
            redirects_uncounted: cap.redirects_uncounted,
        }
    }
}
