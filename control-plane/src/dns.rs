//! Questions to name servers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

use crate::error::{Error, Result};

/// How long one name server has to answer, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;

/// Asks name servers; clones share connections. Nothing is remembered: whoever has just changed a
/// record wants to see it, and an address that was checked must be the one that is used.
#[derive(Clone)]
pub struct Dns {
    resolver: TokioResolver,
}

impl Dns {
    /// Asks `server`, or those that the machine asks.
    ///
    /// # Errors
    /// When the machine's settings cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, NetError> {
        let mut builder = match server {
            Some(server) => {
                let mut udp = ConnectionConfig::udp();
                let mut tcp = ConnectionConfig::tcp();
                (udp.port, tcp.port) = (server.port(), server.port());
                let server = NameServerConfig::new(server.ip(), true, vec![udp, tcp]);
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio()?,
        };
        set(builder.options_mut(), server.is_some());
        let resolver = builder.build()?;
        Ok(Self { resolver })
    }

    /// The texts of a name's TXT records; none if there are none.
    ///
    /// # Errors
    /// [`Error::NoNameServer`] when nobody answers.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>> {
        let lookup = match self.resolver.txt_lookup(absolute(name)).await {
            Ok(lookup) => lookup,
            Err(error) => return nothing(error),
        };
        let texts = lookup.answers().iter().filter_map(|record| {
            let RData::TXT(text) = &record.data else {
                return None;
            };
            // One record may be in several pieces.
            let bytes: Vec<u8> = text.txt_data.iter().flatten().copied().collect();
            String::from_utf8(bytes).ok()
        });
        Ok(texts.collect())
    }

    /// All addresses of a host; none if it has none.
    ///
    /// # Errors
    /// [`Error::NoNameServer`] when nobody answers.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>> {
        match self.resolver.lookup_ip(absolute(host)).await {
            Ok(lookup) => Ok(lookup.iter().collect()),
            Err(error) => nothing(error),
        }
    }
}

fn set(options: &mut ResolverOpts, is_only_server: bool) {
    options.cache_size = 0;
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    if is_only_server {
        options.use_hosts_file = ResolveHosts::Never;
    }
}

/// With its final dot, so that no search list of the machine is appended.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn nothing<T>(error: NetError) -> Result<Vec<T>> {
    match error.is_no_records_found() || error.is_nx_domain() {
        true => Ok(Vec::new()),
        false => Err(Error::NoNameServer(error.to_string())),
    }
}
