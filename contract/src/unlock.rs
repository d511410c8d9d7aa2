//! The cookie of a visitor who knew a link's password: made by the control plane, which has
//! checked it, believed by the edge.
//!
//! It is bound to the link, to the password's number and to an end, and signed with a key that
//! both make from the installation's internal secret. Whoever changes the password locks all out.

use std::fmt::Write;

use subtle::ConstantTimeEq;

use crate::{LinkId, Timestamp};

/// How long a visitor need not enter the password again. Seconds.
pub const UNLOCKED_FOR: i64 = 60 * 60;

/// What the signature's key is for (BLAKE3's key derivation wants it to be unique).
const CONTEXT: &str = "LinkPulse 2026-11 unlock cookie";

/// Makes cookies and recognises its own.
pub struct UnlockKey([u8; 32]);

impl UnlockKey {
    /// From the secret that edge and control plane share.
    pub fn new(internal_secret: &str) -> Self {
        Self(blake3::derive_key(CONTEXT, internal_secret.as_bytes()))
    }

    /// The cookie's name: each link has its own.
    pub fn cookie_name(link: LinkId) -> String {
        format!("lp_unlock_{}", link.0.simple())
    }

    /// The cookie's value: the end in seconds since 1970, a dot, the signature.
    pub fn sign(&self, link: LinkId, password: u64, until: Timestamp) -> String {
        let until = until.as_micros() / 1_000_000;
        format!("{until}.{}", self.signature(link, password, until))
    }

    /// Whether a value was made for this link and password, and has not ended.
    pub fn verify(&self, value: &str, link: LinkId, password: u64, now: Timestamp) -> bool {
        let Some((until, signature)) = value.split_once('.') else {
            return false;
        };
        let Ok(until) = until.parse::<i64>() else {
            return false;
        };
        let expected = self.signature(link, password, until);
        until > now.as_micros() / 1_000_000
            && bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
    }

    fn signature(&self, link: LinkId, password: u64, until: i64) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(link.0.as_bytes());
        hasher.update(&password.to_le_bytes());
        hasher.update(&until.to_le_bytes());
        let mut text = String::with_capacity(64);
        for byte in hasher.finalize().as_bytes() {
            // Writing into a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_cookie_opens_one_link_with_one_password_for_a_while() {
        let key = UnlockKey::new("secret");
        let [one, other] = [1, 2].map(|number| LinkId(Uuid::from_u128(number)));
        let value = key.sign(one, 7, at(100));
        assert!(key.verify(&value, one, 7, at(99)));
        assert!(!key.verify(&value, one, 7, at(100)), "it has ended");
        assert!(
            !key.verify(&value, one, 8, at(99)),
            "the password was changed"
        );
        assert!(!key.verify(&value, other, 7, at(99)));
        assert!(!UnlockKey::new("another").verify(&value, one, 7, at(99)));
        let longer = value.replacen("100", "900", 1);
        assert!(!key.verify(&longer, one, 7, at(99)));
        for nonsense in ["", ".", "100.", "x.y", "100"] {
            assert!(!key.verify(nonsense, one, 7, at(99)), "{nonsense:?}");
        }
    }
}
