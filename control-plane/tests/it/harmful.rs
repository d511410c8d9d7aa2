//! Texts that do harm elsewhere, as they are: not yet in JSON, CSV or a form.

/// Each with a name.
pub fn texts() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("NUL", b"a\0b".to_vec()),
        ("invalid UTF-8", b"a\xffb".to_vec()),
        ("right to left", "a\u{202e}b".into()),
        ("a formula", b"=HYPERLINK(\"https://example.net\")".to_vec()),
        ("line ends", b"a\r\nSet-Cookie: b=c".to_vec()),
        ("513 characters", vec![b'x'; 513]),
        ("100,000 characters", vec![b'x'; 100_000]),
    ]
}
