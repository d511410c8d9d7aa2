//! Waits until a server that was just started answers.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::folder::tail;
use crate::{Error, Result, TiedChild};

/// How long a start may take. Recovery after a crash is the slow case: it reads everything that
/// was written since the last checkpoint.
const LIMIT: Duration = Duration::from_secs(60);

/// The pause between two questions grows from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(200));

/// What a server said when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Ready,
    NotYet,
    WrongPassword,
}

/// The server that is being started.
pub(crate) struct Starting<'a> {
    pub(crate) server: &'static str,
    pub(crate) port: u16,
    pub(crate) log: &'a Path,
}

impl Starting<'_> {
    /// Asks until the answer is final.
    pub(crate) fn wait(&self, child: &mut TiedChild, ask: impl Fn() -> Answer) -> Result<()> {
        let started = Instant::now();
        let mut pause = PAUSE.0;
        loop {
            let answer = ask();
            // After the question: if ours has ended, it was somebody else who answered.
            let ended = child.try_wait().map_err(Error::io("watch a server"))?;
            if ended.is_some() {
                return Err(self.ended());
            }
            match answer {
                Answer::Ready => return Ok(()),
                Answer::WrongPassword => {
                    return Err(Error::WrongPassword {
                        server: self.server,
                    });
                }
                Answer::NotYet if started.elapsed() > LIMIT => return Err(self.silent()),
                Answer::NotYet => thread::sleep(pause),
            }
            pause = PAUSE.1.min(pause * 2);
        }
    }

    fn ended(&self) -> Error {
        let tail = tail(self.log);
        // Both servers quote the system's message for EADDRINUSE.
        if tail.contains("Address already in use") {
            return Error::PortTaken { port: self.port };
        }
        Error::EndedEarly {
            server: self.server,
            log: self.log.to_path_buf(),
            tail,
        }
    }

    fn silent(&self) -> Error {
        Error::Silent {
            server: self.server,
            limit: LIMIT,
            log: self.log.to_path_buf(),
            tail: tail(self.log),
        }
    }
}
