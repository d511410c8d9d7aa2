//! The host name a link lives under.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A host name in its one normal form: lower case, no port, no final dot.
///
/// Address literals are allowed (`127.0.0.1`, `[::1]`), since a first installation has no name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(Box<str>);

/// The text is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host name")]
pub struct InvalidDomain;

impl Domain {
    /// The normal form as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this names the machine itself: `localhost`, `127.0.0.0/8` or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        let text = self.as_str();
        text == "localhost"
            || text == "[::1]"
            || text
                .parse::<std::net::Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The domain a `Host` header asks for, given the installation's own default domain.
    ///
    /// On a machine reached by loopback, every way to write "this machine" means the default
    /// domain; otherwise `curl 127.0.0.1:8080/x` would not find what `localhost:8080/x` does.
    ///
    /// Allocates only for a host that is not in normal form, and not for the default domain.
    pub fn from_host_header<'a>(
        host: &'a str,
        default: &'a Domain,
    ) -> Result<Cow<'a, str>, InvalidDomain> {
        // Nearly every request. A port is looked for in the others only.
        if host == default.as_str() {
            return Ok(Cow::Borrowed(host));
        }
        let name = without_port(host)?;
        if name == default.as_str() {
            return Ok(Cow::Borrowed(name));
        }
        let is_normal = !name.starts_with('[')
            && !name.ends_with('.')
            && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_normal && !default.is_loopback() {
            return if is_name(name) {
                Ok(Cow::Borrowed(name))
            } else {
                Err(InvalidDomain)
            };
        }
        let asked: Domain = name.parse()?;
        let same_machine = asked.is_loopback() && default.is_loopback();
        Ok(if same_machine {
            Cow::Borrowed(default.as_str())
        } else {
            Cow::Owned(asked.0.into())
        })
    }
}

impl FromStr for Domain {
    type Err = InvalidDomain;

    /// Accepts `name` and `name:port`, in any case, with or without a final dot.
    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        let host = without_port(text)?;
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if let Some(literal) = host.strip_prefix('[') {
            let literal = literal.strip_suffix(']').ok_or(InvalidDomain)?;
            let address: std::net::Ipv6Addr = literal.parse().map_err(|_| InvalidDomain)?;
            return Ok(Self(format!("[{address}]").into()));
        }
        if is_name(&host) {
            Ok(Self(host.into()))
        } else {
            Err(InvalidDomain)
        }
    }
}

fn without_port(text: &str) -> Result<&str, InvalidDomain> {
    let end_of_literal = text.rfind(']').unwrap_or(0);
    let Some(colon) = text[end_of_literal..].rfind(':') else {
        return Ok(text);
    };
    let (host, port) = text.split_at(end_of_literal + colon);
    let port = &port[1..];
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || port.parse::<u16>().is_err() {
        return Err(InvalidDomain);
    }
    Ok(host)
}

fn is_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// RFC 1123 letters, digits and hyphens, plus the underscore that real zones contain.
fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed)
}

impl TryFrom<String> for Domain {
    type Error = InvalidDomain;

    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        text.parse()
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0.into()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        text.parse().unwrap()
    }

    #[test]
    fn has_one_normal_form() {
        assert_eq!(domain("Go.Example.COM.:8443").as_str(), "go.example.com");
        assert_eq!(domain("[0:0::1]:80").as_str(), "[::1]");
        assert_eq!(domain("127.0.0.1:8080").as_str(), "127.0.0.1");
    }

    #[test]
    fn refuses_what_is_not_a_host() {
        for bad in [
            "", ".", "a..b", "a b", "a/b", "a:b", "a:99999", "[::1", "::1", "é.de", "a:-1",
        ] {
            assert_eq!(bad.parse::<Domain>(), Err(InvalidDomain), "{bad:?}");
        }
    }

    #[test]
    fn loopback_spellings_mean_a_loopback_default_only() {
        let local = domain("localhost");
        for spelling in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "LOCALHOST",
            "localhost:80",
            "localhost.",
        ] {
            let found = Domain::from_host_header(spelling, &local);
            assert_eq!(found.as_deref(), Ok("localhost"), "{spelling}");
        }
        let public = domain("go.example.com");
        let found = Domain::from_host_header("127.0.0.1", &public);
        assert_eq!(found.as_deref(), Ok("127.0.0.1"));
    }

    #[test]
    fn a_host_header_is_read_like_a_domain() {
        for default in ["go.example.com", "localhost"].map(domain) {
            for text in [
                "go.example.com",
                "GO.example.com",
                "go.example.com:8080",
                "go.example.com.",
                "a_b.example",
                "[2001:db8::1]:80",
                "192.0.2.1",
                "",
                ".",
                "a..b",
                "a b",
                "a/b",
                "é.de",
                "a:b",
                "[x]",
                &"a".repeat(64),
                &"a.".repeat(130),
            ] {
                let parsed: Result<Domain, _> = text.parse();
                let parsed = parsed.map(|domain| domain.as_str().to_owned());
                let found = Domain::from_host_header(text, &default).map(Cow::into_owned);
                assert_eq!(found, parsed, "{text:?}");
            }
        }
    }
}
