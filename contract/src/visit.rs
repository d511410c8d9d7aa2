//! The facts of a request that a decision may depend on.

use std::cell::OnceCell;
use std::net::IpAddr;

use crate::user_agent::Agent;
use crate::{Method, Place, Timestamp};

/// One request for a link. Texts are as they were sent, and may be hostile.
#[derive(Debug, Clone, Default)]
pub struct Visit<'a> {
    /// When the request arrived.
    pub now: Timestamp,
    /// GET or HEAD.
    pub method: Method,
    /// The client's address. In memory only.
    pub address: Option<IpAddr>,
    /// Where that is.
    pub place: Place<'a>,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Accept-Language`.
    pub language: &'a str,
    /// `Referer`.
    pub referrer: &'a str,
    /// The query without its question mark.
    pub query: &'a str,
    /// What follows the code in the path: empty, or with its leading slash.
    pub extra_path: &'a str,
    /// The page that tells where the link leads is asked for: a `+` after the code.
    pub wants_preview: bool,
    /// The visitor has shown the link's password.
    pub is_unlocked: bool,
    /// What is left of the link's click cap; without meaning for a link that has none.
    pub cap: CapState,
    /// A value that is the same at each of the visitor's visits.
    pub sticky: u64,
    /// The number of the split target that the visitor's cookie names.
    pub variant_cookie: Option<u8>,
    /// What the user agent is, once somebody has asked.
    pub agent: OnceCell<Agent>,
}

/// What is left of a click cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CapState {
    /// Another visit is within the cap.
    #[default]
    Open,
    /// None is.
    UsedUp,
    /// Nobody could be asked.
    Unknown,
}

impl Visit<'_> {
    /// What the user agent is. Costs two microseconds the first time.
    pub fn agent(&self) -> Agent {
        *self.agent.get_or_init(|| Agent::parse(self.user_agent))
    }

    /// The language preferred, as in `de-AT`; empty if none is.
    pub fn preferred_language(&self) -> &str {
        let mut best = ("", 0.0);
        for range in self.language.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q=")?.parse().ok())
                .unwrap_or(1.0);
            // The first of equals is preferred.
            if !name.is_empty() && name != "*" && weight > best.1 {
                best = (name, weight);
            }
        }
        best.0
    }

    /// The host of the page that the visitor comes from; empty if it is not known.
    pub fn referrer_host(&self) -> &str {
        let Some((_, rest)) = self.referrer.split_once("://") else {
            return "";
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        }
    }

    /// Values of a query parameter as they were sent, and whether it is there at all: a parameter
    /// without `=` has the value "".
    pub(crate) fn query_values(&self, name: &str) -> impl Iterator<Item = &str> {
        parameters(self.query)
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

/// The parameters of a query, in order, nothing decoded.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    pairs(query).map(parameter)
}

/// The same as they are written.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// Name and value. A name without `=` has none.
pub(crate) fn parameter(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_is_the_one_of_highest_weight() {
        for (header, preferred) in [
            ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
            ("en;q=0.5, fr ;q=0.9", "fr"),
            ("*, pt", "pt"),
            ("en;q=0", ""),
            ("en;q=x", "en"),
            ("", ""),
        ] {
            let visit = Visit {
                language: header,
                ..Visit::default()
            };
            assert_eq!(visit.preferred_language(), preferred, "{header:?}");
        }
    }

    #[test]
    fn the_referrers_host_is_found_or_not() {
        for (referrer, host) in [
            ("https://t.co/abc", "t.co"),
            ("https://News.example:8080?x", "News.example"),
            ("https://a.example@b.example/", "b.example"),
            ("android-app://com.slack/", "com.slack"),
            ("https://[::1]/", "[::1]"),
            ("about:blank", ""),
            ("", ""),
        ] {
            let visit = Visit {
                referrer,
                ..Visit::default()
            };
            assert_eq!(visit.referrer_host(), host, "{referrer:?}");
        }
    }
}
