//! The two cookies of links: that a visitor knew the password, and which target of a split they
//! were shown. Nothing else is ever put into a browser.

use contract::{LinkId, Timestamp, UnlockKey};

use crate::visit::Fields;

/// How long a browser keeps the target that it was shown. Seconds: a year, as analytics cookies
/// commonly have; tests end sooner.
const VARIANT_KEPT: u32 = 365 * 24 * 60 * 60;

/// Whether the visitor has shown the link's password, and not long ago.
pub(crate) fn is_unlocked(
    fields: &impl Fields,
    key: &UnlockKey,
    link: LinkId,
    password: u64,
    now: Timestamp,
) -> bool {
    let name = UnlockKey::cookie_name(link);
    values(fields, &name).any(|value| key.verify(value, link, password, now))
}

/// The number of the split target that the visitor was shown before.
pub(crate) fn variant(fields: &impl Fields, link: LinkId) -> Option<u8> {
    values(fields, &variant_name(link)).find_map(|value| value.parse().ok())
}

/// The value of `Set-Cookie` that makes a visitor keep their target.
pub(crate) fn keep_variant(link: LinkId, code: &str, variant: u8) -> String {
    let name = variant_name(link);
    format!("{name}={variant}; Path=/{code}; Max-Age={VARIANT_KEPT}; HttpOnly; SameSite=Lax")
}

fn variant_name(link: LinkId) -> String {
    format!("lp_variant_{}", link.0.simple())
}

/// All values of a cookie. A browser may send several: of different paths, and of strangers.
fn values<'f>(fields: &'f impl Fields, name: &'f str) -> impl Iterator<Item = &'f str> {
    fields
        .all("cookie")
        .filter_map(|header| std::str::from_utf8(header).ok())
        .flat_map(|header| header.split(';'))
        .filter_map(move |pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use uuid::Uuid;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for cookie in cookies {
            map.append("cookie", HeaderValue::from_str(cookie).unwrap());
        }
        map
    }

    #[test]
    fn cookies_are_found_among_others() {
        let link = LinkId(Uuid::from_u128(1));
        let name = variant_name(link);
        let found = |cookies: &[&str]| variant(&headers(cookies), link);
        assert_eq!(found(&["a=1; b=2", &format!("c=3;{name}=2")]), Some(2));
        assert_eq!(found(&[&format!("{name}=x; {name}=3")]), Some(3));
        assert_eq!(found(&[&format!("x{name}=2; {name}x=3; {name}")]), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn an_unlock_cookie_is_believed_if_it_is_ours() {
        let (link, now) = (LinkId(Uuid::from_u128(1)), Timestamp::from_micros(0));
        let key = UnlockKey::new("secret");
        let value = key.sign(link, 5, Timestamp::from_micros(9_000_000));
        let cookie = format!("{}={value}", UnlockKey::cookie_name(link));
        let unlocked = |cookie: &str, password| {
            is_unlocked(&headers(&["a=b", cookie]), &key, link, password, now)
        };
        assert!(unlocked(&cookie, 5));
        assert!(!unlocked(&cookie, 6));
        assert!(!unlocked(&cookie[..cookie.len() - 1], 5));
    }
}
