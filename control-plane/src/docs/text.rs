//! The little Markdown that descriptions are written in.

use crate::pages::escaped;

/// One line: `code` is marked, all else is text.
pub(super) fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    });
    parts.collect()
}

/// Paragraphs, between empty lines.
pub(super) fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim);
    let paragraphs = paragraphs.filter(|paragraph| !paragraph.is_empty());
    let paragraphs = paragraphs.map(|paragraph| format!("<p>{}</p>\n", inline(paragraph)));
    paragraphs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_markup_is_text() {
        assert_eq!(
            paragraphs("a `<b>` & c\n\n<script>"),
            "<p>a <code>&lt;b&gt;</code> &amp; c</p>\n<p>&lt;script&gt;</p>\n"
        );
    }
}
