//! Text in CSV files that people open with a spreadsheet.
//!
//! A spreadsheet runs cells that begin like a formula, `=HYPERLINK(…)`, and where `;` separates cells it
//! splits a line there whatever the quotes say. So `'` goes before each such beginning, and the spreadsheet
//! shows it as text. Reading a file takes off one `'` from each.

/// What a formula begins with, also where East Asian keyboards write it; and what may be skipped before it.
const SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// As it goes into a file.
pub(crate) fn defused(text: &str) -> String {
    let cells = text.split(';').map(|cell| match would_run(cell) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    });
    cells.collect::<Vec<_>>().join(";")
}

/// As it was before it went into a file.
pub(crate) fn restored(text: &str) -> String {
    let cells = text.split(';').map(|cell| match cell.strip_prefix('\'') {
        Some(rest) if would_run(rest) => rest,
        _ => cell,
    });
    cells.collect::<Vec<_>>().join(";")
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
        fn what_is_written_comes_back(text in "[';=＋a\t-]{0,12}") {
            prop_assert_eq!(restored(&defused(&text)), text);
        }
    }
}
