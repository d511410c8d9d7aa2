//! Requests to addresses that users name: never into our own network.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::dns::Dns;
use crate::target::is_public;

/// How long a receiver has to accept the connection, and to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes requests; clones share connections.
///
/// The addresses of a host are checked where the connection is made, all of them: a name that was
/// checked before may have other addresses by then. Redirects are not followed, no cookies are kept,
/// and no proxy of the environment is used.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    allowed: Vec<IpNet>,
}

/// Why a request was not sent.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The host has an address that is not public.
    #[error("the host has an address that is not public")]
    NotPublic,
    /// The host has no address.
    #[error("the host has no address")]
    NoAddress,
}

impl Outbound {
    /// `allowed`: networks that are not public, and may be asked all the same.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(dns: Dns, allowed: Vec<IpNet>) -> reqwest::Result<Self> {
        let resolver = PublicOnly {
            dns,
            allowed: allowed.clone(),
        };
        let client = Client::builder()
            .user_agent("LinkPulse-Webhooks/1")
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            // A kept connection would go to an address that was checked for another request.
            .pool_max_idle_per_host(0)
            .dns_resolver(resolver)
            .build()?;
        Ok(Self { client, allowed })
    }

    /// A POST, unless the address is written as a number and is not public.
    ///
    /// # Errors
    /// [`Refused::NotPublic`].
    pub fn post(&self, url: &Url) -> Result<reqwest::RequestBuilder, Refused> {
        self.check(url)?;
        Ok(self.client.post(url.clone()))
    }

    /// A GET, on the same condition.
    ///
    /// # Errors
    /// [`Refused::NotPublic`].
    pub fn get(&self, url: &Url) -> Result<reqwest::RequestBuilder, Refused> {
        self.check(url)?;
        Ok(self.client.get(url.clone()))
    }

    /// Nobody resolves an address that is written as a number.
    fn check(&self, url: &Url) -> Result<(), Refused> {
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        match address.is_none_or(|address| may_ask(address, &self.allowed)) {
            true => Ok(()),
            false => Err(Refused::NotPublic),
        }
    }
}

fn may_ask(address: IpAddr, allowed: &[IpNet]) -> bool {
    let canonical = address.to_canonical();
    is_public(address) || allowed.iter().any(|network| network.contains(&canonical))
}

/// Gives addresses to connect to: all of a host's, or none.
struct PublicOnly {
    dns: Dns,
    allowed: Vec<IpNet>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let (dns, allowed) = (self.dns.clone(), self.allowed.clone());
        Box::pin(async move {
            let addresses = dns.addresses(name.as_str()).await?;
            if addresses.is_empty() {
                return Err(Refused::NoAddress.into());
            }
            if !addresses.iter().all(|address| may_ask(*address, &allowed)) {
                return Err(Refused::NotPublic.into());
            }
            // The port is the URL's.
            let addresses = addresses.into_iter();
            let addresses = addresses.map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked_and_those_that_are_allowed() {
        let allowed = ["10.1.0.0/16".parse().unwrap()];
        for (address, expected) in [
            ("93.184.216.34", true),
            ("2606:4700::1111", true),
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
        ] {
            let may = may_ask(address.parse().unwrap(), &allowed);
            assert_eq!(may, expected, "{address}");
        }
    }
}
