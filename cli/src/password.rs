//! Passwords for people.

/// Without letters and digits that look alike.
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Four groups of five: 99 bits, and still possible to type.
const GROUPS: usize = 4;
const GROUP_LENGTH: usize = 5;

/// A new password.
pub(crate) fn generate() -> String {
    let group = |_| (0..GROUP_LENGTH).map(|_| letter()).collect::<String>();
    (0..GROUPS).map(group).collect::<Vec<_>>().join("-")
}

fn letter() -> char {
    // Rejection keeps the letters equally likely: 248 is the highest multiple of 31 in a byte.
    loop {
        let byte: u8 = rand::random();
        if byte < 248 {
            return char::from(ALPHABET[usize::from(byte % 31)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_enough_and_never_the_same() {
        let (one, other) = (generate(), generate());
        assert_eq!(one.len(), GROUPS * GROUP_LENGTH + GROUPS - 1);
        assert!(one.len() >= control_plane::accounts::MIN_PASSWORD_LENGTH);
        assert_ne!(one, other);
    }
}
