use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use sha2::{Digest, Sha256};

/// 256 random bits. The database holds only their hash.
pub(super) struct Token([u8; 32]);

impl Token {
    pub(super) fn generate() -> Self {
        Self(rand::rng().random())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    pub(super) fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}
