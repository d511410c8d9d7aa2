//! Identifiers: a UUID inside, `prefix_` + 22 base62 characters outside.

/// Digits of base62 in ascending value, chosen so that text order equals numeric order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters behind the prefix: 62²² > 2¹²⁸ > 62²¹.
pub const ENCODED_LENGTH: usize = 22;

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {prefix}…")]
pub struct InvalidId {
    /// What it should have begun with.
    pub prefix: &'static str,
}

/// Writes `prefix` and 128 bits as 22 base62 characters.
pub fn encode(prefix: &str, bits: u128) -> String {
    let mut text = String::with_capacity(prefix.len() + ENCODED_LENGTH);
    text.push_str(prefix);
    text.extend(digits(bits).iter().map(|&digit| char::from(digit)));
    text
}

/// 128 bits as 22 base62 characters, for places that must not allocate.
pub fn digits(bits: u128) -> [u8; ENCODED_LENGTH] {
    // Dividing 128 bits is slow. Two such divisions leave parts that fit into 64: 2, 10 and 10
    // digits.
    const TEN_DIGITS: u128 = 62u128.pow(10);
    let (rest, low) = (bits / TEN_DIGITS, (bits % TEN_DIGITS) as u64);
    let (high, middle) = ((rest / TEN_DIGITS) as u64, (rest % TEN_DIGITS) as u64);
    let mut digits = [b'0'; ENCODED_LENGTH];
    fill(&mut digits[..2], high);
    fill(&mut digits[2..12], middle);
    fill(&mut digits[12..], low);
    digits
}

/// Two digits at a time: each step waits for the one before, so there should be few.
fn fill(digits: &mut [u8], mut rest: u64) {
    for pair in digits.rchunks_exact_mut(2) {
        let two = (rest % (62 * 62)) as usize;
        pair.copy_from_slice(&[DIGITS[two / 62], DIGITS[two % 62]]);
        rest /= 62 * 62;
    }
}

/// Reads what [`encode`] wrote; every number has exactly one spelling.
pub fn decode(prefix: &'static str, text: &str) -> Result<u128, InvalidId> {
    let invalid = InvalidId { prefix };
    let digits = text.strip_prefix(prefix).ok_or(invalid)?;
    if digits.len() != ENCODED_LENGTH {
        return Err(invalid);
    }
    let mut bits: u128 = 0;
    for byte in digits.bytes() {
        let value = DIGITS
            .iter()
            .position(|&digit| digit == byte)
            .ok_or(invalid)?;
        bits = bits
            .checked_mul(62)
            .and_then(|shifted| shifted.checked_add(value as u128))
            .ok_or(invalid)?;
    }
    Ok(bits)
}

/// Declares an identifier type with its own prefix, so that a key's id is never taken for a link's.
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(&$crate::id::encode($prefix, self.0.as_u128()))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(::uuid::Uuid::from_u128($crate::id::decode($prefix, text)?)))
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::id::InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

typed_id! {
    /// Names a link for ever, whatever happens to its code. UUID v7.
    LinkId, "lnk_"
}

typed_id! {
    /// Names one request through all services, in logs, problems and clicks. UUID v7.
    RequestId, "req_"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trips(bits: u128) {
            prop_assert_eq!(decode("lnk_", &encode("lnk_", bits)), Ok(bits));
        }

        #[test]
        fn digits_are_those_of_the_number(bits: u128) {
            let value = |sum: u128, digit: &u8| {
                let value = DIGITS.iter().position(|known| known == digit).unwrap();
                sum.wrapping_mul(62).wrapping_add(value as u128)
            };
            prop_assert_eq!(digits(bits).iter().fold(0, value), bits);
        }

        #[test]
        fn text_order_is_numeric_order(one: u128, other: u128) {
            prop_assert_eq!(encode("", one).cmp(&encode("", other)), one.cmp(&other));
        }

        #[test]
        fn never_panics_on_foreign_text(text: String) {
            let _ = decode("lnk_", &text);
        }
    }

    #[test]
    fn refuses_other_prefixes_and_numbers_that_do_not_fit() {
        let id = encode("key_", 7);
        assert!(id.parse::<LinkId>().is_err());
        assert!("lnk_zzzzzzzzzzzzzzzzzzzzzz".parse::<LinkId>().is_err());
        assert!("lnk_7".parse::<LinkId>().is_err());
    }
}
