//! Whose request it is, when proxies stand between the visitor and us. Pure.
//!
//! Anybody can write a header. So one is believed only from proxies that we were told of, and it
//! is read from the right: there each proxy has added the address it saw, while the left end is
//! whatever the visitor sent.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU8;

use http::HeaderName;
use ipnet::IpNet;
use service::env::Value;
use service::settings;
use service::{Environment, SettingError};

use crate::visit::Fields;

/// Most addresses of a header that are looked at. Nobody has so many proxies.
const MAX_ADDRESSES: usize = 32;

/// Who is believed about other addresses than its own: `LINKPULSE_TRUSTED_PROXIES`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trust {
    /// Who is in one of these networks; nobody if there is none.
    Networks(Vec<IpNet>),
    /// So many proxies, the last of which connects to us, whatever their addresses are.
    Hops(NonZeroU8),
}

/// How a visitor's address is found.
#[derive(Debug, Clone)]
pub struct Forwarding {
    trust: Trust,
    /// The header with the addresses: `LINKPULSE_CLIENT_ADDRESS_HEADER`.
    header: HeaderName,
}

impl Value for Trust {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if let Ok(hops) = text.parse() {
            return Ok(Self::Hops(hops));
        }
        let network = |text: &str| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| text.parse::<IpNet>())
        };
        let networks = text.split(',').map(|text| network(text.trim()));
        let networks: Result<_, _> = networks.collect();
        networks.map(Self::Networks).map_err(|_| {
            "networks separated by commas, for example 10.0.0.0/8,fd00::/8, or a number of proxies"
        })
    }
}

impl Forwarding {
    /// Reads the settings.
    pub(crate) fn read(environment: &Environment<'_>) -> Result<Self, SettingError> {
        let trust = environment.optional(&settings::TRUSTED_PROXIES)?;
        let name: String = environment.required(&settings::CLIENT_ADDRESS_HEADER)?;
        let header = HeaderName::from_bytes(name.as_bytes()).ok();
        // `Forwarded` has a grammar of its own.
        let header = header.filter(|name| *name != "forwarded").ok_or_else(|| {
            let expected = "expected the name of a header with addresses, such as x-real-ip";
            SettingError::new(&settings::CLIENT_ADDRESS_HEADER, expected)
        })?;
        Ok(Self {
            trust: trust.unwrap_or(Trust::Networks(Vec::new())),
            header,
        })
    }

    /// Whether anybody is trusted at all.
    pub(crate) fn trusts_somebody(&self) -> bool {
        self.trust != Trust::Networks(Vec::new())
    }

    /// Whether this one is a proxy of ours.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        match &self.trust {
            Trust::Networks(networks) => is_in(networks, peer),
            Trust::Hops(_) => true,
        }
    }

    /// The visitor's address, if this peer's request has these fields. A header that cannot be
    /// read counts as none.
    pub(crate) fn client(&self, peer: IpAddr, fields: &impl Fields) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        self.reported(fields).unwrap_or(peer)
    }

    /// The scheme that the visitor used, if a proxy of ours says so.
    pub(crate) fn scheme(&self, peer: IpAddr, fields: &impl Fields) -> Option<&'static str> {
        if !self.trusts(peer) {
            return None;
        }
        let mut values = fields.all("x-forwarded-proto");
        let (value, None) = (values.next()?, values.next()) else {
            return None;
        };
        ["http", "https"]
            .into_iter()
            .find(|scheme| value.eq_ignore_ascii_case(scheme.as_bytes()))
    }

    fn reported(&self, fields: &impl Fields) -> Option<IpAddr> {
        let from_the_right = fields
            .all(self.header.as_str())
            .rev()
            .flat_map(|line| line.rsplit(|&byte| byte == b','))
            .take(MAX_ADDRESSES)
            .map(<[u8]>::trim_ascii)
            .filter(|text| !text.is_empty());
        let mut client = None;
        match &self.trust {
            Trust::Networks(networks) => {
                for text in from_the_right {
                    let address = address(text)?;
                    client = Some(address);
                    if !is_in(networks, address) {
                        break;
                    }
                }
            }
            // Fewer addresses than proxies: somebody has come round the first of them, and the
            // next one wrote down who.
            Trust::Hops(hops) => {
                for text in from_the_right.take(hops.get().into()) {
                    client = Some(address(text)?);
                }
            }
        }
        client
    }
}

fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// An address, as proxies write it: alone or with a port, with brackets or without.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let in_brackets = |text: &str| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: Option<IpAddr> = text.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|text: SocketAddr| text.ip()));
    let address = address.or_else(|| in_brackets(text).map(IpAddr::V6));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    fn forwarding(trusted: &str) -> Forwarding {
        Forwarding {
            trust: Trust::parse(trusted).unwrap(),
            header: HeaderName::from_static("x-forwarded-for"),
        }
    }

    /// The client of a request from `peer` with these lines of `x-forwarded-for`.
    fn client(trusted: &str, peer: &str, lines: &[&str]) -> String {
        let mut fields = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            fields.append("x-forwarded-for", value);
        }
        let client = forwarding(trusted).client(peer.parse().unwrap(), &fields);
        client.to_string()
    }

    #[test]
    fn only_proxies_that_we_were_told_of_are_believed() {
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &["8.8.8.8"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &["8.8.8.8"]), "8.8.8.8");
        assert_eq!(client("10.1.2.3", "10.1.2.4", &["8.8.8.8"]), "10.1.2.4");
        let mapped = client("10.0.0.0/8", "::ffff:10.1.2.3", &["8.8.8.8"]);
        assert_eq!(mapped, "8.8.8.8");
        let nobody = Forwarding {
            trust: Trust::Networks(Vec::new()),
            ..forwarding("10.0.0.0/8")
        };
        assert!(!nobody.trusts_somebody() && !nobody.trusts("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_the_visitor_sent_is_left_of_what_proxies_added() {
        let trusted = "10.0.0.0/8, fd00::/8";
        for (lines, expected) in [
            (&["1.1.1.1, 8.8.8.8"][..], "8.8.8.8"),
            (&["10.9.9.9, 8.8.8.8"], "8.8.8.8"),
            (&["1.1.1.1, 8.8.8.8, 10.0.0.1, fd00::1"], "8.8.8.8"),
            (&["1.1.1.1", "8.8.8.8", "10.0.0.1"], "8.8.8.8"),
            (&["<script>, 8.8.8.8"], "8.8.8.8"),
            (&["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        ] {
            assert_eq!(client(trusted, "10.1.2.3", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_number_of_proxies_counts_from_the_right() {
        let list = &["1.1.1.1, 2.2.2.2, 3.3.3.3"];
        assert_eq!(client("1", "192.0.2.1", list), "3.3.3.3");
        assert_eq!(client("2", "192.0.2.1", list), "2.2.2.2");
        assert_eq!(client("3", "192.0.2.1", list), "1.1.1.1");
        assert_eq!(client("9", "192.0.2.1", list), "1.1.1.1");
        assert_eq!(
            client("2", "192.0.2.1", &["x, 2.2.2.2, 3.3.3.3"]),
            "2.2.2.2"
        );
    }

    #[test]
    fn without_an_address_that_can_be_read_it_is_the_peers() {
        for lines in [
            &[][..],
            &[""],
            &[" , ,"],
            &["unknown"],
            &["8.8.8.8, unknown"],
            &["8.8.8.8 9.9.9.9"],
            &["8.8.8"],
            &["8.8.8.8:99999"],
            &["::1]"],
            &["\"8.8.8.8\""],
            &["é"],
        ] {
            for trusted in ["10.0.0.0/8", "2"] {
                let found = client(trusted, "10.1.2.3", lines);
                assert_eq!(found, "10.1.2.3", "{lines:?}");
            }
        }
    }

    #[test]
    fn ports_and_brackets_are_not_part_of_an_address() {
        for (text, expected) in [
            ("8.8.8.8:1234", "8.8.8.8"),
            ("[2001:db8::1]:1234", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:8.8.8.8", "8.8.8.8"),
            (",8.8.8.8,", "8.8.8.8"),
        ] {
            assert_eq!(client("10.0.0.0/8", "10.1.2.3", &[text]), expected);
        }
    }

    #[test]
    fn a_thousand_addresses_are_not_all_read() {
        let list = vec!["10.0.0.1"; 1_000].join(",");
        let spoofed = format!("8.8.8.8,{list}");
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &[&spoofed]), "10.0.0.1");
        let lines = vec!["10.0.0.1"; 1_000];
        assert_eq!(client("255", "10.1.2.3", &lines), "10.0.0.1");
    }

    #[test]
    fn one_scheme_is_believed_from_proxies() {
        let forwarding = forwarding("10.0.0.0/8");
        let scheme = |peer: &str, values: &[&'static str]| {
            let mut fields = HeaderMap::new();
            for value in values {
                fields.append("x-forwarded-proto", HeaderValue::from_static(value));
            }
            forwarding.scheme(peer.parse().unwrap(), &fields)
        };
        assert_eq!(scheme("10.1.2.3", &["HTTPS"]), Some("https"));
        assert_eq!(scheme("10.1.2.3", &["http"]), Some("http"));
        assert_eq!(scheme("192.0.2.1", &["https"]), None);
        for unclear in [&[][..], &["https, http"], &["https", "http"], &["gopher"]] {
            assert_eq!(scheme("10.1.2.3", unclear), None);
        }
    }

    #[test]
    fn settings_are_networks_or_a_number() {
        for wrong in [
            "0",
            "256",
            "-1",
            "10.0.0.0/33",
            "all",
            "10.0.0.0/8;fd00::/8",
            ",",
        ] {
            assert!(Trust::parse(wrong).is_err(), "{wrong}");
        }
        assert!(matches!(Trust::parse("10.0.0.1,::1"), Ok(Trust::Networks(two)) if two.len() == 2));
    }
}
