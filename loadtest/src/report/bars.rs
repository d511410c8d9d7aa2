//! Histograms as text.

/// Width of the longest bar.
const WIDTH: usize = 40;

/// A line for each range that ends at one of `ends` (milliseconds, ascending), and one for what is
/// beyond: how many of the values are in it, and a bar.
pub(crate) fn bars(millis: impl IntoIterator<Item = f64>, ends: &[f64]) -> String {
    let mut counts = vec![0_usize; ends.len() + 1];
    for value in millis {
        let range = ends.iter().position(|end| value < *end);
        counts[range.unwrap_or(ends.len())] += 1;
    }
    let longest = counts.iter().copied().max().unwrap_or_default().max(1);
    let mut text = String::new();
    let mut begin = 0.0;
    for (index, count) in counts.into_iter().enumerate() {
        let name = match ends.get(index) {
            Some(end) => format!("{begin} to {end} ms"),
            None => format!("{begin} ms or more"),
        };
        begin = ends.get(index).copied().unwrap_or(begin);
        let bar = "█".repeat((count * WIDTH).div_ceil(longest));
        let line = format!("{name:>15} {count:>5}  {bar}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_in_one_range() {
        let text = bars([0.5, 1.0, 1.5, 60.0, 5_000.0], &[1.0, 50.0, 100.0]);
        let counts: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim_end_matches(['█', ' ']).rsplit(' ').next())
            .collect();
        assert_eq!(counts, ["1", "2", "1", "1"], "{text}");
    }
}
