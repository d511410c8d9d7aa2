//! Text in CSV files that people open with a spreadsheet.
//!
//! A spreadsheet runs cells that begin like a formula, `=HYPERLINK(…)`. One to which `;` separates cells sees
//! our quotes only at the beginning of a line: it splits at each other `;`, and takes a line break within a text
//! for the end of a row. So `'` goes before each such beginning, and the spreadsheet shows it as text. Reading
//! a file takes off one `'` from each.

/// What a formula begins with, also as East Asian keyboards write it, and the tab, which may be skipped before it.
const SIGNS: [char; 9] = ['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠'];

/// What may begin another cell after it.
const BREAKS: [char; 3] = [';', '\n', '\r'];

/// As it goes into a file.
pub(crate) fn defused(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 1);
    for cell in text.split_inclusive(BREAKS) {
        if would_run(cell) {
            written.push('\'');
        }
        written.push_str(cell);
    }
    written
}

/// As it was before it went into a file.
pub(crate) fn restored(text: &str) -> String {
    let cells = text.split_inclusive(BREAKS);
    let cells = cells.map(|cell| match cell.strip_prefix('\'') {
        Some(rest) if would_run(rest) => rest,
        _ => cell,
    });
    cells.collect()
}

/// Also once one `'` or more are taken off: text that has them already gets one more, and keeps its own.
fn would_run(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(SIGNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text_and_text_stays() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("'=x", "''=x"),
            ("＝1", "'＝1"),
            ("＠a", "'＠a"),
            ("a;=1;b", "a;'=1;b"),
            (";-1", ";'-1"),
            ("a\n=1\r\n\n-2\r+3", "a\n'=1\r\n\n'-2\r'+3"),
            ("\n'=1", "\n''=1"),
            ("a=1; b", "a=1; b"),
            ("'x", "'x"),
            ("it's", "it's"),
            ("", ""),
        ] {
            assert_eq!(defused(text), written);
            assert_eq!(restored(written), text);
        }
        // From elsewhere, where nobody did that.
        assert_eq!(restored("=1+1"), "=1+1");
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(text in "[';=＋a\t\r\n-]{0,12}") {
            prop_assert_eq!(restored(&defused(&text)), text);
        }
    }
}
