//! The port that speaks TLS: its certificate, its limits, and both versions of HTTP on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::front::is_admitted;
use crate::harness::{Proxy, eventually, link};
use crate::wire::{GET, answer, answer_with_body, is_a_deadline, is_closed, is_cut_off_when_slow};

/// A certificate and its key, in files that can change.
pub(crate) struct Files {
    folder: TempDir,
    shown: CertificateDer<'static>,
}

impl Files {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } = made();
        std::fs::write(folder.path().join("certificate"), cert.pem()).unwrap();
        std::fs::write(folder.path().join("key"), signing_key.serialize_pem()).unwrap();
        Self {
            folder,
            shown: cert.der().clone(),
        }
    }

    /// Replaces the pair. Clients that trust the one before do not trust this one.
    fn renew(&mut self) {
        let CertifiedKey { cert, signing_key } = made();
        std::fs::write(self.path("certificate"), cert.pem()).unwrap();
        std::fs::write(self.path("key"), signing_key.serialize_pem()).unwrap();
        self.shown = cert.der().clone();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn settings(&self) -> [(&'static str, String); 3] {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        [
            ("LINKPULSE_PROXY_TLS_LISTEN", "127.0.0.1:0".to_owned()),
            ("LINKPULSE_TLS_CERTIFICATE", path("certificate")),
            ("LINKPULSE_TLS_KEY", path("key")),
        ]
    }

    pub(crate) async fn proxy_with_a_link(&self) -> Proxy {
        self.proxy_with(&[]).await
    }

    pub(crate) async fn proxy_with(&self, extra: &[(&'static str, &str)]) -> Proxy {
        let settings = self.settings();
        let own = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let settings: Vec<_> = own.chain(extra.iter().copied()).collect();
        let proxy = Proxy::with_settings(&settings).await;
        proxy.knows(&link("abc", 1, "https://example.com/")).await;
        proxy
    }
}

fn made() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// A connection to the TLS port that trusts the certificate in the files, and speaks `protocols`.
pub(crate) async fn connect(
    proxy: &Proxy,
    files: &Files,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(proxy.tls_address.unwrap()).await?;
    handshake(stream, files, protocols).await
}

pub(crate) async fn handshake(
    stream: TcpStream,
    files: &Files,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(files.shown.clone()).unwrap();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let connector = TlsConnector::from(Arc::new(config));
    connector
        .connect("localhost".try_into().unwrap(), stream)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_the_rest_are_answered_over_tls() {
    let files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    for protocols in [&[][..], &["http/1.1"], &["other", "http/1.1"]] {
        let mut stream = connect(&proxy, &files, protocols).await.unwrap();
        let echo = GET.replace("/abc", "/api/echo");
        stream
            .write_all([GET, &echo, GET].concat().as_bytes())
            .await
            .unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 302"));
        let (head, body) = answer_with_body(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(body.contains("\"x-forwarded-proto\":[\"https\"]"), "{body}");
        assert!(
            body.contains("\"x-forwarded-for\":[\"127.0.0.1\"]"),
            "{body}"
        );
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 302"));
    }
    // The other port speaks as before.
    assert_eq!(proxy.status("/abc").await, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_slow_is_cut_off() {
    let files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    let mut slow_head = connect(&proxy, &files, &[]).await.unwrap();
    let begin = Instant::now();
    // Agreed on HTTP/2, and says nothing of it.
    let mut slow_preface = connect(&proxy, &files, &["h2"]).await.unwrap();
    slow_preface
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n")
        .await
        .unwrap();
    let mut slow_handshake = TcpStream::connect(proxy.tls_address.unwrap())
        .await
        .unwrap();
    slow_handshake.write_all(b"\x16\x03\x01").await.unwrap();
    let cut = async |stream: &mut TcpStream| {
        assert!(is_closed(stream).await);
        begin.elapsed()
    };
    let (_, handshake, preface) = tokio::join!(
        is_cut_off_when_slow(&mut slow_head),
        cut(&mut slow_handshake),
        async {
            assert!(is_closed(&mut slow_preface).await);
            begin.elapsed()
        },
    );
    is_a_deadline(handshake);
    is_a_deadline(preface);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_agreed_on_http_2_must_speak_it_and_nobody_else_may() {
    let files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    let mut stream = connect(&proxy, &files, &["h2"]).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    assert!(is_closed(&mut stream).await);
    let mut stream = connect(&proxy, &files, &["http/1.1"]).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_counts_before_its_handshake() {
    let files = Files::new();
    let proxy = files
        .proxy_with(&[("LINKPULSE_MAX_CONNECTIONS_PER_ADDRESS", "2")])
        .await;
    let address = proxy.tls_address.unwrap();
    let _silent = TcpStream::connect(address).await.unwrap();
    let mut shaking_hands = TcpStream::connect(address).await.unwrap();
    shaking_hands.write_all(b"\x16").await.unwrap();
    // The ports are accepted from in any order.
    eventually("the limit is one for both ports", async || {
        !is_admitted(&proxy).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_up_and_old_connections_go_on() {
    let mut files = Files::new();
    let proxy = files.proxy_with_a_link().await;
    let mut old = connect(&proxy, &files, &[]).await.unwrap();
    files.renew();
    eventually("the new pair is shown", async || {
        connect(&proxy, &files, &[]).await.is_ok()
    })
    .await;
    old.write_all(GET.as_bytes()).await.unwrap();
    assert!(answer(&mut old).await.starts_with("HTTP/1.1 302"));
}
