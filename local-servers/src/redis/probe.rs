//! Asks a Redis whether it is ready: a few bytes need no client library.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::readiness::Answer;

/// A local server that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// One question. A server that still reads its data answers `-LOADING`.
pub(super) fn ask(port: u16, password: &str) -> Answer {
    match converse(port, password, "PING") {
        Ok(replies) if replies.contains("+PONG") => Answer::Ready,
        Ok(replies) if replies.contains("-WRONGPASS") => Answer::WrongPassword,
        _ => Answer::NotYet,
    }
}

/// All replies to AUTH, the commands and QUIT; the last makes the server close the connection.
pub(super) fn converse(port: u16, password: &str, commands: &str) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("AUTH {password}\r\n{commands}\r\nQUIT\r\n").as_bytes())?;
    let mut replies = String::new();
    stream.read_to_string(&mut replies)?;
    Ok(replies)
}
