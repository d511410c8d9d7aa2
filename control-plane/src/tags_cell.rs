//! Tags in one cell of a CSV file.
//!
//! Commas separate them: no tag has one. Other systems use `;` or `|`, which our tags may have. So those count
//! only in a cell without a comma, and where one would be taken apart, a comma comes at its end.

/// Signs that separate tags where no comma does.
const OTHERS: [char; 2] = [';', '|'];

/// As they go into a file.
pub(crate) fn joined(tags: &[&str]) -> String {
    let mut cell = tags.join(",");
    if cell.contains(OTHERS) && !cell.contains(',') {
        cell.push(',');
    }
    cell
}

/// Those of a cell, from here or elsewhere.
pub(crate) fn separated(cell: &str) -> impl Iterator<Item = &str> {
    let has_comma = cell.contains(',');
    let tags = cell.split(move |sign| match has_comma {
        true => sign == ',',
        false => OTHERS.contains(&sign),
    });
    tags.map(str::trim).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_are_written_with_commas_and_read_with_any_separator() {
        for (cell, tags) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a,b c", vec!["a", "b c"]),
            ("a;b,", vec!["a;b"]),
            ("a|b,c", vec!["a|b", "c"]),
        ] {
            assert_eq!(joined(&tags), cell);
            assert_eq!(separated(cell).collect::<Vec<_>>(), tags);
        }
        for cell in ["a, b,,", "a;b", " a |b;"] {
            assert_eq!(separated(cell).collect::<Vec<_>>(), ["a", "b"], "{cell}");
        }
    }

    proptest! {
        #[test]
        fn tags_come_back(tags in prop::collection::vec("[a;|\"' ]{0,3}[;|b]", 0..4)) {
            let tags: Vec<&str> = tags.iter().map(|tag| tag.trim()).collect();
            let cell = joined(&tags);
            prop_assert_eq!(separated(&cell).collect::<Vec<_>>(), tags);
        }
    }
}
