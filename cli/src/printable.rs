//! Text of strangers, as it may be shown on a terminal.

use std::fmt::Write;

use control_plane::target::is_disguising;

/// In one line, with everything in sight: what would steer the terminal, turn text around or leave no
/// mark is written as an escape.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        let _ = match character != ' ' && is_disguising(character) {
            true => write!(printable, "{}", character.escape_default()),
            false => printable.write_char(character),
        };
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_steers_the_terminal() {
        for (text, shown) in [
            (
                "Looks like my bank, ünlike yours",
                "Looks like my bank, ünlike yours",
            ),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{1b}[2J\u{9b}31m\u{7}", r"\u{1b}[2J\u{9b}31m\u{7}"),
            ("gnp.\u{202e}txt\u{200b}", r"gnp.\u{202e}txt\u{200b}"),
            (r"C:\u{1b}", r"C:\\u{1b}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
