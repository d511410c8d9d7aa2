//! Which code a link gets.

use contract::{Code, Domain};
use rand::RngExt;

use crate::db;
use crate::error::{Error, Result};
use crate::state::AppState;

/// Length of generated codes: 62⁸ are 2·10¹⁴, too many to scan.
const GENERATED_LENGTH: usize = 8;

/// Generated codes contain none of these, in any case.
const RUDE: [&str; 8] = [
    "arse", "cock", "cunt", "dick", "fuck", "nazi", "shit", "slut",
];

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
    let lower = code.as_str().to_ascii_lowercase();
    !code.is_reserved() && !RUDE.iter().any(|word| lower.contains(word))
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
        for word in RUDE {
            for text in [
                format!("{word}0000"),
                format!("00{}00", word.to_uppercase()),
                format!("0000{}{}", word[..1].to_uppercase(), &word[1..]),
            ] {
                assert!(!is_decent(&text.parse().unwrap()), "{text}");
            }
        }
        assert!(!is_decent(&"api".parse().unwrap()), "reserved");
        assert!(is_decent(&"Xk29fLq0".parse().unwrap()));
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
