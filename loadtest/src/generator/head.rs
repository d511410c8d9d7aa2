//! What the clients send.

use clap::ValueEnum;
use serde::Serialize;

/// How much a client tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HeadKind {
    /// Host and nothing else, as load tools do.
    Short,
    /// What Chrome sends when somebody follows a link on a page.
    Browser,
}

const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
    (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
    Referer: https://news.example.org/\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Site: cross-site\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\n";

impl HeadKind {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Short => "short head",
            Self::Browser => "browser's head",
        }
    }
}

/// A request head with a gap for the code.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// What comes behind the code.
    rest: String,
}

impl Head {
    /// For this host.
    pub(crate) fn new(kind: HeadKind, host: &str) -> Self {
        let fields = match kind {
            HeadKind::Short => "",
            HeadKind::Browser => BROWSER,
        };
        Self {
            rest: format!(" HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"),
        }
    }

    /// Writes the request for a code over what `buffer` held.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>, code: &str) {
        buffer.clear();
        for part in ["GET /", code, &self.rest] {
            buffer.extend_from_slice(part.as_bytes());
        }
    }
}
