use std::collections::HashSet;

use contract::LinkOptions;
use url::{Host, Url};

/// Hosts, in the form that the URL standard gives them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Hosts(HashSet<String>);

impl Hosts {
    /// One host a line, or `0.0.0.0 host` as in files for `/etc/hosts`. What begins with `#` is a
    /// remark; lines that name no host are passed over, since lists of others have such lines.
    pub fn read(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split('#').next());
        let names = lines.filter_map(|line| line.split_whitespace().last());
        let hosts = names.filter_map(|name| {
            let name = name.trim_start_matches("*.").trim_matches('.');
            let host = Host::parse(name).ok()?.to_string();
            // "localhost" and the like, which lists for /etc/hosts begin with.
            host.contains(['.', ':']).then_some(host)
        });
        Self(hosts.filter(|host| host != "0.0.0.0").collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a link leads to one of them, by whichever of its addresses.
    pub fn contain_any(&self, original_url: &str, options: Option<&LinkOptions>) -> bool {
        let others = options.into_iter().flat_map(LinkOptions::targets);
        let mut targets = others.chain([original_url]);
        targets.any(|target| self.contain(target))
    }

    /// Whether an address leads to one of them, or to a host below one.
    pub fn contain(&self, address: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Ok(url) = Url::parse(address) else {
            return false;
        };
        let Some(host) = url.host_str() else {
            return false;
        };
        let mut rest = host.strip_suffix('.').unwrap_or(host);
        loop {
            if self.0.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, parent)) => rest = parent,
                None => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_several_kinds_are_read() {
        let hosts = Hosts::read(
            "# Phishing\n127.0.0.1 localhost\n0.0.0.0 Evil.example # since May\nbad.example.\n\
             *.worse.example\nbücher.example\n\nnot a host/\n192.0.2.7\n",
        );
        assert_eq!(hosts.len(), 5, "{hosts:?}");
        for address in [
            "https://evil.example/",
            "https://login.EVIL.example:8443/a?b",
            "http://a.b.bad.example./",
            "https://worse.example/",
            "https://xn--bcher-kva.example/",
            "http://192.0.2.7/",
        ] {
            assert!(hosts.contain(address), "{address}");
        }
        for address in [
            "https://example/",
            "https://notevil.example/",
            "https://evil.example.com/",
            "https://good.example/evil.example",
            "nonsense",
        ] {
            assert!(!hosts.contain(address), "{address}");
        }
    }
}
