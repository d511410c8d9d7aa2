//! Clients of one server, each with a connection.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use super::connection::{Asked, Connection};
use super::{Answer, Head};
use crate::links::Links;

/// How long nobody may get an answer, except to be put off, while somebody waits for one.
/// A proxy remembers for 10 s that there is no such link.
const PATIENCE: Duration = Duration::from_secs(30);

/// Room for one answer, many times over.
const BUFFER: usize = 64 * 1024;

/// Which answers are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// 302 to one of the link's targets.
    Target,
    /// The same, but 503 and 404 only mean that the client has to ask again: a link is looked up
    /// for the first time, and a busy Redis takes longer than the proxy waits. Then it asks the
    /// control plane, which knows nothing of links that were written into Redis alone.
    TargetAtLast,
    /// 302 to anywhere: the targets are being changed.
    Redirect,
}

/// What happened to one client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) client: usize,
    pub(super) asked: Asked,
    /// When the answer came.
    pub(super) at: Instant,
    /// The client has to ask again.
    pub(super) is_put_off: bool,
}

/// The clients.
pub(crate) struct Crowd<'l> {
    server: SocketAddr,
    links: &'l Links,
    head: Head,
    expect: Expect,
    connections: Vec<Connection>,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    request: Vec<u8>,
    buffer: Vec<u8>,
    /// When somebody got one, or nobody waited.
    last_answer: Instant,
    /// Connections that the server ended, politely.
    pub(super) reconnects: u64,
}

impl<'l> Crowd<'l> {
    /// Connects `count` clients.
    pub(crate) fn connect(
        server: SocketAddr,
        count: usize,
        links: &'l Links,
        head: Head,
        expect: Expect,
    ) -> anyhow::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let connection = Connection::open(server)?;
            watch(&epoll, index, &connection)?;
            connections.push(connection);
        }
        Ok(Self {
            server,
            links,
            head,
            expect,
            connections,
            epoll,
            events: Vec::with_capacity(count),
            request: Vec::with_capacity(1024),
            buffer: vec![0; BUFFER],
            last_answer: Instant::now(),
            reconnects: 0,
        })
    }

    /// How many clients.
    pub(super) fn size(&self) -> usize {
        self.connections.len()
    }

    /// The links that may be asked for.
    pub(super) fn links(&self) -> &'l Links {
        self.links
    }

    /// Lets one client, who waits for nothing, ask for a link.
    pub(super) fn ask(&mut self, client: usize, asked: Asked) -> anyhow::Result<()> {
        let code = &self.links.get(asked.link).code;
        self.head.write(&mut self.request, code);
        self.connections[client].send(&self.request, asked)
    }

    /// To be called when nobody was waiting for an answer: silence begins now.
    pub(super) fn begin(&mut self) {
        self.last_answer = Instant::now();
    }

    /// Waits for answers, at most for `limit`, and tells of each. Fails at the first wrong one.
    pub(super) fn wait(
        &mut self,
        limit: Duration,
        mut answered: impl FnMut(Answered),
    ) -> anyhow::Result<()> {
        let timeout = Timespec::try_from(limit).context("a wait too long")?;
        self.events.clear();
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            Some(&timeout),
        ) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("cannot wait for answers"),
        }
        let now = Instant::now();
        if now.duration_since(self.last_answer) > PATIENCE {
            bail!("nothing useful from {} for {PATIENCE:?}", self.server);
        }
        let (links, expect) = (self.links, self.expect);
        for event in self.events.drain(..) {
            let client = event.data.u64() as usize;
            let connection = &mut self.connections[client];
            let check = |asked: Asked, answer: &Answer<'_>| {
                let is_put_off =
                    expect == Expect::TargetAtLast && matches!(answer.status, 404 | 503);
                if !is_put_off {
                    check(links, expect, asked.link, answer)?;
                }
                Ok((asked, is_put_off, answer.closes))
            };
            let received = connection.receive(&mut self.buffer, check);
            let received = received.with_context(|| format!("client of {}", self.server))?;
            let Some((asked, is_put_off, closes)) = received else {
                continue;
            };
            if !is_put_off {
                self.last_answer = now;
            }
            if closes {
                // Dropping the old one takes it out of the watch.
                *connection = Connection::open(self.server)?;
                watch(&self.epoll, client, connection)?;
                self.reconnects += 1;
            }
            answered(Answered {
                client,
                asked,
                at: now,
                is_put_off,
            });
        }
        Ok(())
    }
}

fn watch(epoll: &OwnedFd, index: usize, connection: &Connection) -> anyhow::Result<()> {
    let data = epoll::EventData::new_u64(index as u64);
    epoll::add(epoll, &connection.stream, data, epoll::EventFlags::IN)?;
    Ok(())
}

fn check(links: &Links, expect: Expect, index: usize, answer: &Answer<'_>) -> anyhow::Result<()> {
    let link = links.get(index);
    let is_target = || {
        let mut targets = link.targets.iter();
        expect == Expect::Redirect || targets.any(|target| target.as_bytes() == answer.location)
    };
    if answer.status != 302 || !is_target() {
        bail!(
            "a wrong answer for {}: {} to {:?} instead of 302 to {:?}",
            link.code,
            answer.status,
            String::from_utf8_lossy(answer.location),
            link.targets
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::generator::{HeadKind, Order, Stop, Until};
    use crate::links::DOMAIN;
    use crate::variant::Variant;

    const CLOSING: &str = "Connection: close\r\n";

    /// A server that answers the nth request on each connection as `answer` says; `None` keeps
    /// the client waiting for a while, and answers rightly then.
    fn serve(
        links: &Links,
        answer: impl Fn(usize) -> Option<String> + Copy + Send + 'static,
    ) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let right = redirect(&links.get(0).targets[0], "");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, right) = (stream.unwrap(), right.clone());
                thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    for number in 0.. {
                        if !matches!(stream.read(&mut buffer), Ok(1..)) {
                            break;
                        }
                        let answer = answer(number).unwrap_or_else(|| {
                            thread::sleep(Duration::from_millis(300));
                            right.clone()
                        });
                        stream.write_all(answer.as_bytes()).unwrap();
                        if answer.contains(CLOSING) {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    fn redirect(target: &str, field: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\n{field}Content-Length: 0\r\n\r\n")
    }

    fn links() -> &'static Links {
        Box::leak(Box::new(Links::make(1, Variant::Plain, 1).unwrap()))
    }

    fn crowd(server: SocketAddr, links: &'static Links, expect: Expect) -> Crowd<'static> {
        let head = Head::new(HeadKind::Browser, DOMAIN);
        Crowd::connect(server, 2, links, head, expect).unwrap()
    }

    fn run(
        server: SocketAddr,
        links: &'static Links,
        expect: Expect,
    ) -> anyhow::Result<(u64, u64)> {
        let mut crowd = crowd(server, links, expect);
        let tally = crowd.run_closed(Order::random(1), Until::Asked(10))?;
        Ok((tally.answers, tally.reconnects))
    }

    #[test]
    fn right_answers_are_counted_also_over_connections_that_end() {
        let links = links();
        let target = links.get(0).targets[0].as_str();
        let stay = serve(links, move |_| Some(redirect(target, "")));
        assert_eq!(run(stay, links, Expect::Target).unwrap(), (10, 0));
        let close = serve(links, move |_| Some(redirect(target, CLOSING)));
        assert_eq!(run(close, links, Expect::Target).unwrap(), (10, 10));
    }

    #[test]
    fn one_wrong_answer_is_enough() {
        let links = links();
        let target = links.get(0).targets[0].as_str();
        let gone = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
        let elsewhere = redirect("https://elsewhere.example/", "");
        let elsewhere: &'static str = Box::leak(elsewhere.into());
        for wrong in [
            gone,
            elsewhere,
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        ] {
            let server = serve(links, move |number| match number {
                3 => Some(wrong.to_owned()),
                _ => Some(redirect(target, "")),
            });
            let error = run(server, links, Expect::Target).unwrap_err();
            assert!(format!("{error:#}").contains("a wrong answer"), "{error:#}");
        }
        let server = serve(links, move |_| Some(elsewhere.to_owned()));
        assert!(run(server, links, Expect::Redirect).is_ok());
    }

    #[test]
    fn who_is_put_off_asks_again_if_that_is_allowed() {
        let links = links();
        let target = links.get(0).targets[0].as_str();
        let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        let server = serve(links, move |number| match number {
            0 => Some(busy.to_owned()),
            _ => Some(redirect(target, "")),
        });
        let mut patient = crowd(server, links, Expect::TargetAtLast);
        let once = Order::Each(0..1);
        let tally = patient.run_closed(once, Until::Elapsed(Duration::MAX));
        assert_eq!(tally.unwrap().answers, 1);
        assert!(run(server, links, Expect::Target).is_err());
    }

    #[test]
    fn a_server_that_stops_for_a_moment_delays_all_who_come_meanwhile() {
        let links = links();
        let target = links.get(0).targets[0].as_str();
        let server = serve(links, move |number| match number {
            5 => None,
            _ => Some(redirect(target, "")),
        });
        let mut crowd = crowd(server, links, Expect::Target);
        let second = Stop::After(Duration::from_secs(1));
        let timed = crowd.run_open(1_000.0, second, 1).unwrap();
        // Two requests met the pause of 300 ms; some 250 more were due in its first 250 ms.
        let late = timed.latency.count_between(50_000_000, u64::MAX);
        assert!(late >= 100, "{late} of {}", timed.latency.len());
    }
}
