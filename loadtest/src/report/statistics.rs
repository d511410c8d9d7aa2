//! Numbers that stand for many.

use hdrhistogram::Histogram;
use serde::Serialize;

/// The middle and the ends of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

/// Of at least one value.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> Spread {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let middle = values.len() / 2;
    let median = if values.len().is_multiple_of(2) {
        (at(middle.wrapping_sub(1)) + at(middle)) / 2.0
    } else {
        at(middle)
    };
    Spread {
        median,
        lowest: at(0),
        highest: at(values.len().wrapping_sub(1)),
    }
}

impl Spread {
    /// `1.05 (0.98–1.11)`
    pub(crate) fn text(&self, decimals: usize) -> String {
        let Self {
            median,
            lowest,
            highest,
        } = self;
        format!("{median:.decimals$} ({lowest:.decimals$}–{highest:.decimals$})")
    }
}

/// A quantile of nanoseconds, in milliseconds.
pub(crate) fn quantile_millis(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert_eq!(spread([3.0, 1.0, 2.0]).text(1), "2.0 (1.0–3.0)");
        assert_eq!(spread([4.0, 1.0, 3.0, 2.0]).text(1), "2.5 (1.0–4.0)");
    }
}
