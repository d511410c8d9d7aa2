use contract::split::{self, MAX_VARIANTS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::field_check::FieldCheck;

/// One target alone is no test.
const MIN_VARIANTS: usize = 2;

/// Highest weight. Fine enough for a share of a millionth.
const MAX_WEIGHT: i64 = 1_000_000;

/// Several targets, shown by weight, the same one to the same visitor.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The targets. Their numbers in statistics are 1, 2, …
    #[schema(min_items = 2, max_items = 8)]
    variants: Vec<Variant>,
    /// Visitors keep their target by a cookie, also when their address changes. Otherwise by a
    /// hash of address and browser, which needs nothing on their side.
    #[serde(default)]
    #[schema(default = false)]
    uses_cookie: bool,
}

/// One target of a split.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Where it leads.
    #[schema(max_length = 2048, example = "https://example.com/a")]
    url: String,
    /// Its share of the visitors, relative to the sum of all weights. 0: nobody new.
    #[schema(minimum = 0, maximum = 1_000_000, example = 1)]
    weight: i64,
}

impl Split {
    pub(super) fn check(self, check: &mut FieldCheck<'_>) -> Option<split::Split> {
        let range = MIN_VARIANTS..=MAX_VARIANTS;
        if !check.length("split.variants", self.variants.len(), range) {
            return None;
        }
        if self.variants.iter().all(|variant| variant.weight == 0) {
            let message = "at least one weight must be more than 0";
            check.refuse("split.variants", "no_weight", message);
        }
        let mut variants = Vec::new();
        for (number, variant) in self.variants.into_iter().enumerate() {
            let field = format!("split.variants[{number}]");
            let url = check.url(&format!("{field}.url"), &variant.url);
            let weight = check.number(&format!("{field}.weight"), variant.weight, 0..=MAX_WEIGHT);
            if let (Some(url), Some(weight)) = (url, weight) {
                variants.push(split::Variant { url, weight });
            }
        }
        Some(split::Split {
            variants,
            uses_cookie: self.uses_cookie,
        })
    }
}

impl From<split::Split> for Split {
    fn from(split: split::Split) -> Self {
        let variant = |variant: split::Variant| Variant {
            url: variant.url,
            weight: variant.weight.into(),
        };
        Self {
            variants: split.variants.into_iter().map(variant).collect(),
            uses_cookie: split.uses_cookie,
        }
    }
}
