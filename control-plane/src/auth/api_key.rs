//! The text form of an API key: `lp_live_`, 30 random base62 characters, 6 of checksum.

use rand::Rng;
use sha2::{Digest, Sha256};

const PREFIX: &str = "lp_live_";
/// 30 base62 characters are 178 bits.
const RANDOM_LENGTH: usize = 30;
/// CRC-32 in base62. It protects nobody; it lets typing errors, and most invented keys, be refused
/// without a query, and lets scanners recognise a leaked key.
const CHECKSUM_LENGTH: usize = 6;
/// Characters that may be stored and shown: the prefix and four more.
const SHOWN_LENGTH: usize = PREFIX.len() + 4;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A well-formed API key. Its text is shown once, at its making, and stored nowhere.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// A new key.
    pub fn generate(random: &mut impl Rng) -> Self {
        let mut text = String::from(PREFIX);
        text.extend((0..RANDOM_LENGTH).map(|_| random_digit(random)));
        let checksum = checksum(&text);
        Self(text + &checksum)
    }

    /// Reads a key from a request; `None` unless its form and checksum are right.
    pub fn parse(text: &str) -> Option<Self> {
        let length = PREFIX.len() + RANDOM_LENGTH + CHECKSUM_LENGTH;
        if text.len() != length || !text.is_ascii() || !text.starts_with(PREFIX) {
            return None;
        }
        let (body, sum) = text.split_at(length - CHECKSUM_LENGTH);
        (checksum(body) == sum).then(|| Self(text.to_owned()))
    }

    /// SHA-256, the form at rest. A key has too much entropy to be guessed from it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The beginning, by which people tell their keys apart.
    pub fn shown_prefix(&self) -> &str {
        &self.0[..SHOWN_LENGTH]
    }

    /// The whole key, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn random_digit(random: &mut impl Rng) -> char {
    // Rejection keeps the digits equally likely: 248 is the highest multiple of 62 in a byte.
    loop {
        let [byte] = rand::RngExt::random::<[u8; 1]>(random);
        if byte < 248 {
            return char::from(DIGITS[usize::from(byte % 62)]);
        }
    }
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_no_altered_key_does() {
        let key = ApiKey::generate(&mut rand::rng());
        assert!(ApiKey::parse(key.expose()).is_some_and(|read| read.hash() == key.hash()));
        for position in 0..key.expose().len() {
            let mut altered = key.expose().as_bytes().to_vec();
            altered[position] = if altered[position] == b'x' {
                b'y'
            } else {
                b'x'
            };
            assert!(
                ApiKey::parse(str::from_utf8(&altered).unwrap()).is_none(),
                "at {position}"
            );
        }
        assert!(ApiKey::parse("").is_none());
        assert!(ApiKey::parse(&"é".repeat(22)).is_none());
    }
}
