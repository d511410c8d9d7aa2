//! A client that waits for each answer: for health, metrics and the API.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::generator::Answer;

/// Longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that is kept, and made anew when the server has ended it politely.
pub(crate) struct Client {
    server: SocketAddr,
    stream: TcpStream,
    is_over: bool,
    /// Sent with each request, each with its line end.
    fields: String,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Reply {
    /// Fails unless the status is as expected.
    pub(crate) fn expect(self, status: u16) -> anyhow::Result<Self> {
        if self.status != status {
            bail!("expected {status}, got {} {}", self.status, self.body);
        }
        Ok(self)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

impl Client {
    /// Connects.
    pub(crate) fn connect(server: SocketAddr) -> anyhow::Result<Self> {
        Self::with_fields(server, &server.to_string(), "")
    }

    /// Connects; the requests are for `host` and have further fields.
    pub(crate) fn with_fields(
        server: SocketAddr,
        host: &str,
        fields: &str,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            server,
            stream: open(server)?,
            is_over: false,
            fields: format!("Host: {host}\r\n{fields}"),
        })
    }

    /// Asks for a path.
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        self.send("GET", path, "", "")
    }

    /// Sends JSON.
    pub(crate) fn send_json(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Reply> {
        self.send(method, path, "", &body.to_string())
    }

    /// Sends a request with further fields, each with its line end. An empty body is none.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        more_fields: &str,
        body: &str,
    ) -> anyhow::Result<Reply> {
        if std::mem::take(&mut self.is_over) {
            self.stream = open(self.server)?;
        }
        let fields = &self.fields;
        let about_body = match body {
            "" => String::new(),
            _ => format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            ),
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\n{fields}{more_fields}{about_body}\r\n{body}");
        self.exchange(&request)
            .with_context(|| format!("{method} http://{}{path}", self.server))
    }

    fn exchange(&mut self, request: &str) -> anyhow::Result<Reply> {
        self.stream.write_all(request.as_bytes())?;
        let mut input = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let length = self.stream.read(&mut buffer)?;
            if length == 0 {
                bail!("the server ended the connection instead of answering");
            }
            input.extend_from_slice(&buffer[..length]);
            if let Some(answer) = Answer::read(&input)? {
                self.is_over = answer.closes;
                return Ok(Reply {
                    status: answer.status,
                    location: String::from_utf8_lossy(answer.location).into_owned(),
                    body: String::from_utf8_lossy(answer.body).into_owned(),
                });
            }
        }
    }
}

fn open(server: SocketAddr) -> anyhow::Result<TcpStream> {
    let open = || {
        let stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok::<_, std::io::Error>(stream)
    };
    open().with_context(|| format!("cannot connect to {server}"))
}
