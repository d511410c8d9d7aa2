//! The certificate that visitors are shown: read from files, and again when they change.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use service::settings;
use service::{Environment, SettingError};
use tokio_rustls::TlsAcceptor;

/// How often the files are read again. Renewed certificates have days left; whoever corrects a
/// mistake looks at the log.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// A port that speaks TLS, and its certificate.
#[derive(Debug, Clone)]
pub struct TlsConfig {
    /// Its address: `LINKPULSE_PROXY_TLS_LISTEN`.
    pub listen: SocketAddr,
    files: Files,
    /// What the files held when the settings were read.
    pair: Arc<CertifiedKey>,
}

/// Where the certificate and its key are, in PEM.
#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl TlsConfig {
    /// The three settings: all of them, or none.
    pub(crate) fn read(environment: &Environment<'_>) -> Result<Option<Self>, SettingError> {
        let listen: Option<SocketAddr> = environment.optional(&settings::PROXY_TLS_LISTEN)?;
        let certificate: Option<String> = environment.optional(&settings::TLS_CERTIFICATE)?;
        let key: Option<String> = environment.optional(&settings::TLS_KEY)?;
        let missing = |setting| {
            let reason = "is required: an address, a certificate and a key go together";
            Err(SettingError::new(setting, reason))
        };
        let (listen, files) = match (listen, certificate, key) {
            (None, None, None) => return Ok(None),
            (None, ..) => return missing(&settings::PROXY_TLS_LISTEN),
            (_, None, _) => return missing(&settings::TLS_CERTIFICATE),
            (.., None) => return missing(&settings::TLS_KEY),
            (Some(listen), Some(certificate), Some(key)) => {
                let (certificate, key) = (certificate.into(), key.into());
                (listen, Files { certificate, key })
            }
        };
        let pair = Arc::new(files.read()?.pair()?);
        Ok(Some(Self {
            listen,
            files,
            pair,
        }))
    }
}

/// What the files hold.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

type Found = Result<Contents, SettingError>;

impl Files {
    fn read(&self) -> Found {
        // The path is not shown: it is a key where somebody has mistaken the setting.
        let read = |path, setting| {
            let unreadable =
                |error| SettingError::new(setting, format!("cannot read that file: {error}"));
            std::fs::read(path).map_err(unreadable)
        };
        Ok(Contents {
            certificate: read(&self.certificate, &settings::TLS_CERTIFICATE)?,
            key: read(&self.key, &settings::TLS_KEY)?,
        })
    }
}

impl Contents {
    /// A certificate with its chain, and the key that belongs to it.
    fn pair(&self) -> Result<CertifiedKey, SettingError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| {
            let expected = "expected a file with a certificate in PEM";
            SettingError::new(&settings::TLS_CERTIFICATE, expected)
        })?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            let expected = "expected a file with a private key in PEM";
            SettingError::new(&settings::TLS_KEY, expected)
        })?;
        let pair = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let no_pair = |error| SettingError::new(&settings::TLS_KEY, format!("no pair: {error}"));
        pair.map_err(no_pair)
    }
}

/// The certificate of new connections.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: Files,
    /// Read by each handshake, replaced by [`follow`](Self::follow).
    pair: ArcSwap<CertifiedKey>,
}

impl Certificates {
    pub(crate) fn new(config: TlsConfig) -> Self {
        Self {
            files: config.files,
            pair: ArcSwap::new(config.pair),
        }
    }

    /// Makes connections from accepted sockets: HTTP/2 if the client can, else HTTP/1.1, over
    /// TLS 1.2 or 1.3.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Takes up what the files hold, whenever that changes, until `stopping`.
    pub(crate) async fn follow(
        self: Arc<Self>,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), Infallible> {
        tokio::pin!(stopping);
        let mut seen = None;
        loop {
            let certificates = self.clone();
            let reading = tokio::task::spawn_blocking(move || certificates.files.read());
            if let Ok(found) = reading.await {
                self.take_up(found, &mut seen);
            }
            tokio::select! {
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
                () = &mut stopping => return Ok(()),
            }
        }
    }

    /// What is no pair is reported once, and the last one stays: a tool that writes one file after
    /// the other breaks nothing.
    fn take_up(&self, found: Found, seen: &mut Option<Found>) {
        if seen.as_ref() == Some(&found) {
            return;
        }
        match found
            .as_ref()
            .map_err(Clone::clone)
            .and_then(Contents::pair)
        {
            Ok(pair) => {
                self.pair.store(Arc::new(pair));
                tracing::info!("the certificate was read");
            }
            Err(error) => tracing::error!(%error, "the certificate stays as it was"),
        }
        *seen = Some(found);
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair.load_full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::generate_simple_self_signed;

    #[test]
    fn a_bad_pair_leaves_the_last_one_and_a_good_one_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files {
            certificate: folder.path().join("certificate"),
            key: folder.path().join("key"),
        };
        let made = || generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (first, second) = (made(), made());
        std::fs::write(&files.certificate, first.cert.pem()).unwrap();
        std::fs::write(&files.key, first.signing_key.serialize_pem()).unwrap();
        let certificates = Certificates {
            pair: ArcSwap::from_pointee(files.read().unwrap().pair().unwrap()),
            files: files.clone(),
        };
        let mut seen = None;
        let mut shown = || {
            certificates.take_up(files.read(), &mut seen);
            certificates.pair.load().cert[0].clone()
        };
        assert_eq!(shown(), *first.cert.der());
        std::fs::write(&files.certificate, second.cert.pem()).unwrap();
        assert_eq!(shown(), *first.cert.der(), "its key is still the other's");
        std::fs::remove_file(&files.key).unwrap();
        assert_eq!(shown(), *first.cert.der());
        std::fs::write(&files.key, second.signing_key.serialize_pem()).unwrap();
        assert_eq!(shown(), *second.cert.der());
    }
}
