//! Text of strangers, as it is kept.

use crate::target::is_disguising;

/// As long as an owner's own title. Characters.
const LONGEST: usize = 512;

/// The content of an attribute.
pub(super) fn of_attribute(raw: &str) -> String {
    htmlize::unescape_attribute(raw).into_owned()
}

/// The content of an element.
pub(super) fn of_element(raw: &str) -> String {
    htmlize::unescape(raw).into_owned()
}

/// In one line, without what is invisible or turns text around, and not too long. `None` if nothing
/// is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let is_blank = |character: char| character.is_whitespace() || character.is_control();
    let words = text.split(is_blank).map(|word| {
        let seen = word.chars().filter(|character| is_seen(*character));
        seen.collect::<String>()
    });
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    let short: String = words.join(" ").chars().take(LONGEST).collect();
    Some(short.trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// Not whether it is blank or invisible, or turns text around. Emoji are joined by the second and coloured
/// by the third of these; the first is not invisible.
pub(crate) fn is_seen(character: char) -> bool {
    matches!(character, '\\' | '\u{200d}' | '\u{fe0f}') || !is_disguising(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line_without_what_deceives() {
        for (text, kept) in [
            ("  Spring\r\n\t sale ", Some("Spring sale")),
            ("a\u{202e}b\u{200b}c\u{feff}\u{2066}d", Some("abcd")),
            ("nul\0and\u{1b}[31mred", Some("nul and [31mred")),
            ("C:\\temp", Some("C:\\temp")),
            (
                "\u{1f468}\u{200d}\u{1f469} \u{2764}\u{fe0f}",
                Some("\u{1f468}\u{200d}\u{1f469} \u{2764}\u{fe0f}"),
            ),
            (
                "<img src=x onerror=alert(1)>",
                Some("<img src=x onerror=alert(1)>"),
            ),
            (" \u{202e}\n", None),
            ("", None),
        ] {
            assert_eq!(clean(text).as_deref(), kept, "{text:?}");
        }
        let long = clean(&"ü ".repeat(600)).unwrap();
        assert_eq!(long.chars().count(), 511, "and no blank at its end");
    }

    #[test]
    fn entities_are_decoded_once() {
        assert_eq!(
            of_element("Caf&eacute; &amp;amp; &#x1F600; &copy 2026"),
            "Café &amp; \u{1f600} © 2026"
        );
        assert_eq!(
            of_element("&#0;&#x110000;&nosuch;"),
            "\u{fffd}\u{fffd}&nosuch;"
        );
        assert_eq!(of_attribute("?a=1&copy=2&amp;b=&quot;"), "?a=1&copy=2&b=\"");
    }
}
