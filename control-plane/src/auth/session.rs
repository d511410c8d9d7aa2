//! The cookie of a sign-in.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use sha2::{Digest, Sha256};

/// `__Host-`: only over a secure connection (or to localhost), only this host, only path `/`.
const COOKIE_NAME: &str = "__Host-linkpulse_session";

/// 256 random bits. The database holds only its hash.
#[derive(Clone)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A new token.
    pub fn generate() -> Self {
        Self(rand::rng().random())
    }

    /// From the request's cookies.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut pairs = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == COOKIE_NAME)?;
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// SHA-256, the form at rest.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

/// `Set-Cookie` for a new sign-in.
pub fn set_cookie(token: &SessionToken, lifetime: Duration) -> String {
    let value = URL_SAFE_NO_PAD.encode(token.0);
    cookie(&value, lifetime.as_secs())
}

/// `Set-Cookie` that removes it.
pub fn clear_cookie() -> String {
    cookie("", 0)
}

fn cookie(value: &str, max_age: u64) -> String {
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age={max_age}; HttpOnly; Secure; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_its_cookie_among_others() {
        let token = SessionToken::generate();
        let ours = set_cookie(&token, Duration::from_secs(60));
        let pair = ours.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b".parse().unwrap());
        headers.append(COOKIE, format!("theme=dark; {pair}; x=y").parse().unwrap());
        assert_eq!(
            SessionToken::from_headers(&headers).map(|found| found.hash()),
            Some(token.hash())
        );
    }

    #[test]
    fn hostile_cookies_are_no_cookie() {
        for value in [
            "",
            "=",
            "__Host-linkpulse_session=",
            "__Host-linkpulse_session=***",
            ";;;",
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, value.parse().unwrap())]);
            assert!(SessionToken::from_headers(&headers).is_none(), "{value:?}");
        }
    }
}
