//! Where quotes stand in a row.

/// Text between quotes, by places in the row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// Where it opens.
    pub(super) opened: usize,
    /// Where it closes; `None` if it never does.
    pub(super) closed: Option<usize>,
    /// Whether something else than the end of the cell follows. Then that quote did not mean to close it.
    pub(super) is_followed: bool,
}

enum State {
    CellBegins,
    Unquoted,
    Quoted,
    /// After a quote in quoted text: another one makes both a sign of the text.
    Closed,
    /// After that, blanks, which do no harm.
    Blank,
}

/// All quoted texts of a row, as the reader of rows understands quotes: they open at the beginning of a cell.
pub(super) fn find(row: &[u8]) -> Vec<Quoted> {
    let mut found: Vec<Quoted> = Vec::new();
    let mut state = State::CellBegins;
    for (place, byte) in row.iter().enumerate() {
        state = match (state, byte) {
            (State::Quoted, b'"') => {
                if let Some(quoted) = found.last_mut() {
                    quoted.closed = Some(place);
                }
                State::Closed
            }
            (State::Quoted, _) => State::Quoted,
            (State::Closed, b'"') => {
                if let Some(quoted) = found.last_mut() {
                    quoted.closed = None;
                }
                State::Quoted
            }
            (_, b',' | b'\r' | b'\n') => State::CellBegins,
            (State::CellBegins, b'"') => {
                found.push(Quoted {
                    opened: place,
                    closed: None,
                    is_followed: false,
                });
                State::Quoted
            }
            (State::Closed | State::Blank, b' ') => State::Blank,
            (State::Closed | State::Blank, _) => {
                if let Some(quoted) = found.last_mut() {
                    quoted.is_followed = true;
                }
                State::Unquoted
            }
            (State::CellBegins | State::Unquoted, _) => State::Unquoted,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_found_where_they_open_and_close() {
        for (row, expected) in [
            ("a,b\"c\",d", vec![]),
            ("a,\"b\"\r\n", vec![(2, Some(4), false)]),
            (
                "\"a\",\"b\"",
                vec![(0, Some(2), false), (4, Some(6), false)],
            ),
            ("\"a\"\"b\"", vec![(0, Some(5), false)]),
            ("\"\"", vec![(0, Some(1), false)]),
            ("\"\"\"\"", vec![(0, Some(3), false)]),
            ("\"a\nb\",c", vec![(0, Some(4), false)]),
            ("\"a\"b\",c", vec![(0, Some(2), true)]),
            ("\"a\" ,b", vec![(0, Some(2), false)]),
            ("\"a\" \"b\"", vec![(0, Some(2), true)]),
            ("\"a,b", vec![(0, None, false)]),
            ("\"a\"\"", vec![(0, None, false)]),
        ] {
            let found = find(row.as_bytes());
            let found: Vec<_> = found
                .iter()
                .map(|quoted| (quoted.opened, quoted.closed, quoted.is_followed))
                .collect();
            assert_eq!(found, expected, "{row}");
        }
    }
}
