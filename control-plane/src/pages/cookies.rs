//! The cookie of a visitor who knew a link's password.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use contract::unlock::UNLOCKED_FOR;
use contract::{LinkId, Timestamp, UnlockKey};

/// Whether the visitor has shown the link's password, and not long ago.
pub(super) fn is_unlocked(
    headers: &HeaderMap,
    key: &UnlockKey,
    link: LinkId,
    password: u64,
    now: Timestamp,
) -> bool {
    let name = UnlockKey::cookie_name(link);
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='));
    values.any(|value| key.verify(value, link, password, now))
}

/// The values of `Set-Cookie` that open the link. Two, since a cookie for `/abc` is not sent to
/// `/abc+`, where the preview is.
pub(super) fn unlock(
    key: &UnlockKey,
    link: LinkId,
    password: u64,
    code: &str,
    now: Timestamp,
    is_secure: bool,
) -> [String; 2] {
    let name = UnlockKey::cookie_name(link);
    let until = Timestamp::from_micros(now.as_micros() + UNLOCKED_FOR * 1_000_000);
    let value = key.sign(link, password, until);
    let secure = if is_secure { "; Secure" } else { "" };
    ["", "+"].map(|suffix| {
        format!(
            "{name}={value}; Path=/{code}{suffix}; Max-Age={UNLOCKED_FOR}; HttpOnly; \
             SameSite=Lax{secure}"
        )
    })
}
