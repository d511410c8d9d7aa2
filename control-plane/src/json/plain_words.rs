//! For people who do not write Rust.

/// What serde says, in the words of JSON.
pub(super) fn in_plain_words(reason: &str) -> String {
    let words = [
        ("a sequence", "a list"),
        ("sequence", "list"),
        ("a map", "an object"),
        ("map", "object"),
        ("floating point", "number"),
        ("i64", "a whole number"),
        ("u64", "a whole number"),
        ("u16", "a whole number from 0 to 65535"),
        ("u8", "a whole number from 0 to 255"),
        ("f64", "a number"),
    ];
    let Some((found, expected)) = reason.split_once(", expected ") else {
        return reason.to_owned();
    };
    let expected = match expected.strip_prefix("struct ") {
        Some(_) => "an object",
        None => expected,
    };
    let replaced = |text: &str| {
        let word = words.iter().find(|(rust, _)| *rust == text);
        word.map_or(text, |(_, plain)| plain).to_owned()
    };
    // What was found begins with what kind of thing it is, and may end with itself.
    let (kind, found) = found.split_once(": ").unwrap_or(("", found));
    let (what, itself) = match found.split_once(" `") {
        Some((what, itself)) => (what, format!(" `{itself}")),
        None => (found, String::new()),
    };
    let what = replaced(what);
    let expected = replaced(expected);
    match kind {
        "" => format!("{what}{itself}, expected {expected}"),
        kind => format!("{kind}: {what}{itself}, expected {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_to_know_rust_to_understand_why() {
        for (reason, plain) in [
            (
                "invalid type: string \"x\", expected i64",
                "invalid type: string \"x\", expected a whole number",
            ),
            (
                "invalid type: integer `7`, expected a string",
                "invalid type: integer `7`, expected a string",
            ),
            (
                "invalid type: map, expected a sequence",
                "invalid type: object, expected a list",
            ),
            (
                "invalid type: floating point `1.5`, expected u16",
                "invalid type: number `1.5`, expected a whole number from 0 to 65535",
            ),
            (
                "invalid type: null, expected struct LinkFilters",
                "invalid type: null, expected an object",
            ),
            (
                "unknown variant `x`, expected one of `a`, `b`",
                "unknown variant `x`, expected one of `a`, `b`",
            ),
        ] {
            assert_eq!(in_plain_words(reason), plain);
        }
    }
}
