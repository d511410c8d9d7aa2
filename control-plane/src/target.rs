//! Which `original_url` a link may have.
//!
//! The URL parser *repairs* hostile input: it strips newlines and zero-width characters and turns
//! full-width digits into 127.0.0.1. So the raw text is examined first, then the parsed form, and
//! only the re-serialised form is ever stored or sent.

use std::net::{Ipv4Addr, Ipv6Addr};

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use url::{Host, Url};

use crate::own_domains::OwnNames;

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
    /// Control, invisible or bidirectional characters, blanks inside, or a backslash.
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
    /// No host, a single label, or an empty label.
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
        Host::Domain(name) => check_name(name)?,
        Host::Ipv4(address) if !is_public_v4(address) => return Err(Refused::PrivateAddress),
        Host::Ipv6(address) if !is_public_v6(address) => return Err(Refused::PrivateAddress),
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

/// Characters that make a URL look like another one, or that the parser would quietly remove.
pub fn is_disguising(character: char) -> bool {
    character == '\\'
        || character.is_control()
        || character.is_whitespace()
        || (!character.is_ascii() && is_invisible(character))
}

/// Characters that leave no mark, change the direction of others, or steer how they are drawn.
fn is_invisible(character: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    // Signs that enclose numbers: format characters, but seen.
    let is_seen = CodePointSetData::new::<PrependedConcatenationMark>().contains(character);
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    ignorable.contains(character)
        || (category == GeneralCategory::Format && !is_seen)
        // Blanks that count as signs: of Braille, and of music.
        || matches!(character, '\u{2800}' | '\u{1d159}')
}

fn check_name(name: &str) -> Result<(), Refused> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut labels = name.rsplit('.');
    let last = labels.next().unwrap_or_default();
    // RFC 6761 and 6762, RFC 8375, and ICANN's reservation of "internal".
    if matches!(last, "localhost" | "local" | "internal" | "lan" | "home")
        || name.ends_with(".home.arpa")
    {
        return Err(Refused::PrivateAddress);
    }
    if name.split('.').any(str::is_empty) || labels.next().is_none() {
        return Err(Refused::Host);
    }
    Ok(())
}

/// Whether an address is one of the public internet.
pub fn is_public(address: std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(address) => is_public_v4(address),
        std::net::IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether the whole internet means the same machine by it. Ranges: IANA's special-purpose
/// registry, read November 2026.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        // Relays of 6to4, given up, and some still answer.
        || (a == 192 && b == 88 && c == 99)
        // In no registry: what Azure's machines ask for their secrets.
        || address == Ipv4Addr::new(168, 63, 129, 16)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        // IPv4-mapped, IPv4-compatible, NAT64, 6to4: what matters is the address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        [0x2001, 0xdb8, ..] => false,
        // Documentation, too: 3fff::/20.
        [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is 2000::/3; what else is in use there is protocol machinery.
        [first, second, ..] => first & 0xe000 == 0x2000 && !(first == 0x2001 && second < 0x200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checked(raw: &str) -> Result<String, Refused> {
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
            ("https://intranet/", Host),
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
    fn whole_classes_of_characters_disguise() {
        for range in [
            '\0'..='\u{20}',
            '\u{7f}'..='\u{a0}',
            '\u{ad}'..='\u{ad}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{2028}'..='\u{202f}',
            '\u{205f}'..='\u{206f}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{fff0}'..='\u{fffb}',
            '\u{13430}'..='\u{1343f}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ] {
            for character in range {
                assert!(is_disguising(character), "{character:?}");
            }
        }
        for character in "\\\u{34f}\u{61c}\u{115f}\u{17b4}\u{2800}\u{3164}\u{feff}\u{ffa0}".chars()
        {
            assert!(is_disguising(character), "{character:?}");
        }
        // Arabic's sign of a year is seen; emoji are what they look like.
        for character in "az-ü日\u{601}\u{1f600}".chars() {
            assert!(!is_disguising(character), "{character:?}");
        }
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
