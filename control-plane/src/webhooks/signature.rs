//! Signatures as in the Standard Webhooks specification.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use sha2::Sha256;

use crate::error::{Error, Result};

/// What messages to one receiver are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new one.
    pub fn generate() -> Self {
        Self(rand::rng().random())
    }

    /// From the database.
    ///
    /// # Errors
    /// When it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(Error::internal)
    }

    /// For the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As receivers' libraries want it.
    pub fn expose(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }
}

/// The value of `webhook-signature`.
///
/// # Errors
/// Never: HMAC takes keys of any length.
pub fn sign(secret: &Secret, id: &str, seconds: i64, body: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).map_err(Error::internal)?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Ok(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification has a key of 24 bytes; the scheme is the same.
    #[test]
    fn a_signature_covers_identity_time_and_body() {
        let secret = Secret([7; 32]);
        let signature = sign(&secret, "msg_1", 1_614_265_330, "{\"test\": 2432232314}").unwrap();
        // Computed with openssl: printf … | openssl dgst -sha256 -mac hmac.
        assert_eq!(signature, "v1,4tb+MnkCTqymlrGQQ6f66PPeMjMas7AHx6XI40qL5MA=");
        for (id, seconds, body) in [
            ("msg_2", 1_614_265_330, "{\"test\": 2432232314}"),
            ("msg_1", 1_614_265_331, "{\"test\": 2432232314}"),
            ("msg_1", 1_614_265_330, "{\"test\": 2432232315}"),
        ] {
            assert_ne!(sign(&secret, id, seconds, body).unwrap(), signature);
        }
    }
}
