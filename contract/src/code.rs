//! The short part of a link.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest code in bytes. Longer ones do not survive being printed or dictated.
pub const MAX_CODE_LENGTH: usize = 64;

/// First path segments that belong to the system, compared without regard to case.
///
/// A link could never be reached under one of them, because the edge forwards these paths to the
/// control plane. Adding a word here takes it away from users who have it: reserve early.
pub const RESERVED: &[&str] = &[
    "account", "admin", "api", "app", "assets", "auth", "console", "docs", "export", "health",
    "healthz", "help", "import", "internal", "login", "logout", "metrics", "oauth", "readyz",
    "report", "settings", "signin", "signup", "static", "status", "support", "ws",
];

/// A code: 1 to 64 characters of `A–Z a–z 0–9 _ -`.
///
/// Having one means that it was checked. Whether it is [reserved](Self::is_reserved) is a
/// separate question, because the edge asks it for routing and the control plane for refusal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(Box<str>);

/// Why a text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// Nothing there.
    #[error("a code needs at least one character")]
    Empty,
    /// More than [`MAX_CODE_LENGTH`] bytes.
    #[error("a code has at most {MAX_CODE_LENGTH} characters")]
    TooLong,
    /// A character outside the alphabet.
    #[error("a code consists of letters, digits, '-' and '_' only")]
    Character,
}

impl Code {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` could be a code; the same rule as [`FromStr`], without allocating.
    pub fn check(text: &str) -> Result<(), InvalidCode> {
        if text.is_empty() {
            return Err(InvalidCode::Empty);
        }
        if text.len() > MAX_CODE_LENGTH {
            return Err(InvalidCode::TooLong);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !text.bytes().all(allowed) {
            return Err(InvalidCode::Character);
        }
        Ok(())
    }

    /// Whether the system keeps this word for itself.
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.0)
    }
}

/// Longer words are not reserved.
const LONGEST_RESERVED: usize = 15;

/// For each length, the first letters of reserved words, a bit each. Nearly all codes are told
/// from all of them by one look.
const FIRST_LETTERS: [u32; LONGEST_RESERVED + 1] = {
    let mut letters = [0; LONGEST_RESERVED + 1];
    let mut index = 0;
    while index < RESERVED.len() {
        let word = RESERVED[index].as_bytes();
        letters[word.len()] |= letter(word[0]);
        index += 1;
    }
    letters
};

/// The bit of a letter, in upper or lower case; other characters share theirs with letters.
const fn letter(byte: u8) -> u32 {
    1 << (byte & 31)
}

/// Whether the system keeps this first path segment for itself.
pub fn is_reserved(segment: &str) -> bool {
    let Some(first) = segment.bytes().next() else {
        return false;
    };
    let letters = FIRST_LETTERS.get(segment.len()).copied();
    letters.unwrap_or_default() & letter(first) != 0
        && RESERVED
            .iter()
            .any(|word| word.eq_ignore_ascii_case(segment))
}

impl FromStr for Code {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        Self::check(text)?;
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.into()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_alphabet_and_nothing_else() {
        for good in ["a", "A-b_9", &"x".repeat(64)] {
            assert_eq!(good.parse::<Code>().unwrap().as_str(), good);
        }
        for bad in ["a/b", "..", "a b", "é", "a%20", "a\0", "a;x", "a.b"] {
            assert_eq!(bad.parse::<Code>(), Err(InvalidCode::Character), "{bad:?}");
        }
        assert_eq!("".parse::<Code>(), Err(InvalidCode::Empty));
        assert_eq!("x".repeat(65).parse::<Code>(), Err(InvalidCode::TooLong));
    }

    #[test]
    fn reserved_words_are_reserved_in_any_case() {
        assert!("api".parse::<Code>().unwrap().is_reserved());
        assert!("Console".parse::<Code>().unwrap().is_reserved());
        assert!(!"apis".parse::<Code>().unwrap().is_reserved());
        for word in RESERVED {
            assert!(is_reserved(word) && is_reserved(&word.to_uppercase()));
            assert!(!is_reserved(&format!("{word}-")));
        }
        for other in ["", "1", "_pi", "ap)", &"a".repeat(100)] {
            assert!(!is_reserved(other), "{other}");
        }
    }

    #[test]
    fn every_reserved_word_could_have_been_a_code() {
        for word in RESERVED {
            assert!(
                Code::check(word).is_ok(),
                "{word} can never collide, drop it"
            );
        }
    }
}
