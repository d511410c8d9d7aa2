//! The PROXY protocol, versions 1 and 2: before anything else, a load balancer says in a header
//! whose connection it passes on.
//!
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>

use std::io;
use std::net::SocketAddr;

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// What version 2 begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Longest line of version 1, by its document.
const LONGEST_LINE: usize = 107;

/// Longest header of version 2 that we read. Addresses take 52 bytes; load balancers add notes.
const LONGEST: usize = 2 * 1024;

/// Version 2: the load balancer speaks for itself, whatever else the header says.
const LOCAL: u8 = 0x20;

/// Reads a header, and not a byte behind it. `None`: the connection is the load balancer's own,
/// or it does not know whose it is.
///
/// # Errors
/// When there is no header, or a wrong one.
pub(super) async fn read_header(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut header = [0; LONGEST];
    // No header of either version is shorter.
    let mut length = SIGNATURE.len();
    stream.read_exact(&mut header[..length]).await?;
    if header.starts_with(SIGNATURE) {
        stream.read_exact(&mut header[length..length + 4]).await?;
        let rest = u16::from_be_bytes([header[length + 2], header[length + 3]]);
        let is_local = header[length] == LOCAL;
        length += 4;
        let end = length + usize::from(rest);
        let rest = header.get_mut(length..end).ok_or_else(wrong)?;
        stream.read_exact(rest).await?;
        length = end;
        if is_local {
            return Ok(None);
        }
    } else if header.starts_with(b"PROXY ") {
        while header[length - 1] != b'\n' {
            let room = &mut header[length..LONGEST_LINE];
            // A look first, so that nothing is taken from what follows the line.
            let seen = stream.peek(room).await?;
            if seen == 0 {
                return Err(wrong());
            }
            let end = room[..seen].iter().position(|&byte| byte == b'\n');
            let part = end.map_or(seen, |end| end + 1);
            stream.read_exact(&mut room[..part]).await?;
            length += part;
        }
    }
    match ProxyHeader::parse(&header[..length], ParseConfig::default()) {
        Ok((parsed, end)) if end == length => {
            Ok(parsed.proxied_address().map(|address| address.source))
        }
        _ => Err(wrong()),
    }
}

fn wrong() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "no header of the PROXY protocol",
    )
}
