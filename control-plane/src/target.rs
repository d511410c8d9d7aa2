//! Which `original_url` a link may have.
//!
//! The URL parser *repairs* hostile input: it strips newlines and zero-width characters and turns
//! full-width digits into 127.0.0.1. So the raw text is examined first, then the parsed form, and
//! only the re-serialised form is ever stored or sent.

mod address;
mod characters;
mod host_name;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::own_domains::OwnNames;

pub use address::is_public;
use characters::is_disguised;
pub use characters::is_disguising;

/// Longest target in bytes. Browsers and chat apps cut longer ones.
pub const MAX_LENGTH: usize = 2048;

/// Why a text is not an acceptable target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Empty or blank.
    #[error("a link needs a target")]
    Empty,
    /// More than [`MAX_LENGTH`] bytes, before or after serialising.
    #[error("a target has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// Control, invisible or bidirectional characters, blanks inside, or a backslash; in a host also what
    /// looks like the syntax of URLs.
    #[error("the target contains a character that can disguise where it leads")]
    DisguisingCharacter,
    /// Not `scheme://…`.
    #[error("a target is a complete URL such as https://example.com/page")]
    NotAbsolute,
    /// Neither http nor https.
    #[error("only http and https targets are allowed")]
    Scheme,
    /// `user:password@`.
    #[error("a target must not contain a user name or password")]
    Credentials,
    /// Port 0.
    #[error("port 0 cannot be reached")]
    Port,
    /// No host, a single label, or one that no host name has.
    #[error("the target's host is not a public host name")]
    Host,
    /// An address or name that only means something inside a network.
    #[error("the target leads into a private network")]
    PrivateAddress,
    /// A link to our own links could loop.
    #[error("the target is on a domain of this installation")]
    OwnDomain,
}

impl Refused {
    /// Stable code for clients.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooLong => "too_long",
            Self::DisguisingCharacter => "forbidden_character",
            Self::NotAbsolute => "not_absolute",
            Self::Scheme => "forbidden_scheme",
            Self::Credentials => "credentials",
            Self::Port => "forbidden_port",
            Self::Host => "invalid_host",
            Self::PrivateAddress => "private_address",
            Self::OwnDomain => "own_domain",
        }
    }
}

/// Checks a target and gives the form to store.
///
/// # Errors
/// The first reason to refuse it.
pub fn check(raw: &str, own_names: &OwnNames) -> Result<String, Refused> {
    if raw.trim().is_empty() {
        return Err(Refused::Empty);
    }
    if raw.len() > MAX_LENGTH {
        return Err(Refused::TooLong);
    }
    if raw.chars().any(is_disguising) {
        return Err(Refused::DisguisingCharacter);
    }
    let (scheme, _) = raw.split_once(':').ok_or(Refused::NotAbsolute)?;
    let is_scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if !is_scheme(scheme) {
        return Err(Refused::NotAbsolute);
    }
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(Refused::Scheme);
    }
    // "https:example.com" and "https:///example.com" would both be repaired.
    let authority = raw[scheme.len()..]
        .strip_prefix("://")
        .ok_or(Refused::NotAbsolute)?;
    if authority.starts_with('/') {
        return Err(Refused::NotAbsolute);
    }
    // The parser drops an empty name: "https://@example.com".
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Refused::Credentials);
    }
    // The parser decodes it, and repairs what comes out.
    let decoded = percent_decode_str(authority).decode_utf8_lossy();
    if is_disguised(&decoded) {
        return Err(Refused::DisguisingCharacter);
    }
    check_parsed(&Url::parse(raw).map_err(|_| Refused::Host)?, own_names)
}

fn check_parsed(url: &Url, own_names: &OwnNames) -> Result<String, Refused> {
    if url.port() == Some(0) {
        return Err(Refused::Port);
    }
    let host = url.host().ok_or(Refused::Host)?;
    // Before the private ranges, so that an installation on localhost gets the better message.
    if own_names.contain(&host) {
        return Err(Refused::OwnDomain);
    }
    match host {
        Host::Domain(name) => host_name::check(name)?,
        Host::Ipv4(address) if !is_public(address.into()) => return Err(Refused::PrivateAddress),
        Host::Ipv6(address) if !is_public(address.into()) => return Err(Refused::PrivateAddress),
        Host::Ipv4(_) | Host::Ipv6(_) => {}
    }
    let serialised = url.as_str();
    if serialised.len() > MAX_LENGTH {
        return Err(Refused::TooLong);
    }
    Ok(serialised.to_owned())
}

/// The host of a target in punycode and in Unicode, if these differ.
pub(crate) fn spellings(target: &str) -> Option<(String, String)> {
    // Others are ASCII. Nearly all targets.
    if !target.contains("xn--") {
        return None;
    }
    let url = Url::parse(target).ok()?;
    let ascii = url.host_str()?;
    let (unicode, is_valid) = idna::domain_to_unicode(ascii);
    (is_valid.is_ok() && unicode != ascii).then(|| (ascii.to_owned(), unicode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn checked(raw: &str) -> Result<String, Refused> {
        check(raw, &OwnNames::new("go.example.org".parse().unwrap(), []))
    }

    #[test]
    fn ordinary_targets_are_stored_serialised() {
        for (raw, stored) in [
            ("https://example.com", "https://example.com/"),
            (
                "HTTPS://Example.COM:443/A?b=c#d",
                "https://example.com/A?b=c#d",
            ),
            (
                "http://bücher.example.com/ü",
                "http://xn--bcher-kva.example.com/%C3%BC",
            ),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
            ("https://[3fff:1000::1]/", "https://[3fff:1000::1]/"),
            ("https://example.com/@name", "https://example.com/@name"),
            (
                "https://example.com?a@b#c@d",
                "https://example.com/?a@b#c@d",
            ),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
            ("https://example.com./x", "https://example.com./x"),
        ] {
            assert_eq!(checked(raw).as_deref(), Ok(stored), "{raw:?}");
        }
    }

    #[test]
    fn each_way_to_hide_is_refused() {
        use Refused::*;
        for (raw, reason) in [
            ("", Empty),
            (" \t", Empty),
            ("javascript:alert(1)", Scheme),
            ("JaVaScRiPt:alert(1)", Scheme),
            ("java\nscript:alert(1)", DisguisingCharacter),
            ("data:text/html,x", Scheme),
            ("mailto:a@example.com", Scheme),
            ("//evil.com/x", NotAbsolute),
            ("/relative", NotAbsolute),
            ("example.com", NotAbsolute),
            ("https:example.com", NotAbsolute),
            ("https:///example.com", NotAbsolute),
            (
                "https://example.com/\r\nSet-Cookie: a=b",
                DisguisingCharacter,
            ),
            ("https://example.com\\@evil.com/", DisguisingCharacter),
            ("https://exa\u{200b}mple.com/", DisguisingCharacter),
            ("https://example.com/\u{202e}fdp.exe", DisguisingCharacter),
            ("https://user:pass@evil.com/", Credentials),
            ("https://user@evil.com/", Credentials),
            ("https://@example.com/", Credentials),
            ("https://:@example.com/", Credentials),
            ("https://@@example.com?x", Credentials),
            ("https://example.com\u{2800}/", DisguisingCharacter),
            ("https://example.com/\u{1bca0}", DisguisingCharacter),
            ("https://example.com/\u{1bca3}", DisguisingCharacter),
            ("https://example.com:0/", Port),
            ("https://example.com:99999/", Host),
            ("https://..", Host),
            ("https://wiki/", Host),
            ("https://a..b/", Host),
            ("https://go.example.org/abc", OwnDomain),
            ("https://GO.example.org.:8443/abc", OwnDomain),
        ] {
            assert_eq!(checked(raw), Err(reason), "{raw:?}");
        }
        assert_eq!(
            checked(&format!("https://example.com/{}", "x".repeat(2029))),
            Err(TooLong)
        );
        let grows = format!("https://example.com/{}", "ü".repeat(800));
        assert_eq!(
            checked(&grows),
            Err(TooLong),
            "the stored form counts, not only the text"
        );
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "１２７.0.0.1",
            "127.0.0.1.",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "[::1]",
            "[::]",
            "[fc00::1]",
            "[fe80::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "[2001::1]",
            "[3fff::1]",
            "[3fff:fff:ffff::1]",
            "192.88.99.1",
            "168.63.129.16",
            "2822734096",
            "[::ffff:168.63.129.16]",
            "[64:ff9b::a83f:8110]",
            "[ff02::1]",
            "localhost",
            "localhost.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "nas.home.arpa",
        ] {
            assert_eq!(
                checked(&format!("http://{host}/")),
                Err(Refused::PrivateAddress),
                "{host}"
            );
        }
    }

    #[test]
    fn on_a_local_installation_loopback_is_the_own_domain() {
        let local = OwnNames::new("localhost".parse().unwrap(), []);
        assert_eq!(
            check("http://127.0.0.1:8080/x", &local),
            Err(Refused::OwnDomain)
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_what_is_accepted_is_stable(raw in "(https?://)?\\PC{0,60}") {
            if let Ok(stored) = checked(&raw) {
                prop_assert!(stored.is_ascii());
                prop_assert_eq!(checked(&stored), Ok(stored.clone()));
            }
        }
    }
}
