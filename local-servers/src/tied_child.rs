//! A running program that ends with us.

use std::io;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Between two looks at a child that is expected to end.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A program started by [`spawn_tied`](crate::spawn_tied). Dropping it kills the program.
#[derive(Debug)]
pub struct TiedChild {
    child: Child,
}

impl TiedChild {
    pub(crate) fn new(child: Child) -> TiedChild {
        TiedChild { child }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended; `None` while it runs.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until the program has ended.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Waits until the program has ended, at most for `limit`; `None` if it still runs then.
    pub fn wait_timeout(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let give_up = Instant::now() + limit;
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= give_up {
                return Ok(None);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Sends a signal. A program that has ended gets none: its number may belong to another.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if self.try_wait()?.is_some() {
            return Ok(());
        }
        kill_process(Pid::from_child(&self.child), signal)?;
        Ok(())
    }

    /// Sends each signal and gives the program that much time to end; kills it if none helped.
    pub fn stop(&mut self, steps: &[(Signal, Duration)]) -> io::Result<ExitStatus> {
        for (signal, patience) in steps {
            self.signal(*signal)?;
            if let Some(status) = self.wait_timeout(*patience)? {
                return Ok(status);
            }
        }
        self.child.kill()?;
        self.child.wait()
    }

    /// The writing end of the program's standard input, if it was piped and not taken yet.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The reading end of the program's standard output, if it was piped and not taken yet.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The reading end of the program's standard error, if it was piped and not taken yet.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }
}

impl Drop for TiedChild {
    fn drop(&mut self) {
        // Both fail only for a child that has been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
