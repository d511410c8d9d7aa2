use std::fmt;
use std::str::FromStr;

use contract::{Code, Domain, LinkId};
use url::Url;

/// How somebody names a link: as it is printed and shared, without its scheme, or by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `lnk_…`.
    Id(LinkId),
    /// `https://go.example.com/spring-24`, `go.example.com/spring-24`.
    Short(Domain, Code),
}

/// The text names no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say which link: https://go.example.com/abc, go.example.com/abc or lnk_…")]
pub struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    /// A query and what follows `#` were the visitor's, and are passed over.
    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let url = match text.contains("://") {
            true => Url::parse(text),
            false => Url::parse(&format!("https://{text}")),
        };
        let url = url.map_err(|_| NoAddress)?;
        let domain = url.host_str().and_then(|host| host.parse().ok());
        let code = url.path().strip_prefix('/');
        let code = code.and_then(|code| code.parse().ok());
        match (url.scheme(), domain, code) {
            ("http" | "https", Some(domain), Some(code)) => Ok(Self::Short(domain, code)),
            _ => Err(NoAddress),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(formatter),
            Self::Short(domain, code) => write!(formatter, "{}/{code}", domain.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_named_as_people_have_them() {
        for (text, meant) in [
            ("https://go.example.com/abc", "go.example.com/abc"),
            (
                " HTTP://GO.example.com:8080/aBc?x=1#top\n",
                "go.example.com/aBc",
            ),
            ("go.example.com/abc", "go.example.com/abc"),
            ("localhost:8080/abc", "localhost/abc"),
            ("bücher.example/abc", "xn--bcher-kva.example/abc"),
            ("lnk_0000000000000000000001", "lnk_0000000000000000000001"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), meant, "{text:?}");
        }
        for text in [
            "",
            "abc",
            "go.example.com",
            "https://go.example.com/",
            "https://go.example.com/abc/def",
            "https://go.example.com/abc+",
            "https://go.example.com/%61bc",
            "ftp://go.example.com/abc",
            "lnk_1",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress), "{text:?}");
        }
    }
}
