//! A/B tests: several targets, shown by weight, the same one to the same visitor.

use serde::{Deserialize, Serialize};

use crate::LinkId;

/// Most targets of a split.
pub const MAX_VARIANTS: usize = 8;

/// Several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The targets, at most [`MAX_VARIANTS`]. Their numbers in statistics are 1, 2, …
    pub variants: Vec<Variant>,
    /// Visitors keep their target by a cookie, also when their address changes. Otherwise by a
    /// hash of address and browser, which needs nothing on their side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uses_cookie: bool,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Where it leads.
    pub url: String,
    /// Its share of the visitors, relative to the sum of all weights. 0: nobody new.
    pub weight: u32,
}

impl Split {
    /// The variant for a visitor, with its number from 1; `None` if all weights are 0.
    ///
    /// `chosen` is the number from the visitor's cookie; `sticky` is a value that is the same
    /// at each visit, and evenly distributed over visitors.
    pub fn choose(&self, link: LinkId, sticky: u64, chosen: Option<u8>) -> Option<(u8, &Variant)> {
        if self.uses_cookie
            && let Some(number) = chosen
            && let Some(variant) = self.variants.get(usize::from(number).wrapping_sub(1))
        {
            return Some((number, variant));
        }
        let total: u64 = self
            .shown()
            .map(|(_, variant)| u64::from(variant.weight))
            .sum();
        // A uniform value below `total`, without the bias of a remainder (Lemire).
        let drawn = (u128::from(mix(link, sticky)) * u128::from(total)) >> 64;
        let mut below = 0;
        self.shown().find(|(_, variant)| {
            below += u128::from(variant.weight);
            drawn < below
        })
    }

    fn shown(&self) -> impl Iterator<Item = (u8, &Variant)> {
        (1..).zip(self.variants.iter().take(MAX_VARIANTS))
    }
}

/// A visitor who gets the first target of one link must not get the first of all links.
/// The finaliser of MurmurHash3.
fn mix(link: LinkId, sticky: u64) -> u64 {
    let (high, low) = link.0.as_u64_pair();
    let mut mixed = sticky ^ high.rotate_left(32) ^ low;
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn split(weights: &[u32]) -> Split {
        let variant = |(number, weight): (usize, &u32)| Variant {
            url: format!("https://example.com/{number}"),
            weight: *weight,
        };
        Split {
            variants: weights.iter().enumerate().map(variant).collect(),
            uses_cookie: false,
        }
    }

    fn link(number: u128) -> LinkId {
        LinkId(Uuid::from_u128(number))
    }

    #[test]
    fn a_cookie_decides_if_it_names_a_target() {
        let mut split = split(&[1, 0]);
        let number = |split: &Split, cookie| split.choose(link(1), 0, cookie).unwrap().0;
        assert_eq!(number(&split, Some(2)), 1, "cookies are not used");
        split.uses_cookie = true;
        assert_eq!(
            number(&split, Some(2)),
            2,
            "shown before its weight became 0"
        );
        for nonsense in [Some(0), Some(3), Some(255), None] {
            assert_eq!(number(&split, nonsense), 1);
        }
    }

    proptest! {
        #[test]
        fn visitors_are_divided_by_weight(
            weights in prop::collection::vec(0_u32..100, 2..=8),
            id: u128,
        ) {
            let total: u32 = weights.iter().sum();
            prop_assume!(total > 0);
            let split = split(&weights);
            let mut counts = vec![0_u32; weights.len()];
            let visitors = 20_000;
            for visitor in 0..visitors {
                // Even over all values, as the edge's hash is.
                let sticky = u64::MAX / visitors * visitor;
                let (number, _) = split.choose(link(id), sticky, None).unwrap();
                counts[usize::from(number) - 1] += 1;
            }
            for (count, weight) in counts.iter().zip(&weights) {
                let expected = f64::from(*weight) / f64::from(total);
                let seen = f64::from(*count) / visitors as f64;
                // Five standard deviations of a share of 1/2.
                prop_assert!((seen - expected).abs() < 0.018, "{counts:?} for {weights:?}");
                prop_assert!(*weight > 0 || *count == 0);
            }
        }

        #[test]
        fn a_visitor_stays(weights in prop::collection::vec(1_u32..100, 2..=8), id: u128, sticky: u64) {
            let split = split(&weights);
            let first = split.choose(link(id), sticky, None);
            prop_assert_eq!(first, split.choose(link(id), sticky, None));
        }
    }

    #[test]
    fn links_divide_the_same_visitors_differently() {
        let split = split(&[1, 1]);
        let same = (0..10_000_u64).filter(|visitor| {
            let number = |id| split.choose(link(id), visitor << 50, None).unwrap().0;
            number(1) == number(2)
        });
        assert!((4_500..5_500).contains(&same.count()));
    }

    #[test]
    fn without_weights_nothing_is_chosen() {
        assert_eq!(split(&[0, 0]).choose(link(1), 5, None), None);
        assert_eq!(split(&[]).choose(link(1), 5, None), None);
    }
}
