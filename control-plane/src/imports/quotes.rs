//! Quotes in CSV that swallow what follows them.

/// Where a byte of CSV is.
enum Place {
    CellBegins,
    Unquoted,
    /// Within quotes, which this line opened.
    Quoted(usize),
    /// After a quote within quotes: it ends them, unless another follows.
    QuoteOrEnd(usize),
    /// After quotes, where nothing but blanks may follow.
    Ended(usize),
}

/// What is wrong with the quotes of a file, if anything. A reader would take the rows after an open quote for
/// text, up to the next one or to the end, and say nothing.
pub(super) fn fault(bytes: &[u8], delimiter: u8) -> Option<String> {
    let mut place = Place::CellBegins;
    let mut line = 1;
    for &byte in bytes {
        let ends_cell = byte == delimiter || matches!(byte, b'\n' | b'\r');
        place = match place {
            Place::CellBegins if byte == b'"' => Place::Quoted(line),
            Place::Quoted(opened) if byte == b'"' => Place::QuoteOrEnd(opened),
            Place::QuoteOrEnd(opened) if byte == b'"' => Place::Quoted(opened),
            Place::Quoted(opened) => Place::Quoted(opened),
            _ if ends_cell => Place::CellBegins,
            Place::QuoteOrEnd(opened) | Place::Ended(opened) if matches!(byte, b' ' | b'\t') => {
                Place::Ended(opened)
            }
            Place::QuoteOrEnd(opened) | Place::Ended(opened) => {
                return Some(format!(
                    "text follows after the quotes that line {opened} opens and line {line} closes: within \
                     quotes, a quote is written twice"
                ));
            }
            Place::CellBegins | Place::Unquoted => Place::Unquoted,
        };
        line += usize::from(byte == b'\n');
    }
    match place {
        Place::Quoted(opened) => Some(format!(
            "the quote that line {opened} opens is never closed"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_closed_before_the_cell_ends() {
        for (file, expected) in [
            ("", None),
            ("a,b\n1,2\n", None),
            ("a,b\r\n\"1,\r\n2\",\"x\"\"y\"\r\n", None),
            ("a,b\n5\" pipe,it\"s\n", None),
            ("a\n\"x\" ,\"y\"\t\n", None),
            ("a\n\"\"\n\"\"\"\"\n", None),
            ("a\n\"x\nhttps://e.com/\n", Some("line 2 opens is never")),
            (
                "a\n1\n\"x\n2\n\"y\"\n",
                Some("line 3 opens and line 5 closes"),
            ),
            ("a\n\"x\"y\n", Some("line 2 opens and line 2 closes")),
            ("a\n\"x\" \"\n", Some("line 2 opens and line 2 closes")),
            ("a\n\"x\"\"\n", Some("line 2 opens is never")),
        ] {
            let found = fault(file.as_bytes(), b',');
            let is_right = match (&found, expected) {
                (Some(found), Some(expected)) => found.contains(expected),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_right, "{file:?}: {found:?}");
        }
        assert_eq!(fault(b"a;b\n\"1\";\"2\"\n", b';'), None);
    }
}
