//! One keep-alive connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use anyhow::{Context, bail};

use super::Answer;

/// What somebody waits for on a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// Which link.
    pub(crate) link: usize,
    /// Since when: when the request was to be sent, not when it was.
    pub(crate) since: Instant,
}

/// A connection with at most one request on its way.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) asked: Option<Asked>,
    /// The beginning of an answer whose end has not arrived.
    input: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server)
            .and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Ok(stream)
            })
            .with_context(|| format!("cannot connect to {server}"))?;
        Ok(Self {
            stream,
            asked: None,
            input: Vec::new(),
        })
    }

    /// Sends a request. It is small, and nothing is on its way: it fits into the socket's buffer.
    pub(crate) fn send(&mut self, request: &[u8], asked: Asked) -> anyhow::Result<()> {
        let written = self.stream.write(request).context("cannot send")?;
        if written != request.len() {
            bail!("a request did not fit into an empty socket");
        }
        self.asked = Some(asked);
        Ok(())
    }

    /// Reads what has arrived. Once the answer is whole, hands it to `take` and returns what it
    /// returned. `buffer` is shared by all connections.
    pub(crate) fn receive<T>(
        &mut self,
        buffer: &mut [u8],
        take: impl FnOnce(Asked, &Answer<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let length = match self.stream.read(buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error).context("cannot receive"),
        };
        let Some(asked) = self.asked else {
            bail!("the server said something, or ended the connection, without being asked");
        };
        if length == 0 {
            bail!("the server ended the connection instead of answering");
        }
        let bytes = if self.input.is_empty() {
            &buffer[..length]
        } else {
            self.input.extend_from_slice(&buffer[..length]);
            &self.input
        };
        let Some(answer) = Answer::read(bytes)? else {
            if self.input.is_empty() {
                self.input.extend_from_slice(&buffer[..length]);
            }
            return Ok(None);
        };
        if answer.length != bytes.len() {
            bail!("more than one answer to one request");
        }
        let taken = take(asked, &answer)?;
        self.asked = None;
        self.input.clear();
        Ok(Some(taken))
    }
}
