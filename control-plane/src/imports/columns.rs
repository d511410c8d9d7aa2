//! What columns are called elsewhere.

/// Fields of a link, and what other systems call them: in lower case, with blanks.
const NAMES: [(&str, &[&str]); 11] = [
    (
        "original_url",
        &[
            "original url",
            "url",
            "long url",
            "longurl",
            "target",
            "target url",
            "destination",
            "destination url",
            "redirect to",
        ],
    ),
    (
        "code",
        &[
            "code",
            "short code",
            "shortcode",
            "slug",
            "alias",
            "keyword",
            "key",
            "back half",
            "short link",
            "short url",
            "shorturl",
            "shortlink",
        ],
    ),
    ("domain", &["domain"]),
    ("title", &["title", "name"]),
    (
        "notes",
        &["notes", "note", "description", "comments", "comment"],
    ),
    ("tags", &["tags", "labels", "tag"]),
    (
        "expires_at",
        &[
            "expires at",
            "expires",
            "expiration",
            "expiry",
            "valid until",
        ],
    ),
    ("enabled", &["enabled", "active"]),
    ("archived", &["archived"]),
    ("external_id", &["external id"]),
    (
        "redirect_status",
        &["redirect status", "status code", "redirect type"],
    ),
];

/// The field that a column holds; `None` if we have no such field.
pub(super) fn field(header: &str) -> Option<&'static str> {
    let header = header.trim().trim_start_matches('\u{feff}').to_lowercase();
    let header = header.replace(['_', '-'], " ");
    let found = NAMES
        .iter()
        .find(|(_, names)| names.contains(&header.as_str()));
    found.map(|(field, _)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_in_any_spelling() {
        for (header, expected) in [
            ("original_url", Some("original_url")),
            ("Long URL", Some("original_url")),
            ("\u{feff}Short-Link ", Some("code")),
            ("TAGS", Some("tags")),
            ("Domain", Some("domain")),
            ("clicks", None),
            ("", None),
        ] {
            assert_eq!(field(header), expected, "{header}");
        }
    }
}
