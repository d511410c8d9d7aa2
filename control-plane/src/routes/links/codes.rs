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
        let lower = text.to_ascii_lowercase();
        if RUDE.iter().any(|word| lower.contains(word)) {
            continue;
        }
        if is_lower {
            text = lower;
        }
        if let Ok(code) = text.parse::<Code>()
            && !code.is_reserved()
        {
            return code;
        }
    }
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
