//! Codes in files.

use contract::Code;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::routes::links::is_decent;

/// Length of codes that we make: as of generated ones.
const LENGTH: usize = 8;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A code, or a short address as host and path: which domain it means is known when the row is checked.
pub(super) fn from_cell(cell: &str) -> &str {
    let cell = cell.trim();
    let address = cell.split(['?', '#']).next().unwrap_or_default();
    let address = address.trim_end_matches('/');
    let address = match address.split_once("://") {
        Some((_, address)) => address,
        None => address,
    };
    match address.contains('/') {
        true => address,
        false => cell,
    }
}

/// A code that follows from what is in a row, so that a file can be imported again. Which of several
/// rows with the same target it is counts as well. Nobody outside the workspace can work it out: its
/// id is no public thing.
pub(super) fn of_row(workspace_id: Uuid, original_url: &str, occurrence: usize) -> String {
    let mut attempt = 0_u64;
    loop {
        let mut hash = Sha256::new();
        hash.update(workspace_id.as_bytes());
        hash.update((occurrence as u64).to_be_bytes());
        hash.update(attempt.to_be_bytes());
        hash.update(original_url);
        let bytes: [u8; 32] = hash.finalize().into();
        let digits = bytes.iter().take(LENGTH);
        let code: String = digits
            .map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()]))
            .collect();
        if code.parse::<Code>().is_ok_and(|code| is_decent(&code)) {
            return code;
        }
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_out_of_addresses() {
        for (cell, code) in [
            ("abc", "abc"),
            (" abc ", "abc"),
            ("https://bit.ly/abc", "bit.ly/abc"),
            ("https://go.example.org/abc/?x=1#y", "go.example.org/abc"),
            ("go.example.org/abc", "go.example.org/abc"),
            ("a?b", "a?b"),
            ("", ""),
        ] {
            assert_eq!(from_cell(cell), code, "{cell}");
        }
    }

    #[test]
    fn rows_without_a_code_get_the_same_one_again() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let code = of_row(one, "https://example.com/", 0);
        assert_eq!(code.len(), LENGTH);
        assert_eq!(of_row(one, "https://example.com/", 0), code);
        assert_ne!(of_row(one, "https://example.com/", 1), code);
        assert_ne!(of_row(one, "https://example.com/x", 0), code);
        assert_ne!(of_row(other, "https://example.com/", 0), code);
    }

    #[test]
    fn rows_get_no_rude_code() {
        // The first that follows from this target is "mQLnCUnt".
        let code = of_row(Uuid::from_u128(1), "https://example.com/31207", 0);
        assert!(is_decent(&code.parse().unwrap()), "{code}");
        assert_ne!(code, "mQLnCUnt");
    }
}
