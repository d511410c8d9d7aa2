//! Which code a link gets.

use std::sync::LazyLock;

use contract::{Code, Domain};
use rand::RngExt;

use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// Length of generated codes: 62⁸ are 2·10¹⁴, too many to scan.
const GENERATED_LENGTH: usize = 8;

/// What generated codes do not say, as [`read_aloud`] gives it: [`rude_words.txt`](rude_words.txt).
static RUDE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines = include_str!("rude_words.txt").lines();
    let words = lines.filter(|line| !line.starts_with('#'));
    words.map(read_aloud).collect()
});

/// The code as the domain stores it.
pub(super) fn folded(code: &Code, is_lower: bool) -> Result<Code> {
    match is_lower {
        true => {
            let lower = code.as_str().to_ascii_lowercase();
            lower.parse().map_err(Error::internal)
        }
        false => Ok(code.clone()),
    }
}

/// Random, and neither reserved nor rude.
pub(super) fn generate_code(is_lower: bool) -> Code {
    loop {
        let random = rand::rng().sample_iter(rand::distr::Alphanumeric);
        let mut text: String = random.take(GENERATED_LENGTH).map(char::from).collect();
        if is_lower {
            text.make_ascii_lowercase();
        }
        if let Ok(code) = text.parse::<Code>()
            && is_decent(&code)
        {
            return code;
        }
    }
}

/// Whether a code that nobody has asked for may be given out: neither reserved nor rude.
pub(crate) fn is_decent(code: &Code) -> bool {
    let text = read_aloud(code.as_str());
    !code.is_reserved() && !RUDE.iter().any(|word| text.contains(word))
}

/// A text as it may be read: in any case, and with digits for the letters that they look like. `1` is an `i` or
/// an `l`, so these are one letter.
fn read_aloud(text: &str) -> String {
    let letters = text.chars().map(|character| match character {
        '0' => 'o',
        '1' | 'l' | 'L' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other.to_ascii_lowercase(),
    });
    letters.collect()
}

/// `code-2` to `code-9`, or a generated one.
pub(super) async fn free_code_like(
    state: &AppState,
    domain: &Domain,
    taken: &Code,
    is_lower: bool,
) -> Result<String> {
    for number in 2..=9 {
        let Ok(candidate) = format!("{taken}-{number}").parse::<Code>() else {
            break;
        };
        if db::find_link_by_code(&state.pool, domain, &candidate)
            .await?
            .is_none()
        {
            return Ok(candidate.to_string());
        }
    }
    Ok(generate_code(is_lower).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rude_codes_are_not_given_out() {
        let words = include_str!("rude_words.txt").lines();
        for word in words.filter(|line| !line.starts_with('#')) {
            let digits: String = word
                .chars()
                .map(|letter| match "olieast".find(letter) {
                    Some(place) => char::from(b"0113457"[place]),
                    None => letter,
                })
                .collect();
            for text in [
                format!("{word}x9"),
                format!("x9{}x", word.to_uppercase()),
                format!("9x{}{}", word[..1].to_uppercase(), &word[1..]),
                format!("x{digits}"),
            ] {
                assert!(!is_decent(&text.parse().unwrap()), "{text}");
            }
        }
        assert!(!is_decent(&"api".parse().unwrap()), "reserved");
        assert!(is_decent(&"Xk29fLq0".parse().unwrap()));
    }

    #[test]
    fn few_codes_are_made_anew() {
        let code = |_| -> Code {
            let random = rand::rng().sample_iter(rand::distr::Alphanumeric);
            let text: String = random.take(GENERATED_LENGTH).map(char::from).collect();
            text.parse().unwrap()
        };
        let decent = (0..10_000).map(code).filter(is_decent).count();
        assert!(decent > 9_500, "of 10,000 codes {decent} are decent");
    }

    #[test]
    fn generated_codes_are_codes() {
        for number in 0..1000 {
            let code = generate_code(number % 2 == 0);
            assert_eq!(code.as_str().len(), GENERATED_LENGTH);
            assert!(!code.is_reserved());
            let has_capitals = code.as_str().bytes().any(|byte| byte.is_ascii_uppercase());
            assert!(number % 2 == 1 || !has_capitals, "{code}");
        }
    }
}
