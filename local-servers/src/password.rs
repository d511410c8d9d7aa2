//! Passwords of private servers.

use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result};

/// A new password: 128 random bits as 32 hexadecimal digits.
pub fn random_password() -> SecretString {
    format!("{:032x}", rand::random::<u128>()).into()
}

/// Refuses what would need quoting in an address, a configuration file or a protocol line, so
/// that no place has to quote.
pub(crate) fn check(password: &SecretString) -> Result<()> {
    let password = password.expose_secret();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (8..=128).contains(&password.len()) && password.bytes().all(plain) {
        Ok(())
    } else {
        Err(Error::UnsuitablePassword)
    }
}

#[cfg(test)]
mod tests {
    use super::{check, random_password};

    #[test]
    fn only_plain_passwords_pass() {
        assert!(check(&random_password()).is_ok());
        for bad in [
            "",
            "short",
            "with space in it",
            "qu\"ote-qu\"ote",
            "line\nline-line",
        ] {
            assert!(check(&bad.to_owned().into()).is_err(), "{bad:?}");
        }
    }
}
