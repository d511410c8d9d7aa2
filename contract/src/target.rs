//! The address a visitor is sent to, with what they bring along.
//!
//! What is brought along can add to a target, never replace any of it: not its host, not its path,
//! not a parameter it has.

use std::borrow::Cow;

use crate::visit::{pairs, parameter};

/// The parameter with which QR codes make themselves known. It is ours, so it is not passed on.
pub(crate) const QR_PARAMETER: (&str, &str) = ("via", "qr");

/// The target with an extra path, which may be empty; `None` if that would lead out of the
/// target's own path.
pub(crate) fn with_path<'t>(target: &'t str, extra: &str) -> Option<Cow<'t, str>> {
    if extra.is_empty() {
        return Some(Cow::Borrowed(target));
    }
    if !extra.split('/').all(is_plain_segment) {
        return None;
    }
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let (base, rest) = target.split_at(end);
    let base = base.strip_suffix('/').unwrap_or(base);
    let mut location = String::with_capacity(target.len() + extra.len());
    location.push_str(base);
    push_encoded(&mut location, extra);
    location.push_str(rest);
    Some(Cow::Owned(location))
}

/// The target with the visitor's parameters, except ours and those it has itself.
pub(crate) fn with_query<'t>(target: Cow<'t, str>, query: &str) -> Cow<'t, str> {
    let end = target.find('#').unwrap_or(target.len());
    let own = target[..end].split_once('?').map(|(_, own)| own);
    let is_new = |pair: &&str| {
        let (name, value) = parameter(pair);
        (name, value) != QR_PARAMETER
            && !pairs(own.unwrap_or_default()).any(|own| means_the_same(parameter(own).0, name))
    };
    let mut added = String::new();
    for pair in pairs(query).filter(is_new) {
        if !added.is_empty() || own.is_some_and(|own| !own.is_empty()) {
            added.push('&');
        }
        push_encoded(&mut added, pair);
    }
    if added.is_empty() {
        return target;
    }
    let mut location = String::with_capacity(target.len() + added.len() + 1);
    location.push_str(&target[..end]);
    if own.is_none() {
        location.push('?');
    }
    location.push_str(&added);
    location.push_str(&target[end..]);
    Cow::Owned(location)
}

/// Whether the target's server will take two names for one: `%61` is `a`.
fn means_the_same(one: &str, other: &str) -> bool {
    let decoded = |name: &str| {
        let (name, _) = form_urlencoded::parse(name.as_bytes()).next()?;
        Some(name.into_owned())
    };
    one == other || decoded(one) == decoded(other)
}

/// Not one that means "here" or "up", in any spelling, nor one that some servers take apart.
fn is_plain_segment(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    let hides_a_slash =
        decoded.contains("%2f") || decoded.contains("%5c") || decoded.contains('\\');
    !matches!(decoded.as_str(), "." | "..") && !hides_a_slash && !decoded.contains('?')
}

/// What has no place in a URL as it is gets its percent sign. What has one stays.
fn push_encoded(location: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !br##""#'<>\^`{|}"##.contains(&byte) {
            location.push(char::from(byte));
        } else {
            location.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    fn joined(target: &str, extra: &str, query: &str) -> Option<String> {
        Some(with_query(with_path(target, extra)?, query).into_owned())
    }

    #[test]
    fn what_is_brought_along_is_added() {
        for (target, extra, query, expected) in [
            ("https://e.com/", "", "a=1&b", "https://e.com/?a=1&b"),
            (
                "https://e.com/?a=0#f",
                "",
                "a=1&b=2",
                "https://e.com/?a=0&b=2#f",
            ),
            ("https://e.com/?", "", "b=2", "https://e.com/?b=2"),
            (
                "https://e.com/",
                "",
                "a=&b&=c=d&",
                "https://e.com/?a=&b&=c=d",
            ),
            (
                "https://e.com/?a=0",
                "",
                "%61=1&a=2&A=3",
                "https://e.com/?a=0&A=3",
            ),
            ("https://e.com/", "", "via=qr&x=1", "https://e.com/?x=1"),
            ("https://e.com/", "", "via=qr", "https://e.com/"),
            (
                "https://e.com/",
                "",
                "a=é#<x>",
                "https://e.com/?a=%C3%A9%23%3Cx%3E",
            ),
            ("https://e.com/a", "/b/c", "", "https://e.com/a/b/c"),
            ("https://e.com/a/?q#f", "/b", "", "https://e.com/a/b?q#f"),
        ] {
            let found = joined(target, extra, query);
            assert_eq!(found.as_deref(), Some(expected), "{target} {extra} {query}");
        }
    }

    #[test]
    fn no_path_leads_out() {
        for extra in [
            "/..",
            "/a/../b",
            "/.",
            "/%2e%2E/x",
            "/.%2e",
            "/a%2fb",
            "/a\\b",
            "/%5C",
        ] {
            assert_eq!(with_path("https://e.com/a", extra), None, "{extra}");
        }
    }

    fn any_target() -> impl Strategy<Value = Url> {
        "https://[a-z]{1,9}\\.example(/[a-z]{0,5}){0,3}(\\?[a-c]=[a-z0-9&=]{0,9})?(#[a-z]{0,3})?"
            .prop_map(|text| Url::parse(&text).unwrap())
    }

    proptest! {
        #[test]
        fn nothing_of_a_target_is_ever_replaced(
            target in any_target(),
            extra in "(/[ -~é]{0,12}){0,3}",
            query in "[ -~é]{0,40}",
        ) {
            let Some(location) = joined(target.as_str(), &extra, &query) else {
                return Ok(());
            };
            prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            let found = Url::parse(&location).unwrap();
            prop_assert_eq!(found.as_str(), &location, "browsers read it as it is written");
            prop_assert_eq!(found.origin(), target.origin());
            prop_assert_eq!(found.fragment(), target.fragment());
            let own_path = target.path().trim_end_matches('/');
            prop_assert!(found.path().starts_with(own_path));
            let own: Vec<_> = target.query_pairs().collect();
            let all: Vec<_> = found.query_pairs().collect();
            prop_assert!(all.starts_with(&own), "{all:?} begins with {own:?}");
            for (name, _) in &all[own.len()..] {
                prop_assert!(!own.iter().any(|(has, _)| has == name), "{name} appears again");
            }
        }
    }
}
