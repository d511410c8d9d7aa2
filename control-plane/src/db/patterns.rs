//! Text for `like`.

/// What everything is like. No index is any help with that.
pub(super) const EVERYTHING: &str = "%";

/// A `like` pattern for "contains this text", whatever characters it has.
pub(super) fn contains_pattern(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// A pattern for "begins with this text".
pub(super) fn begins_pattern(text: &str) -> String {
    format!("{}%", escaped(text))
}

/// A pattern for "contains these words, in this order".
pub(super) fn pattern_of_words(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| escaped(word)).collect();
    format!("%{}%", words.join("%"))
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_")
}
