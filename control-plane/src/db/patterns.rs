//! Text for `like`.

/// A `like` pattern for "contains this text", whatever characters it has.
pub(super) fn contains_pattern(text: &str) -> String {
    format!("%{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_")
}
